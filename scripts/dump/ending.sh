# shellcheck shell=bash
# Sourced: how a dump ends that can't be taken. One line of the log has the reason, and the folder is
# as it was.

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
    local job
    trap '' HUP INT TERM # one failure, one line
    trap - EXIT
    for job in $(jobs -p); do
        end_job "$job"
    done
    remove_partial_dump
    log "database dump failed: $(one_line "$1")"
    exit 1
}

# fail_as_said STATUS: the reason is what the program that ended so complained of.
fail_as_said() {
    local said
    said=$(<"$ERRORS")
    (($1 <= 128)) || said="a program of the dump was killed by SIG$(kill -l "$1")"
    fail "${said:-a program of the dump ended with status $1 and no word}"
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
