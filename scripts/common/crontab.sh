# shellcheck shell=bash
# Sourced: a crontab, read as BusyBox's crond reads it. Of a line that it doesn't understand crond says
# nothing: it passes over it, or runs it at other times than the line tells.

readonly FIELDS=(minute hour day month weekday)
readonly TAKES=('0 to 59, a range upwards' '0 to 23' '1 to 31' '1 to 12 or jan to dec' '0 for Sunday to 6, or sun to sat')
readonly FIRST=(0 0 1 1 0) LAST=(59 23 31 12 6)
readonly NAMES=('' '' '' 'jan feb mar apr may jun jul aug sep oct nov dec' 'sun mon tue wed thu fri sat')
# crond counts round after so many values, from this one on: 22-2 is 22, 23, 0, 1, 2. It has a day 0.
readonly ROUND=(60 24 32 12 7) ZERO=(0 0 0 1 0)
readonly DAYS_TO_LOOK=$((8 * 366)) # from a 29 February to the next there may be eight years

declare -A fires=() # 'field,value' of each time of the job that was read last
next=''             # its next start
complaint=''        # why there is no such job

# each_job FILE COMMAND: runs the command for each job, with its line; `fires` then has its times. Fails, with
# a complaint, for what crond would not run as it stands there.
each_job() {
    local line more begins number=0 jobs=0
    while IFS= read -r line; do
        begins=$((++number))
        while [[ $line == *\\ ]] && IFS= read -r more; do
            line=${line%\\}$more
            number=$((number + 1))
        done
        line=${line%%#*} # within a command, too, whatever stands around it
        [[ ! $line =~ ^[[:blank:]]*((SHELL|PATH)=.*)?$ ]] || continue
        if ! { read_job "$line" && "$2" "$line"; }; then
            complaint="line $begins: $complaint: $line"
            return 1
        fi
        jobs=$((jobs + 1))
    done <"$1"
    complaint='it has no job, so nothing would ever run'
    ((jobs))
}

# read_job LINE: its times, into `fires`.
read_job() {
    local words field
    read -ra words <<<"$1"
    complaint='not five times and a command'
    ((${#words[@]} >= 6)) || return 1
    fires=()
    for field in 0 1 2 3 4; do
        complaint="'${words[field]}' is no ${FIELDS[field]} (${TAKES[field]})"
        read_field "$field" "${words[field]}" || return 1
    done
}

# read_field FIELD WORD: a list.
read_field() {
    local item items
    IFS=, read -ra items <<<"$2,"
    for item in "${items[@]}"; do
        read_item "$1" "$item" || return 1
    done
}

# read_item FIELD ITEM: all, a value or a range, each with a step or without.
read_item() {
    local word='([0-9]{1,9}|[A-Za-z]{3})' from to step left round=${ROUND[$1]}
    [[ $2 =~ ^(\*|$word(-$word)?)(/([0-9]{1,9}))?$ ]] || return 1
    step=$((10#${BASH_REMATCH[6]:-1}))
    if [[ $2 == \** ]]; then
        from=${ZERO[$1]} to=$((from + round - 1))
    else
        to=${BASH_REMATCH[4]:-${BASH_REMATCH[2]}}
        from=$(value_of "$1" "${BASH_REMATCH[2]}") && to=$(value_of "$1" "$to") || return 1
    fi
    # 5-1 would be all minutes but three, which nobody means.
    ((step > 0 && (from <= to || $1 > 0))) || return 1
    for ((left = (to - from + round) % round; left >= 0; left -= step)); do
        fires[$1,$(((from - ZERO[$1]) % round + ZERO[$1]))]=1
        from=$((from + step))
    done
}

# value_of FIELD WORD: a number, or a name where the field has names.
value_of() {
    local value=$2 before
    if [[ $2 != [0-9]* ]]; then
        [[ " ${NAMES[$1]} " == *" ${2,,} "* ]] || return 1
        before=${NAMES[$1]%%"${2,,}"*}
        value=$((${#before} / 4 + FIRST[$1]))
    fi
    ((10#$value >= FIRST[$1] && 10#$value <= LAST[$1])) && printf '%d' "$((10#$value))"
}

# find_next NOW: the job's next start after that moment, in seconds of the epoch; into `next`.
find_next() {
    local from noon date day month weekday left
    printf -v from '%(10#%H * 60 + 10#%M + 1)T' "$1"
    noon=$(($1 - (from) * 60 + 12 * 3600))
    for ((left = DAYS_TO_LOOK; left >= 0; left--)); do
        printf -v date '%(%F %-d %-m %w)T' "$noon"
        read -r date day month weekday <<<"$date"
        if is_day "$day" "$month" "$weekday" && find_minute "$((from))"; then
            next="$date $next"
            return
        fi
        from=0 noon=$((noon + 24 * 3600))
    done
    complaint='such a day never comes'
    return 1
}

# is_day DAY MONTH WEEKDAY: where both day and weekday leave something out, one that fits is enough.
is_day() {
    [[ ${fires[3,$2]:-} ]] || return 1
    if every 2 && every 4; then
        return 0
    fi
    { [[ ${fires[2,$1]:-} ]] && ! every 2; } || { [[ ${fires[4,$3]:-} ]] && ! every 4; }
}

# every FIELD: whether it leaves nothing out.
every() {
    local value
    for ((value = ZERO[$1]; value < ZERO[$1] + ROUND[$1]; value++)); do
        [[ ${fires[$1,$value]:-} ]] || return 1
    done
}

# find_minute FROM: the first one in a day, from that minute of the day on; into `next`.
find_minute() {
    local minute
    for ((minute = $1; minute < 24 * 60; minute++)); do
        if [[ ${fires[1,$((minute / 60))]:-} && ${fires[0,$((minute % 60))]:-} ]]; then
            printf -v next '%02d:%02d' "$((minute / 60))" "$((minute % 60))"
            return
        fi
    done
    return 1
}
