# shellcheck shell=bash
# Sourced: how a dump ends that can't be taken. One line of the log has the reason, and the folder is
# as it was.

: "${LOGGED_AS:=}"  # what the log calls this dump, where a run of several has started it
owed=("$LOGGED_AS") # what it calls the dumps that aren't done yet

end_on_signals() {
    local signal
    for signal in HUP INT TERM; do
        # shellcheck disable=SC2064 # the name of the signal is meant to be filled in now
        trap "fail 'stopped by SIG$signal'" "$signal"
    done
    trap 'fail "unexpected end, status $?"' EXIT
}

# fail REASON: ends the script, status 1.
fail() {
    local job reason
    trap '' HUP INT TERM # one failure, one line
    trap - EXIT
    for job in $(jobs -p); do
        end_job "$job"
    done
    reason=$(in_words "$1")
    remove_partial_dump
    log_failure "$reason"
    exit 1
}

# in_words SAID: for a line of the log.
in_words() {
    one_line "$(with_remedy "$(plainly "$1")")"
}

# log_failure REASON: of each dump that is owed.
log_failure() {
    local name
    for name in "${owed[@]}"; do
        log "database dump failed: ${name:+$name: }$1"
    done
}

# fail_as_said STATUS: the reason is what the program that ended so complained of.
fail_as_said() {
    local said
    said=$(<"$ERRORS")
    (($1 <= 128)) || said="a program of the dump was killed by SIG$(kill -l "$1")"
    fail "${said:-a program of the dump ended with status $1 and no word}"
}

# plainly SAID: with the names that files have outside of this script, and without its own lines' numbers.
plainly() {
    local said=${1#"${1%%[![:space:]]*}"}
    [[ ! $said =~ ^[^:]*\.sh:\ line\ [0-9]+:\ (.*)$ ]] || said=${BASH_REMATCH[1]}
    said=${said//\/dev\/fd\/9/"$partial"}
    [[ ! $said =~ ^(zstd|gzip|age|pass_on\.pl): ]] || said="$partial: $said"
    printf '%s' "$said"
}

# with_remedy SAID: and what a person can do about it, where that is known.
with_remedy() {
    local remedy=''
    case $1 in
        *"Can't connect to server"* | *'Unknown server host'*)
            remedy=" (DB_HOST $DB_HOST, DB_PORT $DB_PORT)"
            ;;
        *'Access denied for user '*' (using password: '*)
            remedy=" (DB_USER $DB_USER, with the password in DB_PASSWORD_FILE $DB_PASSWORD_FILE)"
            ;;
        *'TLS/SSL error'*)
            remedy=" (DB_TLS $DB_TLS)"
            ;;
        *'execute command denied to user'*)
            remedy=": GRANT EXECUTE ON FUNCTION to $DB_USER, for each that a view calls"
            ;;
        flock:*'No locks available' | flock:*'Operation not supported' | flock:*'Function not implemented')
            remedy=": the file system of $DUMPS_DIR/$DUMP_LOCK knows no locks: let DUMPS_DIR be on a local disk"
            ;;
        *'No space left on device'* | *'no space left on device'* | *'Disk quota exceeded'*)
            [[ $1 != *"$DUMPS_DIR"* ]] || printf '%s: ' "$(no_room)"
            ;;
    esac
    printf '%s%s' "$1" "$remedy"
}

# no_room: what this dump and the last one took, and what is left.
no_room() {
    local free last
    free=$(df --output=avail --block-size=1 -- "$DUMPS_DIR" | tail -n 1 | tr -d ' ')
    printf 'no room in %s: %s are free' "$DUMPS_DIR" "$(human_size "$free")"
    [[ -z $partial ]] \
        || printf ', and the dump took %s until then' "$(human_size "$(stat --format=%s -- "$partial")")"
    last=$(newest_size)
    [[ -z $last ]] || printf ' (the last one %s)' "$(human_size "$last")"
}

# human_size BYTES: as a person says it, 1.5 GiB.
human_size() {
    numfmt --to=iec-i --round=nearest --format=%.1f -- "$1" | sed 's/[A-Z]i$/ &B/; t; s/\..*/ B/'
}

# end_job JOB: all of its processes. One that has just begun would miss a gentler signal, and none of
# them has anything to save.
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
