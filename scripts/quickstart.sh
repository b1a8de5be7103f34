#!/usr/bin/env bash
# From a bare Debian 12 or 13 machine to the database in a bucket: installs what is missing, starts the
# stack, waits for a dump to arrive, and shows it. Safe to run again: what is there stays, and one more
# dump is taken.
set -Eeuo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$here/setup/provision.sh"

readonly PATIENCE=600 # seconds from the finished dump to its object; the default cron takes 60

announce() {
    say 'this installs Docker Engine with Compose where they are missing, and starts it;'
    say 'then it starts the stack of docker-compose.yml and waits until a dump is in the bucket'
}

start_stack() {
    say 'building the images and starting the stack'
    started=$(date --iso-8601=seconds)
    docker compose build --quiet
    docker compose up --detach --quiet-pull
}

# Nothing that waits or is on its way: a dump, or one that the uploader has taken.
uploaded() {
    [[ $(docker compose logs --no-log-prefix --since "$started" send-to-s3) == *'file successfully uploaded'* &&
    -z $(docker compose exec -T send-to-s3 find /dumps -name 'datadump.sql*' -o -name '.send-to-s3.[0-9a-f]*') ]]
}

# What the two containers say is the progress to watch.
wait_for_upload() {
    say 'taking a dump; at its next minute, cron sends it'
    docker compose logs --follow --since "$started" dump send-to-s3 2>/dev/null &
    trap 'kill %% 2>/dev/null || true' EXIT
    [[ $(docker wait "$(docker compose ps --all --quiet dump)") == 0 ]] || die 'the dump failed, the line above says why'
    wait_until "$PATIENCE" uploaded || die "the dump did not arrive in $PATIENCE s, the lines above say why"
}

show_result() {
    say "the day's log:"
    # shellcheck disable=SC2016 # expands in the container, where TZ is the pipeline's
    docker compose exec -T send-to-s3 bash -c '. /scripts/settings.sh && cat "$LOGS_DIR/$(date +%F).txt"'
    say 'the backups in the bucket, the newest first:'
    docker compose exec -T send-to-s3 python3 /scripts/restore-from-s3.py --list
    say 'whether all is well, which from now on is looked at every five minutes:'
    docker compose exec -T watch python3 /scripts/watch.py || true # it has said so
    say "the same as a page: http://$(docker compose port status 8080)/"
}

main() {
    cd -- "$here/.."
    announce
    provision
    start_stack
    wait_for_upload
    show_result
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    main
fi
