#!/usr/bin/env bash
# Dumps the database DB_NAME into DUMPS_DIR: a whole dump under its final name, or nothing. Or each of the
# databases DB_NAMES into a folder of its own.
# Exit status: 0 the dump is in the folder, 1 it failed (the daily log says why), 2 wrong settings.
#
# dump_one is the way of a dump; its steps are in the files that are sourced here. They share these
# descriptors; 4 to 7 have no name in any folder, so that a run that is killed leaves nothing behind:
#
#   3  in the dump's stream alone: where its last bytes are told
#   4  OUTPUT   what the last program printed; of a dump, its last bytes
#   5  ERRORS   what it complained of
#   6  CLIENT   the process number of mariadb-dump
#   7  WATCH    open as long as the dump's guards shall watch; this script's alone
#   8           the folder's lock; this script's alone, so that it ends with it
#   9           the dump in progress
set -Eeuo pipefail
set -m # what runs in the background is a job, so that one signal ends all of it

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$here/common/database_client.sh"
. "$here/common/rights.sh"
. "$here/dump/ending.sh"
. "$here/dump/guards.sh"
. "$here/dump/server.sh"
. "$here/dump/account.sh"
. "$here/dump/checks.sh"
. "$here/dump/views.sh"
. "$here/dump/stream.sh"
. "$here/dump/encryption.sh"
. "$here/dump/waiting.sh"
. "$here/dump/folder.sh"
. "$here/dump/pipelines.sh"

: "${DB_USER:=backup}" "${DB_PASSWORD_FILE:=/run/secrets/db_password}"
: "${DB_SILENCE_LIMIT:=600}" "${DUMP_COMPRESSION:=none}" "${KEEP_WAITING:=7}"
: "${DB_NAMES:=}" "${DB_EXCLUDE:=}" "${DUMP_TRIES:=1}" "${AGE_RECIPIENTS_FILE:=}"

check_settings() {
    local zone=$TZ
    is_zone "$zone" || { TZ=UTC && wrong_setting "TZ: there is no time zone '$zone'"; }
    check_client_settings DB_USER
    read_names
    [[ $DUMP_COMPRESSION =~ ^(none|zstd|gzip)$ ]] \
        || wrong_setting "DUMP_COMPRESSION: '$DUMP_COMPRESSION' is none of none, zstd, gzip"
    [[ $DB_SILENCE_LIMIT =~ ^[1-9][0-9]{0,5}$ ]] \
        || wrong_setting "DB_SILENCE_LIMIT: '$DB_SILENCE_LIMIT' is not a number of seconds from 1 to 999999"
    [[ $KEEP_WAITING =~ ^[1-9][0-9]{0,3}$ ]] \
        || wrong_setting "KEEP_WAITING: '$KEEP_WAITING' is not a number of dumps from 1 to 9999"
    [[ $DUMP_TRIES =~ ^[1-9][0-9]?$ ]] || wrong_setting "DUMP_TRIES: '$DUMP_TRIES' is not a number from 1 to 99"
    [[ -d $DUMPS_DIR ]] || wrong_setting "DUMPS_DIR: there is no folder '$DUMPS_DIR'"
    [[ -w $DUMPS_DIR && -x $DUMPS_DIR ]] \
        || wrong_setting "DUMPS_DIR: '$DUMPS_DIR' can't be written by user id $EUID: give the folder to that user"
}

# The C library takes an unknown zone for UTC without a word.
is_zone() {
    local file=/usr/share/zoneinfo/$1
    [[ $1 != *..* && -f $file && $(head -c 4 -- "$file") == TZif ]]
}

# become_owner: of the folder, where root runs this for somebody, who has to be able to read what runs.
become_owner() {
    local script=${BASH_SOURCE[0]} error
    error=$("$common/as-owner-of.sh" "$DUMPS_DIR" cat -- "$script" "$here"/{settings.sh,common/*,dump/*} \
        2>&1 >/dev/null) \
        || fail "$(head -n 1 <<<"$error"), to user id $(stat -L --format=%u -- "$DUMPS_DIR"), whose $DUMPS_DIR is \
and as whom root works there: let that user read $here, or chown 0 $DUMPS_DIR"
    exec "$common/as-owner-of.sh" "$DUMPS_DIR" bash "$script"
}

main() {
    [[ $EUID -ne 0 || -O $DUMPS_DIR || ! -d $DUMPS_DIR ]] || become_owner
    check_settings
    read_password DB_PASSWORD_FILE
    [[ -z $AGE_RECIPIENTS_FILE ]] || read_recipients
    end_on_signals
    open_work_files
    if [[ -n $DB_NAMES ]] || ((DUMP_TRIES > 1)); then
        dump_each
    else
        dump_one
    fi
}

dump_one() {
    wait_for_turn
    check_finished_name
    check_server
    [[ -n $LOGGED_AS ]] || { ask_for_databases && tell_of_others "$DB_NAME"; } || fail_as_said $?
    check_rights
    check_events
    check_views
    warn_of_no_table
    warn_of_tables_outside_the_snapshot
    sweep_dead_dumps
    open_partial_dump
    take_dump
    publish
    make_room
    trap - EXIT
    log "database dump completed${LOGGED_AS:+: $LOGGED_AS}"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    main
fi
