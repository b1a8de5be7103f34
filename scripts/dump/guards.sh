# shellcheck shell=bash
# Sourced: programs run as jobs, so that a signal is heard at once; the dump's job has two guards, which
# end it when the server falls silent or the disk has an error.

readonly OUTPUT=/dev/fd/4 ERRORS=/dev/fd/5 CLIENT=/dev/fd/6 WATCH=/dev/fd/7

# open_work_files: they lose their names at once.
open_work_files() {
    local folder
    folder=$(mktemp -d 2>&1) || fail "$folder"
    mkfifo "$folder/watch"
    exec 4<>"$folder/output" 5<>"$folder/errors" 6<>"$folder/client" 7<>"$folder/watch"
    rm -r -- "$folder"
}

# run COMMAND...: what it prints goes to OUTPUT, what it complains of to ERRORS.
run() {
    "$@" >"$OUTPUT" 2>"$ERRORS" </dev/null 7>&- 8>&- &
    wait $!
}

# run_guarded COMMAND...: as run does, with the guards. Each is told by a line of WATCH that the command
# has ended; where that is closed without one, this script was killed. They aren't killed, since that
# might be in the middle of a sync that has an error to tell.
run_guarded() {
    local job guard guards=() status=0
    {
        "$@" >"$OUTPUT" </dev/null 7>&- 8>&- &
        job=$!
        end_unless "$job" server_goes_on <"$WATCH" 7>&- 8>&- &
        guards+=($!)
        end_unless "$job" disk_takes_it <"$WATCH" 7>&- 8>&- &
        guards+=($!)
    } 2>"$ERRORS"
    wait "$job" 2>/dev/null || status=$?
    printf '\n%.0s' "${guards[@]}" >&7
    exec 7>&-
    for guard in "${guards[@]}"; do
        wait "$guard" || fail_as_said $?
    done
    return "$status"
}

# end_unless JOB GUARD: ends the job where its guard fails, or finds that this script was killed.
end_unless() {
    local killed=0 status=0
    "$2" || status=$?
    if ((status || killed)); then
        kill -KILL -- "-$1" 2>/dev/null || true # it may just have ended
    fi
    return "$status"
}

# still_on SECONDS: waits so long. Fails at once when there is nothing to watch any more; killed is then 1
# where nobody said so.
still_on() {
    local status=0
    read -r -t "$1" || status=$?
    ((status != 1)) || killed=1
    ((status > 128))
}

# server_goes_on: fails when two looks, DB_SILENCE_LIMIT seconds apart, find the same.
server_goes_on() {
    local before now=''
    while still_on "$DB_SILENCE_LIMIT"; do
        before=$now
        now=$(progress)
        [[ $now != "$before" ]] || { silence >"$ERRORS" && return 1; }
    done
}

silence() {
    printf 'the server sent nothing for %s seconds (DB_SILENCE_LIMIT)' "$DB_SILENCE_LIMIT"
}

# progress: a text that changes as the dump goes on. What mariadb-dump prints doesn't tell, since it keeps
# a row until it has all of it; nor does /proc/PID/io, which doesn't count what comes by recv. But a byte
# that it had to wait for wakes it, and that is counted. (The CPU time in /proc/PID/schedstat would do as
# well, but it is always 0 where the kernel was built or started without such statistics.) Once
# mariadb-dump has ended, the file still grows.
progress() {
    grep --no-messages ctxt_switches "/proc/$(<"$CLIENT")/status" || true
    stat --dereference --format=%s /dev/fd/9
}

# disk_takes_it: writes the partial file to the disk each second; the system would wait, and leave all of
# it to the end. It tells an error of the disk to one sync only, so the first one counts.
disk_takes_it() {
    while still_on 1; do
        sync_to_disk --data /dev/fd/9 || return 1
    done
}
