#!/usr/bin/env bash
# Dumps the database DB_NAME into DUMPS_DIR: a whole dump under its final name, or nothing.
# Exit status: 0 the dump is in the folder, 1 it failed (the daily log says why), 2 wrong settings.
set -Eeuo pipefail
set -m # the dump is a job of its own, so that one signal ends all of its processes

here=$(cd -- "${BASH_SOURCE[0]%/*}" && pwd)
. "$here/settings.sh"
: "${DB_HOST:=database}" "${DB_PORT:=3306}" "${DB_USER:=backup}" "${DB_NAME:=FACULDADE}"
: "${DB_PASSWORD_FILE:=/run/secrets/db_password}" "${DB_TLS:=auto}" "${DB_TLS_CA:=}"
: "${DUMP_COMPRESSION:=none}"

# Reading routines takes SHOW CREATE ROUTINE as well, or on servers before 11.3 SELECT on mysql.proc.
readonly RIGHTS=('SELECT' 'SHOW VIEW' 'TRIGGER' 'EVENT')
readonly PARTIAL_DUMPS=$DUMPS_DIR/.database_dump.

password='' # read once, before anything else
partial=''  # the dump in progress, while there is one
work=''     # a private folder for what the clients say

log() {
    "$here/daily_log.sh" "$1"
}

wrong_setting() {
    log "$1" >&2
    exit 2
}

# fail REASON: the way out of a failed dump, with the folder as it was.
fail() {
    trap - EXIT
    clean_up
    log "database dump failed: $(one_line "$1")"
    exit 1
}

# fail_as_client_said STATUS: with what the programs of the last step wrote to standard error.
fail_as_client_said() {
    local said
    said=$(<"$work/errors")
    fail "${said:-ended with status $1 and no word}"
}

clean_up() {
    local job
    job=$(jobs -p)
    if [[ -n $job ]]; then
        kill -- "-$job" 2>/dev/null || true
        wait
    fi
    [[ -z $partial ]] || rm -f -- "$partial"
    [[ -z $work ]] || rm -rf -- "$work"
}

one_line() {
    local text=${1%"${1##*[![:space:]]}"}
    printf '%s' "${text//$'\n'/; }"
}

suffix() {
    case $DUMP_COMPRESSION in
        none) ;;
        zstd) printf .zst ;;
        gzip) printf .gz ;;
    esac
}

compress() {
    case $DUMP_COMPRESSION in
        none) cat ;;
        # One thread for each core would take 315 MB on 64 of them, and starve the database.
        zstd) zstd -q -T"$(zstd_threads)" ;;
        gzip) gzip ;;
    esac
}

zstd_threads() {
    local cores
    cores=$(nproc)
    printf '%d' "$((cores < 2 ? 2 : cores > 4 ? 4 : cores))"
}

check_settings() {
    local zone=$TZ
    [[ -e /usr/share/zoneinfo/$zone ]] || { TZ=UTC && wrong_setting "TZ: there is no time zone '$zone'"; }
    [[ $DB_PORT =~ ^[0-9]{1,5}$ ]] || wrong_setting "DB_PORT: '$DB_PORT' is not a port number"
    [[ $DUMP_COMPRESSION =~ ^(none|zstd|gzip)$ ]] \
        || wrong_setting "DUMP_COMPRESSION: '$DUMP_COMPRESSION' is none of none, zstd, gzip"
    [[ $DB_TLS =~ ^(auto|off|verify)$ ]] || wrong_setting "DB_TLS: '$DB_TLS' is none of auto, off, verify"
    [[ $DB_TLS != verify || (-f $DB_TLS_CA && -r $DB_TLS_CA) ]] \
        || wrong_setting "DB_TLS_CA: DB_TLS=verify needs a CA file, and '$DB_TLS_CA' can't be read"
    [[ -d $DUMPS_DIR ]] || wrong_setting "DUMPS_DIR: there is no folder '$DUMPS_DIR'"
    [[ -w $DUMPS_DIR && -x $DUMPS_DIR ]] \
        || wrong_setting "DUMPS_DIR: '$DUMPS_DIR' can't be written by user id $EUID: give the folder to that user"
}

read_password() {
    [[ -e $DB_PASSWORD_FILE && ! -d $DB_PASSWORD_FILE ]] \
        || wrong_setting "DB_PASSWORD_FILE: there is no file '$DB_PASSWORD_FILE'"
    # Root in a container may be unable to read what is somebody's own; that somebody isn't.
    password=$("$here/as-owner-of.sh" "$DB_PASSWORD_FILE" cat -- "$DB_PASSWORD_FILE" 2>/dev/null) \
        || wrong_setting "DB_PASSWORD_FILE: '$DB_PASSWORD_FILE' can't be read by user id $EUID"
    password=${password%%[$'\r\n']*}
}

option_value() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# An option file for the clients, read from a pipe: the password is in no argument and on no disk.
client_options() {
    printf '[client]\nprotocol=tcp\ndefault-character-set=utf8mb4\nport=%s\n' "$DB_PORT"
    printf '%s=%s\n' host "$(option_value "$DB_HOST")" user "$(option_value "$DB_USER")" \
        password "$(option_value "$password")"
    case $DB_TLS in
        auto) ;;
        off) printf 'skip-ssl\n' ;;
        verify) printf 'ssl-verify-server-cert\nssl-ca=%s\n' "$(option_value "$DB_TLS_CA")" ;;
    esac
}

# query SQL: its rows, unadorned; what the client complains of goes to the file of errors.
query() {
    mariadb --defaults-file=<(client_options) --connect-timeout=20 --batch --raw --skip-column-names \
        --execute="$1" -- "$DB_NAME" \
        2>"$work/errors"
}

# version_at_least MAJOR.MINOR
version_at_least() {
    printf '%s\n%s\n' "$1" "$server_version" | sort --check=quiet --version-sort
}

check_server() {
    server_version=$(query 'SELECT VERSION()') || fail_as_client_said $?
    [[ $server_version == *MariaDB* ]] \
        || fail "the server is not MariaDB but $server_version: mariadb-dump's dump of it may not load anywhere"
}

# Without a right, mariadb-dump leaves out what it can't see, and still ends well.
check_rights() {
    local right grants list missing=()
    grants=$(query 'SHOW GRANTS') || fail_as_client_said $?
    for right in "${RIGHTS[@]}"; do
        holds_right "$right" <<<"$grants" || missing+=("$right on $DB_NAME")
    done
    if version_at_least 11.3; then
        holds_right 'SHOW CREATE ROUTINE' <<<"$grants" || missing+=("SHOW CREATE ROUTINE on $DB_NAME")
    else
        query 'SELECT 1 FROM mysql.proc LIMIT 0' || missing+=('SELECT on mysql.proc')
    fi
    if ((${#missing[@]})); then
        printf -v list '%s, ' "${missing[@]}"
        fail "the account $DB_USER may not see the whole database: it lacks ${list%, }"
    fi
}

# holds_right RIGHT, from the output of SHOW GRANTS: on the whole database, or on all of them.
# For one grantee (the account, each of its roles) the server uses only its most specific entry that
# fits the database, and lists that first.
holds_right() {
    local line rights scope grantee decided=' '
    while IFS= read -r line; do
        [[ $line =~ ^GRANT\ (.+)\ ON\ (.+)\.\*\ TO\ ([^ ]+) ]] || continue
        rights=", ${BASH_REMATCH[1]}," scope=${BASH_REMATCH[2]} grantee=${BASH_REMATCH[3]}
        if [[ $scope != '*' ]]; then
            if [[ $decided == *" $grantee "* ]] || ! scope_covers "$scope"; then
                continue
            fi
            decided+="$grantee "
        fi
        [[ $rights != *", $1,"* && $rights != ', ALL PRIVILEGES,' ]] || return 0
    done
    return 1
}

# scope_covers SCOPE: whether a grant's quoted pattern (% any text, _ any character, \ takes that
# meaning away) fits DB_NAME.
scope_covers() {
    local pattern=${1#\`}
    pattern=${pattern%\`}
    # shellcheck disable=SC2016 # backquotes of SQL
    pattern=$(sed -e 's/``/`/g' -e 's/\\_/\x01/g' -e 's/\\%/\x02/g' -e 's/[][*?\\]/\\&/g' \
        -e 's/_/?/g' -e 's/%/*/g' -e 's/\x01/_/g' -e 's/\x02/%/g' <<<"$pattern")
    # shellcheck disable=SC2053 # a pattern is what it is
    [[ $DB_NAME == $pattern ]]
}

# A snapshot covers transactional tables only; the others may change while they are dumped.
warn_of_tables_outside_the_snapshot() {
    local tables
    tables=$(query "SELECT CONCAT(t.TABLE_NAME, ' (', t.ENGINE, ')') FROM information_schema.TABLES t
        JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
        WHERE t.TABLE_SCHEMA = DATABASE() AND e.TRANSACTIONS <> 'YES'") || fail_as_client_said $?
    [[ -z $tables ]] || printf 'warning: not covered by the consistent snapshot: %s\n' "$(one_line "$tables")" >&2
}

# What a run that was killed left: its lock is gone with it. Process numbers mean nothing across containers.
sweep_dead_dumps() {
    local file
    for file in "$PARTIAL_DUMPS"*; do
        if [[ -f $file ]]; then
            flock --nonblock "$file" rm -f -- "$file" || true
        fi
    done
}

# open_partial_dump: a new file that is locked as long as any process of this dump lives (descriptor 9).
open_partial_dump() {
    local file
    while true; do
        file=$(mktemp "${PARTIAL_DUMPS}XXXXXX" 2>&1) || fail "$file"
        partial=$file
        exec 9<>"$partial"
        flock --nonblock 9
        # A sweep that ran just before the lock may have taken the file for a dead one's.
        [[ ! $partial -ef /dev/fd/9 ]] || return 0
    done
}

dump_options() {
    local options=(--single-transaction --routines --events --triggers --hex-blob --no-tablespaces
        --max-allowed-packet=1G)
    if version_at_least 10.11 && [[ $(mariadb-dump --no-defaults --help) == *--dump-history* ]]; then
        options+=(--dump-history)
    fi
    printf '%s\n' "${options[@]}"
}

# write_dump OPTION...: the dump into the partial file; mariadb-dump's own last line to standard output.
write_dump() {
    {
        mariadb-dump --defaults-file=<(client_options) "$@" -- "$DB_NAME" \
            | tee /dev/fd/3 \
            | compress >"$partial"
    } 3>&1 | tail -n 1
}

take_dump() {
    local started options
    mapfile -t options < <(dump_options)
    started=$(date +%s.%N)
    write_dump "${options[@]}" >"$work/last_line" 2>"$work/errors" </dev/null &
    wait $! || fail_as_client_said $?
    [[ $(<"$work/last_line") == '-- Dump completed'* ]] || fail 'mariadb-dump ended without its last line'
    touch --date="@$started" -- "$partial"
}

# Its own bytes are on disk before the name, the name before the log says so.
publish() {
    local finished error
    finished=$DUMPS_DIR/datadump.sql$(suffix)
    if [[ $finished -nt $partial ]]; then
        printf 'a dump with a later snapshot is waiting already: this one is dropped\n' >&2
        rm -f -- "$partial"
    else
        error=$({ sync "$partial" && mv -fT -- "$partial" "$finished" && sync "$DUMPS_DIR"; } 2>&1) || fail "$error"
    fi
    partial=''
}

end_on_signals() {
    local signal
    for signal in HUP INT TERM; do
        # shellcheck disable=SC2064 # the name of the signal is meant to be filled in now
        trap "fail 'stopped by SIG$signal'" "$signal"
    done
    trap 'fail "unexpected end, status $?"' EXIT
}

make_work_folder() {
    local folder
    folder=$(mktemp -d 2>&1) || fail "$folder"
    work=$folder
}

main() {
    [[ $EUID -ne 0 || -O $DUMPS_DIR || ! -d $DUMPS_DIR ]] \
        || exec "$here/as-owner-of.sh" "$DUMPS_DIR" bash "${BASH_SOURCE[0]}"
    check_settings
    read_password
    end_on_signals
    make_work_folder
    check_server
    check_rights
    warn_of_tables_outside_the_snapshot
    sweep_dead_dumps
    open_partial_dump
    take_dump
    publish
    trap - EXIT
    clean_up
    log 'database dump completed'
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    main
fi
