#!/usr/bin/env bash
# Runs crond with the mounted crontab. BusyBox ignores one that isn't root's, which a clone's never is:
# it gets a copy.
set -euo pipefail

readonly SOURCE=/etc/crontab.mounted
readonly CRONTABS=/run/crontabs

. /scripts/settings.sh # crond needs TZ, or it fires in UTC

grep -qE '^[[:space:]]*[^#[:space:]]' "$SOURCE" || {
    printf 'dockerfiles/python/crontab has no job: nothing would ever be uploaded\n' >&2
    exit 2
}
mkdir -p "$CRONTABS"
# Line ends of a checkout on Windows, and a last line without an end, would lose a job.
{ tr -d '\r' <"$SOURCE" && printf '\n'; } >"$CRONTABS/root"
chmod 600 "$CRONTABS/root"
python3 -m compileall -q /scripts
exec busybox crond -f -l 8 -c "$CRONTABS"
