#!/usr/bin/env bash
# Runs crond with the mounted crontab. BusyBox ignores one that isn't root's, which a clone's never is:
# it gets a copy.
set -euo pipefail

readonly SOURCE=/etc/crontab.mounted
readonly CRONTABS=/run/crontabs

. /scripts/settings.sh # crond needs TZ, or it fires in UTC

stop() {
    printf '%s: %s\n' "${CRONTAB:-dockerfiles/python/crontab}" "$1" >&2
    exit 2
}

# BusyBox passes over a line it doesn't understand without a word, and nothing would be uploaded.
check_crontab() {
    local line words word jobs=0
    [[ -f $SOURCE ]] || stop 'not a file'
    while IFS= read -r line || [[ $line ]]; do
        read -ra words <<<"$line"
        if ((${#words[@]} == 0)) || [[ ${words[0]} == '#'* ]]; then
            continue
        fi
        ((${#words[@]} >= 6)) || stop "not five times and a command: $line"
        for word in "${words[@]:0:5}"; do
            [[ $word =~ ^([*0-9,/-]|[A-Za-z]{3}([,-]|$))+$ ]] || stop "'$word' is no time: $line"
        done
        jobs=$((jobs + 1))
    done <"$SOURCE"
    ((jobs)) || stop 'it has no job, so nothing would ever be uploaded'
}

check_crontab
mkdir -p "$CRONTABS"
# Line ends of a checkout on Windows, and a last line without an end, would lose a job.
{ tr -d '\r' <"$SOURCE" && printf '\n'; } >"$CRONTABS/root"
chmod 600 "$CRONTABS/root"
python3 -m compileall -q /scripts
exec busybox crond -f -l 8 -c "$CRONTABS"
