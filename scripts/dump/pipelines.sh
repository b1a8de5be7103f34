# shellcheck shell=bash
# Sourced: the one place where pipelines are made. DB_NAME alone is dumped into DUMPS_DIR. Of several databases
# each is dumped by this script again, as if it were alone, into a folder of its own.

named=()    # by DB_NAMES
excluded=() # by DB_EXCLUDE: names, or patterns
visible=()  # on the server, as far as this account sees, without the server's own

readonly PAUSE=300 # seconds before what failed is tried again
readonly TAKEN_WORDS="^(proofs|[0-9]{4}-[0-9]{2}-[0-9]{2}|lost\\+found|$FINISHED_NAME)\$"

# read_names: the settings that hold several names, apart by blanks or commas.
read_names() {
    local name
    for name in DB_NAMES DB_EXCLUDE; do
        is_plain_text "${!name}" || wrong_setting "$name: it has control characters, or is no UTF-8"
    done
    mapfile -t named < <(words_of "$DB_NAMES")
    mapfile -t excluded < <(words_of "$DB_EXCLUDE")
    [[ -z $DB_NAMES || ${#named[@]} -gt 0 ]] || wrong_setting 'DB_NAMES: it names no database'
    [[ $DB_NAMES != *'*'* || ${named[*]} == '*' ]] \
        || wrong_setting "DB_NAMES: '*' stands alone, for all databases; DB_EXCLUDE takes patterns"
}

# words_of TEXT: each once, a line each.
words_of() {
    tr ', ' '[\n*]' <<<"$1" | awk 'NF && !seen[$0]++'
}

# dump_each: one after another; one that fails stops no other. What failed is tried again after a pause, until
# it was tried DUMP_TRIES times. Status 1 where any failed to the end.
dump_each() {
    local try signal stopped=''
    [[ -z ${named[*]} ]] || owed=("${named[@]}")
    for signal in HUP INT TERM; do
        # shellcheck disable=SC2064 # the name of the signal is meant to be filled in now
        trap "stopped=$signal; pass_signal $signal" "$signal"
    done
    for ((try = 1; ; try++)); do
        dump_owed
        ((${#owed[@]} && try < DUMP_TRIES)) || break
        printf 'what failed is tried again in %d minutes\n' "$((PAUSE / 60))" >&2
        sleep "$PAUSE" 7>&- &
        wait_for_job || true
        [[ -z $stopped ]] || break
    done
    trap - EXIT
    exit "$((${#owed[@]} > 0))"
}

# dump_owed: those that fail are owed still.
dump_owed() {
    local name failed=()
    if [[ -n $DB_NAMES ]]; then
        ask_for_databases || { end_if_stopped && log_failure "$(in_words "$(<"$ERRORS")")" && return; }
        [[ ${owed[*]} != '*' ]] || choose_all || { log_failure "the account $DB_USER sees no database" && return; }
        [[ ${named[*]} == '*' ]] || tell_of_others "${named[@]}"
    fi
    end_if_stopped
    while ((${#owed[@]})); do
        name=${owed[0]}
        dump_into_folder "$name" || failed+=("$name")
        owed=("${owed[@]:1}")
        end_if_stopped
    done
    owed=("${failed[@]}")
}

end_if_stopped() {
    [[ -z $stopped ]] || fail "stopped by SIG$stopped"
}

# ask_for_databases: into visible. What would end a line of the answer is another control character there.
ask_for_databases() {
    # shellcheck disable=SC2034 # none, for the query
    local DB_NAME=''
    query "SELECT @@lower_case_table_names <> 0
        UNION ALL SELECT REPLACE(REPLACE(SCHEMA_NAME, '\n', _utf8mb3 x'01'), '\t', _utf8mb3 x'01')
        FROM information_schema.SCHEMATA
        WHERE SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')" || return
    mapfile -t visible <"$OUTPUT"
    require_answer @@lower_case_table_names '^[01]$' "${visible[0]-}"
    # shellcheck disable=SC2034 # names_have_no_case reads it
    fold_case=${visible[0]}
    mapfile -t visible < <(printf '%s\n' "${visible[@]:1}" | sed '/^$/d' | sort)
}

# choose_all: what is visible and not excluded; says which folders are of none that is there. Fails where there
# is none.
choose_all() {
    local name folder gone=''
    local -A folders=()
    ((${#visible[@]})) || return
    owed=()
    for name in "${visible[@]}"; do
        folders[$(folder_name "$name")]=1
        is_one_of "$name" "${excluded[@]}" || owed+=("$name")
    done
    for folder in "$DUMPS_DIR"/*/; do
        folder=${folder%/}
        [[ ! -d $folder || -n ${folders[${folder##*/}]+1} ]] || gone+="${folder##*/}"$'\n'
    done
    warn 'databases that are not on the server any more, or not to be seen; what is theirs stays' <<<"$gone"
}

# tell_of_others NAME...: which databases this account sees, and nobody backs up: these are backed up.
tell_of_others() {
    local name others=''
    for name in "${visible[@]}"; do
        is_one_of "$name" "$@" "${excluded[@]}" || others+=", $name"
    done
    [[ -z $others ]] || log_once_a_day "databases not backed up: ${others#, }"
}

# is_one_of NAME PATTERN...: in each of which * is any text.
is_one_of() (
    ! names_have_no_case || shopt -s nocasematch
    for pattern in "${@:2}"; do
        # shellcheck disable=SC2001 # bash before 5.2 can't
        pattern=$(sed 's/[^*]/\\&/g' <<<"$pattern")
        # shellcheck disable=SC2053 # it is meant as a pattern
        [[ $1 != $pattern ]] || return 0
    done
    return 1
)

# dump_into_folder NAME: as the log calls it; '' is the only database.
dump_into_folder() {
    local folder=$DUMPS_DIR error status=0
    [[ -z $1 ]] || folder+=/$(folder_name "$1")
    if ! is_plain_text "$1"; then
        log "database dump failed: $1: its name has control characters, or is no UTF-8: rename it, or exclude it"
        return 1
    fi
    if [[ ! -d $folder ]] && ! error=$(mkdir -- "$folder" 2>&1); then
        log "database dump failed: $1: $error"
        return 1
    fi
    DB_NAMES='' DB_NAME=${1:-$DB_NAME} DUMPS_DIR=$folder LOGGED_AS=$1 DUMP_TRIES=1 bash "$0" </dev/null &
    wait_for_job || status=$?
    ((status <= 128)) || log "database dump failed: ${1:+$1: }stopped by SIG$(kill -l "$status")" # without a word
    return "$status"
}

# wait_for_job: its status. A signal that this script has passed on ends the wait, and not yet the job; one that
# came just before the job began is passed on here.
wait_for_job() {
    local status=0
    [[ -z $stopped ]] || pass_signal "$stopped"
    wait $! || status=$?
    if [[ -n $stopped ]]; then
        status=0
        wait $! || status=$?
    fi
    return "$status"
}

# pass_signal SIGNAL: to the dump under way, which then says so.
pass_signal() {
    local job
    for job in $(jobs -p); do
        kill -s "$1" "$job" 2>/dev/null || true # it may just have ended
    done
}

# folder_name DATABASE: of its dumps, and of its keys. What neither can hold is percent-encoded; so is the
# first letter of what has a meaning there: dot files are work in progress, the bucket has days and proofs, and
# a folder of dumps may be a disk's root.
folder_name() {
    local name=${1//%/%25}
    name=${name//\//%2F}
    name=${name//\\/%5C}
    if [[ $name == .* || $name =~ $TAKEN_WORDS ]]; then
        printf '%%%02X%s' "'$name" "${name:1}"
    else
        printf '%s' "$name"
    fi
}
