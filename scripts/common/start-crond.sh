#!/usr/bin/env bash
# start-crond.sh CRONTAB: says when its jobs run, and runs crond with a copy of it. BusyBox ignores a crontab
# that isn't root's, which a clone's never is. Status 2: a line of it isn't what crond would run.
set -Eeuo pipefail
export LC_ALL=C.UTF-8

common=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$common/../settings.sh" # crond needs TZ, or it fires in UTC
. "$common/crontab.sh"

readonly CRONTAB=$1

# refuse COMPLAINT: one line. The container starts again and again, and its log has the line each time; the
# daily log has it once, until the crontab is changed.
refuse() {
    local line
    line=$CRONTAB:\ ${1:0:300}
    line=${line//[![:print:]]/ }
    if [[ $(logs_that_have ",$line") ]]; then
        printf '%s\n' "$line" >&2
    else
        "$common/daily_log.sh" "$line" >&2
    fi
    exit 2
}

logs_that_have() {
    "$common/as-owner-of.sh" "$LOGS_DIR" find "$LOGS_DIR" -maxdepth 1 -name '*.txt' -newer "$CRONTAB" \
        -exec grep --files-with-matches --fixed-strings -- "$1" {} + 2>/dev/null || true
}

# Without line ends of Windows and a byte order mark; a last line without an end would be lost.
copy_crontab() {
    local text
    [[ -f $CRONTAB ]] || refuse 'there is no such file'
    text=$("$common/as-owner-of.sh" "$CRONTAB" cat -- "$CRONTAB" 2>&1) || refuse "${text##*: }"
    text=${text//$'\r'/}
    printf '%s\n' "${text#$'\ufeff'}" >"$1"
}

say_next_start() {
    find_next "$EPOCHSECONDS" || return 1
    printf 'TZ %s, %(%H:%M)T now; next at %s: %s\n' "$TZ" "$EPOCHSECONDS" "$next" "$1"
}

crontabs=$(mktemp --directory)
copy_crontab "$crontabs/root"
each_job "$crontabs/root" say_next_start || refuse "$complaint"
! command -v python3 >/dev/null || python3 -m compileall -q "${common%/*}"
exec busybox crond -f -l 8 -c "$crontabs"
