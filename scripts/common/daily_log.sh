#!/usr/bin/env bash
# daily_log.sh [--once-a-day] MESSAGE: appends the event to the daily log, and says it on standard output too.
# With that option not where the day's log has it already.
#
# The format of the line is known here alone; the Python side calls this script. A log that can't be
# written is reported on standard error and is no failure: it must never stop a dump or an upload.
set -u
trap '' PIPE # nobody may be listening any more
export LC_ALL=C.UTF-8

here=${BASH_SOURCE[0]%/*} # no program does it: an idle tick would feel that
[[ -d $here ]] || here=.
. "$here/../settings.sh"

# One write(2) appends a line of up to 4,096 bytes, so that lines of two programs never mix.
readonly LONGEST_MESSAGE=1000

main() {
    local message line file start='' once=''
    [[ $1 != --once-a-day ]] || { once=1 && shift; }
    message=${1:0:LONGEST_MESSAGE}
    # What is no character, and what a terminal would obey, is left out: C1, too, such as U+009B.
    message=${message//[![:print:]]/ }
    # The clock is read once, so that the file's name and the line agree at midnight.
    printf -v line '%(%F,%T)T,%s' -1 "$message"
    file=$LOGS_DIR/${line%%,*}.txt
    [[ -z $once || ! -f $file ]] || ! cut --delimiter=, --fields=3- -- "$file" | grep -qxF -- "$message" || return 0
    if [[ -s $file && -n $(tail -c 1 -- "$file") ]]; then
        start=$'\n' # a full disk cut the last line short
    fi
    umask 022
    # A pipe would wait for its reader.
    { [[ ! -e $file || -f $file ]] && printf '%s%s\n' "$start" "$line" >>"$file"; } 2>/dev/null \
        || printf 'the daily log %s cannot be written by user id %s: see that the folder is there, is yours and has room\n' \
            "$file" "$EUID" >&2
    # As root only where the folder's owner can't run this.
    ((EUID)) || [[ -O $LOGS_DIR ]] || chown --no-dereference --reference="$LOGS_DIR" -- "$file" 2>/dev/null
    printf '%s\n' "$line" 2>/dev/null
}

if ((EUID == 0)) && [[ -d $LOGS_DIR && ! -O $LOGS_DIR ]]; then
    "$here/as-owner-of.sh" "$LOGS_DIR" bash "${BASH_SOURCE[0]}" "$@" && exit
fi
main "$@"
exit 0
