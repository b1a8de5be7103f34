#!/usr/bin/env bash
# Dumps the database DB_NAME into DUMPS_DIR: a whole dump under its final name, or nothing.
# Exit status: 0 the dump is in the folder, 1 it failed (the daily log says why), 2 wrong settings.
set -Eeuo pipefail
set -m                # what runs in the background is a job, so that one signal ends all of it
export LC_ALL=C.UTF-8 # names and patterns are compared by characters

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$here/common/database_client.sh"
: "${DB_USER:=backup}" "${DB_PASSWORD_FILE:=/run/secrets/db_password}"
: "${DB_SILENCE_LIMIT:=600}" "${DUMP_COMPRESSION:=none}"

readonly PARTIAL_DUMPS=$DUMPS_DIR/.database_dump. LOCK=$DUMPS_DIR/.database_dump_lock
# Files of this run alone: output and errors of the program that runs, mariadb-dump's process number.
readonly OUTPUT=/dev/fd/4 ERRORS=/dev/fd/5 CLIENT=/dev/fd/6 NOW=/dev/fd/7

server_version='' # as the server tells it
fold_case=0       # 1 where names of databases are the same in any case
charset=''        # the database's own
collation=''      # the database's own
options=()        # of mariadb-dump, beside those of mariadb-dump.cnf
partial=''        # the dump in progress, while there is one
waited=''         # which dump had the final name when this one began

# fail REASON: the way out of a failed dump, with the folder as it was.
fail() {
    trap '' HUP INT TERM # one failure, one line
    trap - EXIT
    clean_up
    log "database dump failed: $(one_line "$1")"
    exit 1
}

clean_up() {
    local job
    for job in $(jobs -p); do
        end_job "$job"
    done
    [[ -z $partial ]] || rm -f -- "$partial"
}

# end_job JOB: a job that has just begun would miss a gentler signal; none of them has anything to save.
end_job() {
    { kill -KILL -- "-$1" && wait "$1"; } 2>/dev/null || true
}

# one_line TEXT: cut to what can be logged. What can't be printed could move a terminal's cursor, or more.
one_line() {
    local text=${1:0:LONGEST_ARGUMENT}
    text=${text#"${text%%[![:space:]]*}"}
    text=${text%"${text##*[![:space:]]}"}
    text=${text//$'\n'/; }
    printf '%s' "${text//[![:print:]]/ }"
}

# run COMMAND...: as a job, so that a signal is heard at once. What it prints goes to OUTPUT, what
# it complains of to ERRORS. The clients know no limit of their own to a server's silence.
run() {
    local job silence ended='' status=0
    "$@" >"$OUTPUT" 2>"$ERRORS" </dev/null &
    job=$!
    wait_for_silence >/dev/null 2>&1 9>&- &
    silence=$!
    wait -n -p ended "$job" "$silence" || status=$?
    [[ $ended == "$job" ]] || fail "the server sent nothing for $DB_SILENCE_LIMIT seconds (DB_SILENCE_LIMIT)"
    end_job "$silence"
    return "$status"
}

# wait_for_silence: ends when two looks, DB_SILENCE_LIMIT seconds apart, find the same.
wait_for_silence() {
    local before now=''
    while sleep "$DB_SILENCE_LIMIT"; do
        before=$now
        now=$(progress)
        [[ $now != "$before" ]] || break
    done
}

# progress: a text that changes as the dump goes on, and stays empty during a query. What mariadb-dump
# prints doesn't tell, since it keeps a row until it has all of it; nor does /proc/PID/io, which doesn't
# count what comes by recv. But a byte that it had to wait for wakes it, and that is counted. Once it
# has ended, the file still grows.
progress() {
    if [[ -s $CLIENT ]]; then
        grep ctxt_switches "/proc/$(<"$CLIENT")/status" || true
        stat --format=%s -- "$partial" || true
    fi
}

# fail_as_said STATUS: with the complaint of the program that ran last.
fail_as_said() {
    local said
    said=$(<"$ERRORS")
    (($1 <= 128)) || said="a program of the dump was killed by SIG$(kill -l "$1")"
    fail "${said:-a program of the dump ended with status $1 and no word}"
}

check_settings() {
    local zone=$TZ
    is_zone "$zone" || { TZ=UTC && wrong_setting "TZ: there is no time zone '$zone'"; }
    check_client_settings DB_USER
    [[ $DUMP_COMPRESSION =~ ^(none|zstd|gzip)$ ]] \
        || wrong_setting "DUMP_COMPRESSION: '$DUMP_COMPRESSION' is none of none, zstd, gzip"
    [[ $DB_SILENCE_LIMIT =~ ^[1-9][0-9]{0,5}$ ]] \
        || wrong_setting "DB_SILENCE_LIMIT: '$DB_SILENCE_LIMIT' is not a number of seconds from 1 to 999999"
    [[ -d $DUMPS_DIR ]] || wrong_setting "DUMPS_DIR: there is no folder '$DUMPS_DIR'"
    [[ -w $DUMPS_DIR && -x $DUMPS_DIR ]] \
        || wrong_setting "DUMPS_DIR: '$DUMPS_DIR' can't be written by user id $EUID: give the folder to that user"
}

# The C library takes an unknown zone for UTC without a word.
is_zone() {
    local file=/usr/share/zoneinfo/$1
    [[ $1 != *..* && -f $file && $(head -c 4 -- "$file") == TZif ]]
}

# query SQL: its rows, unadorned, are then in OUTPUT. The server's own SQL mode would change
# the quotes that it answers with.
query() {
    run mariadb --defaults-file=<(client_options DB_USER) --local-infile=0 --connect-timeout=20 \
        --init-command="SET sql_mode = ''" --batch --raw --skip-column-names --execute="$1" -- "$DB_NAME"
}

check_server() {
    query 'SELECT VERSION(), @@lower_case_table_names <> 0, @@character_set_database, @@collation_database' \
        || fail_as_said $?
    IFS=$'\t' read -r server_version fold_case charset collation <"$OUTPUT"
    [[ $server_version == *MariaDB* ]] \
        || fail "the server is not MariaDB but $server_version: mariadb-dump's dump of it may not load anywhere"
    require_answer @@lower_case_table_names '^[01]$' "$fold_case"
    require_answer @@character_set_database '^[A-Za-z0-9_]+$' "$charset"
    require_answer @@collation_database '^[A-Za-z0-9_]+$' "$collation"
}

# require_answer WHAT PATTERN ANSWER: what a sum of the shell would evaluate, or a dump would run as
# SQL, is nothing else than the server may say there.
require_answer() {
    [[ $3 =~ $2 ]] || fail "the server says $1 is '$3', which can't be: is it MariaDB, and yours?"
}

# version_at_least MAJOR.MINOR
version_at_least() {
    printf '%s\n%s\n' "$1" "$server_version" | sort --check=quiet --version-sort
}

# Without a right, mariadb-dump leaves out what it can't see, and still ends well.
check_rights() {
    local right rights missing=''
    query 'SHOW GRANTS' || fail_as_said $?
    rights=$(rights_in_force <"$OUTPUT")
    for right in 'SELECT' 'SHOW VIEW' 'TRIGGER' 'EVENT'; do
        [[ $rights == *", $right,"* || $rights == *', ALL PRIVILEGES,'* ]] || missing+=", $right on $DB_NAME"
    done
    may_read_routines "$rights" || missing+=", SHOW CREATE ROUTINE on $DB_NAME (before MariaDB 11.3: SELECT on mysql.proc)"
    [[ -z $missing ]] || fail "the account $DB_USER may not see the whole database: it lacks ${missing#, }"
}

# may_read_routines RIGHTS: their bodies, whoever defined them.
may_read_routines() {
    [[ $1 == *', SHOW CREATE ROUTINE,'* ]] && return
    [[ $1 == *', ALL PRIVILEGES,'* ]] && version_at_least 11.3 && return
    query 'SELECT 1 FROM mysql.proc LIMIT 0'
}

# rights_in_force, from the output of SHOW GRANTS: the account's rights on the whole database, as
# ", RIGHT, RIGHT,". The global ones count; of the entries for databases, the server takes the one
# whose pattern is the most specific that fits: one for the account, one for its roles together.
rights_in_force() {
    local line rights scope who rank global=''
    local -A best=([account]=-1 [roles]=-1) held=([account]='' [roles]='')
    while IFS= read -r line; do
        [[ $line =~ ^GRANT\ (.+)\ ON\ (.+)\.\*\ TO\ ([^ ]+) ]] || continue
        rights=", ${BASH_REMATCH[1]}" scope=${BASH_REMATCH[2]} who=roles
        [[ ${BASH_REMATCH[3]} != *@* ]] || who=account
        if [[ $scope == '*' ]]; then
            global+=$rights
            continue
        fi
        rank=$(rank_of "$scope")
        if ((rank > best[$who])); then
            best[$who]=$rank held[$who]=''
        fi
        ((rank < best[$who] || rank < 0)) || held[$who]+=$rights
    done
    printf '%s,' "$global${held[account]}${held[roles]}"
}

# rank_of SCOPE: how specific a grant's quoted pattern is, by the length of what stands before its
# first wildcard (% any text, _ any character, a backslash takes that meaning away); -1 where it
# doesn't fit DB_NAME.
rank_of() {
    local pattern regex literal
    ((! fold_case)) || shopt -s nocasematch
    # shellcheck disable=SC2016 # backquotes of SQL
    pattern=$(sed -e 's/^`//; s/`$//; s/``/`/g; s/\\_/\x01/g; s/\\%/\x02/g; s/\\\\/\\/g' <<<"$1")
    literal=${pattern%%[_%]*}
    regex=$(sed -e 's/[].[*^$+?(){}|\\]/\\&/g; s/_/./g; s/%/.*/g; s/\x01/_/g; s/\x02/%/g' <<<"$pattern")
    if [[ ! $DB_NAME =~ ^$regex$ ]]; then
        printf '%d' -1
    elif [[ $literal == "$pattern" ]]; then
        printf '%d' 1000
    else
        printf '%d' "${#literal}"
    fi
}

# mariadb-dump looks for a delimiter that isn't in an event's text, and where ;; is, it never ends.
check_events() {
    query "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()
        AND CONCAT_WS(' ', EVENT_NAME, DEFINER, EVENT_DEFINITION, EVENT_COMMENT) LIKE '%;;%'" || fail_as_said $?
    [[ ! -s $OUTPUT ]] \
        || fail "mariadb-dump never ends on an event with ;; in its text: $(one_line "$(<"$OUTPUT")")"
}

# A snapshot covers transactional tables only; the others may change while they are dumped.
warn_of_tables_outside_the_snapshot() {
    query "SELECT CONCAT(t.TABLE_NAME, ' (', t.ENGINE, ')') FROM information_schema.TABLES t
        JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
        WHERE t.TABLE_SCHEMA = DATABASE() AND e.TRANSACTIONS <> 'YES'" || fail_as_said $?
    warn 'not covered by the consistent snapshot'
}

# The history of a table whose versions are transactions can't be dumped, and mariadb-dump then
# refuses all history.
history_can_be_dumped() {
    version_at_least 10.11 || return
    query "SELECT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
        AND GENERATION_EXPRESSION = 'ROW START' AND DATA_TYPE = 'bigint'" || fail_as_said $?
    [[ -s $OUTPUT ]] || return 0
    warn 'no history of any table is dumped, since this one has transaction-precise history'
    return 1
}

# warn TEXT: of the rows of the last query, if there are any.
warn() {
    [[ ! -s $OUTPUT ]] || printf 'warning: %s: %s\n' "$1" "$(one_line "$(<"$OUTPUT")")" >&2
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
# Somebody may remove it: by its name, the dump would then go on into another file, or publish none.
open_partial_dump() {
    local file
    while true; do
        file=$(mktemp "${PARTIAL_DUMPS}XXXXXX" 2>&1) || fail "$file"
        partial=$file
        exec 9<>"$partial"
        flock 9
        # A sweep that ran just before the lock may have taken the file for a dead one's.
        [[ ! $partial -ef /dev/fd/9 ]] || return 0
    done
}

suffix() {
    case $DUMP_COMPRESSION in
        none) ;;
        zstd) printf .zst ;;
        gzip) printf .gz ;;
    esac
}

finished_dump() {
    printf '%s' "$DUMPS_DIR/datadump.sql$(suffix)"
}

# identity FILE: stays the same when it is renamed; empty where there is none.
identity() {
    stat --format='%i %.Y' -- "$1" 2>/dev/null || true
}

# add_collation: what comes in, with one line more. The dump of one database is silent about its
# collation; routines, and tables made later, take theirs from it. The first line stays the first:
# clients that don't know it want it removed.
add_collation() {
    local first=''
    IFS= read -r first || true
    printf '%s\nALTER DATABASE CHARACTER SET %s COLLATE %s;\n' "$first" "$charset" "$collation"
    pass_on
}

# pass_on: what comes in, and its end to descriptor 3. tee and tail would do it at three times the cost,
# since they move 8 KiB at a time.
pass_on() {
    # shellcheck disable=SC2016 # variables of Perl, which comes with the client
    exec perl -e '
        my ($block, $end, $size, $written) = ("", "");
        while ($size = sysread STDIN, $block, 128 * 1024) {
            for (my $at = 0; $at < $size; $at += $written) {
                $written = syswrite STDOUT, $block, $size - $at, $at or die "$!\n";
            }
            $end = substr $end . substr($block, -200), -200;
        }
        die "$!\n" unless defined $size;
        open my $told, ">&=3" or die "$!\n";
        print $told $end;'
}

# dump_sql: to standard output. mariadb-dump itself would write 4 KiB at a time.
dump_sql() {
    {
        printf '%d' "$BASHPID" >"$CLIENT"
        exec stdbuf --output=64K mariadb-dump --defaults-file=<(client_options DB_USER) "${options[@]}" -- "$DB_NAME"
    } | add_collation
}

# dump_compressed: the same. The compressors leave the cores to the database and its client.
dump_compressed() {
    case $DUMP_COMPRESSION in
        none) dump_sql ;;
        # Level 3, the default, takes a third more time and saves 2 %. Two threads are as many as one
        # dump can feed.
        zstd) dump_sql | nice zstd -q -1 -T2 ;;
        gzip) dump_sql | nice gzip ;;
    esac
}

# write_back: passes on what comes in, once that has ended. Until then the partial file is written to
# the disk each second: the system would wait, and leave all of it to the end. It tells an error of the
# disk to one sync only, so any ends the dump.
write_back() {
    local text='' all='' status=0
    until ((status == 1)); do # read's at the end; it is over 128 when the second is over
        if ((status > 128)) && ! sync --data /dev/fd/9; then
            kill -s PIPE -- "$(<"$CLIENT")" # as if nobody read it any more: the shell says nothing of that
            return 1
        fi
        status=0
        IFS= read -r -d '' -t 1 text || status=$?
        all+=$text
    done
    printf '%s' "$all"
}

# write_dump: the dump goes into the partial file, its end to standard output.
write_dump() {
    { dump_compressed >&9; } 3>&1 | write_back
}

take_dump() {
    local started last_line
    if history_can_be_dumped; then
        options=(--dump-history)
    fi
    waited=$(identity "$(finished_dump)")
    started=$(date +%s.%N)
    run write_dump || fail_as_said $?
    last_line=$(<"$OUTPUT")
    [[ ${last_line##*$'\n'} == '-- Dump completed'* ]] || fail 'mariadb-dump ended without its last line'
    touch --date="@$started" /dev/fd/9
}

# later_dump_waits: under the final name. What was there when this dump began isn't later, nor is what
# is of the future, whatever a clock that was set back makes of their times.
later_dump_waits() {
    local finished
    finished=$(finished_dump)
    touch "$NOW"
    [[ $finished -nt $partial && ! $finished -nt $NOW && $(identity "$finished") != "$waited" ]]
}

# open_lock: descriptor 8, of a file that nobody else can open: whoever can, may hold its lock for ever.
# It stays, since two dumps would lock two files otherwise.
open_lock() {
    local error=''
    if [[ ! -e $LOCK && ! -L $LOCK ]]; then
        error=$({ umask 077 && set -o noclobber && : >"$LOCK"; } 2>&1) || true # another dump may be faster
    fi
    lock_is_own || fail "${error:-$LOCK is no file of user id $EUID: see whose it is, and remove it}"
    exec 8<>"$LOCK"
    lock_is_own && [[ $LOCK -ef /dev/fd/8 ]] || fail "$LOCK is another file than a moment ago"
}

# lock_is_own: and no link, which might lead to a file that others can open.
lock_is_own() {
    [[ -f $LOCK && -O $LOCK && ! -L $LOCK ]]
}

# Its own bytes are on disk before the name, the name before the log says so.
publish() {
    local error
    error=$(sync /dev/fd/9 2>&1) || fail "$error"
    trap '' HUP INT TERM # from here on it is one or the other, not both
    open_lock
    flock 8 # two dumps that end at once take turns to compare and rename
    [[ $partial -ef /dev/fd/9 ]] || fail 'the dump in progress was removed'
    if later_dump_waits; then
        printf 'a dump with a later snapshot is waiting already: this one is dropped\n' >&2
    else
        error=$(mv -fT -- "$partial" "$(finished_dump)" 2>&1) || fail "$error"
        partial=''
        sync "$DUMPS_DIR" || true
    fi
}

end_on_signals() {
    local signal
    for signal in HUP INT TERM; do
        # shellcheck disable=SC2064 # the name of the signal is meant to be filled in now
        trap "fail 'stopped by SIG$signal'" "$signal"
    done
    trap 'fail "unexpected end, status $?"' EXIT
}

# open_work_files: they lose their names at once, so that a run that is killed leaves nothing behind.
open_work_files() {
    local folder
    folder=$(mktemp -d 2>&1) || fail "$folder"
    exec 4<>"$folder/output" 5<>"$folder/errors" 6<>"$folder/client" 7<>"$folder/now"
    rm -r -- "$folder"
}

main() {
    [[ $EUID -ne 0 || -O $DUMPS_DIR || ! -d $DUMPS_DIR ]] \
        || exec "$common/as-owner-of.sh" "$DUMPS_DIR" bash "${BASH_SOURCE[0]}"
    check_settings
    read_password DB_PASSWORD_FILE
    end_on_signals
    open_work_files
    check_server
    check_rights
    check_events
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
