# shellcheck shell=bash
# Sourced: the dumps that wait in the folder. None replaces another; where there are too many, the oldest
# makes room.

# What the uploader calls a dump that is its own, and whether its key is noted there: datadump/dumps/taken.py.
readonly FINISHED_NAME='datadump\.sql(\.zst|\.gz)?(\.age)?'
readonly TAKEN_NAME='\.send-to-s3\.[0-9a-f]{32}\.'
readonly NOTED_NAME="$TAKEN_NAME"'[0-9a-f]{16}\..*datadump[^.]*\.sql(\.zst|\.gz)?(\.age)?'

# check_finished_name: what isn't a dump can't be handed over, and is nobody's to remove.
check_finished_name() {
    local finished
    finished=$(finished_dump)
    [[ (! -e $finished && ! -L $finished) || (-f $finished && ! -L $finished) ]] \
        || fail "$finished is no file, but $(stat --format=%F -- "$finished"): remove it, the dump needs its name"
}

# hand_over_waiting: to the uploader, by the rename that it uses itself. It may be faster, and give the name
# back at once; why else a name stays taken is then in ERRORS.
hand_over_waiting() {
    local suffix file
    : >"$ERRORS"
    for suffix in '' .zst .gz .age .zst.age .gz.age; do
        file=$DUMPS_DIR/datadump.sql$suffix
        [[ ! -f $file || -L $file ]] \
            || mv -fT -- "$file" "$DUMPS_DIR/$(taken_name "${file##*/}")" 2>>"$ERRORS" || true
    done
}

# taken_name FINISHED_NAME: with a dump-id of its own.
taken_name() {
    printf '.send-to-s3.%s.%s' "$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" "$1"
}

is_waiting() {
    [[ $1 =~ ^($TAKEN_NAME)?$FINISHED_NAME$ ]]
}

# is_noted NAME: such a dump may be in the bucket already, or arrive there later.
is_noted() {
    [[ $1 =~ ^$NOTED_NAME$ ]]
}

# waiting_dumps: "<mtime> <inode> <name>" of each, ended by a NUL, oldest first.
waiting_dumps() {
    local path name status
    for path in "$DUMPS_DIR"/datadump.sql* "$DUMPS_DIR"/.send-to-s3.*; do
        name=${path##*/}
        if { is_waiting "$name" || is_noted "$name"; } && [[ -f $path && ! -L $path ]] \
            && status=$(stat --format='%.9Y %i' -- "$path" 2>/dev/null); then
            printf '%s %s\0' "$status" "$name"
        fi
    done | sort --zero-terminated --numeric-sort
}

# make_room: until no more than KEEP_WAITING wait, by the oldest. The new dump stays, and so does one that is
# noted. A file that has two names is one dump.
make_room() {
    local time inode name names number order=()
    local -A found=() times=() stays=()
    while read -r -d '' time inode name; do
        [[ -n ${found[$inode]+1} ]] || order+=("$inode")
        found[$inode]+="$name/" times[$inode]=$time
        if is_noted "$name" || [[ $DUMPS_DIR/$name -ef /dev/fd/9 ]]; then
            stays[$inode]=1
        fi
    done < <(waiting_dumps)
    number=${#order[@]}
    for inode in "${order[@]}"; do
        ((number > KEEP_WAITING)) || break
        [[ -z ${stays[$inode]+1} ]] || continue
        IFS=/ read -r -a names <<<"${found[$inode]}"
        drop "${times[$inode]}" "${names[@]}"
        number=$((number - 1))
    done
}

# drop MTIME NAME...: unless the uploader has noted it a moment ago.
drop() {
    local dropped=0 name
    for name in "${@:2}"; do
        ! rm -- "$DUMPS_DIR/$name" || dropped=1
    done
    ((! dropped)) || log "dump dropped, never uploaded: $(dumped_at "${1%.*}")${LOGGED_AS:+: $LOGGED_AS}"
}

# dumped_at SECONDS: since 1970, as an object's metadata says it.
dumped_at() {
    local text
    text=$(date --date="@$1" +%FT%T%:z 2>/dev/null) || true
    [[ $text =~ ^[0-9]{4}- ]] || text="$1 seconds after 1970"
    printf '%s' "$text"
}

# newest_size: of the dumps that wait, in bytes; nothing where none does.
newest_size() {
    local newest
    newest=$(waiting_dumps | tail --zero-terminated --lines=1 | tr -d '\0')
    [[ -z $newest ]] || stat --format=%s -- "$DUMPS_DIR/${newest#* * }"
}
