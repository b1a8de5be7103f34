# shellcheck shell=bash
# Sourced: the folder of the dumps. One dump at a time works there, in a file with a dot in front, which
# gets the name of a finished dump when it is whole and on the disk.

readonly PARTIAL_DUMP=.database_dump. DUMP_LOCK=.database_dump_lock

partial=''  # the dump in progress, while there is one
unsynced='' # what the file system can't sync

# wait_for_turn: until no other dump of this folder is under way. The lock lasts as long as this script,
# however it ends; what it starts doesn't have it.
wait_for_turn() {
    local status=0
    open_lock "$DUMPS_DIR/$DUMP_LOCK"
    flock --nonblock 8 2>"$ERRORS" || status=$?
    ((status)) || return 0
    ((status == 1)) || fail_as_said "$status"
    printf 'another dump into %s is under way: this one waits for its end\n' "$DUMPS_DIR" >&2
    flock 8 2>"$ERRORS" 7>&- &
    wait $! || fail_as_said $?
}

# open_lock FILE: descriptor 8, of a file that nobody else can open: whoever can, may hold its lock for
# ever. It stays, since two dumps would lock two files otherwise.
open_lock() {
    local error=''
    if [[ ! -e $1 && ! -L $1 ]]; then
        error=$({ umask 077 && set -o noclobber && : >"$1"; } 2>&1) || true # another dump may be faster
    fi
    is_own_file "$1" || fail "${error:-$1 is a $(stat --format='%F of user id %u' -- "$1"), and has to be a file of user id $EUID, with no other name: remove it}"
    { exec 8<>"$1"; } 2>"$ERRORS" || fail_as_said $?
    is_own_file "$1" && [[ $1 -ef /dev/fd/8 ]] || fail "$1 is another file than a moment ago"
}

# is_own_file FILE: and no link, which might lead to a file that others can open, nor another file's name.
is_own_file() {
    [[ -f $1 && -O $1 && ! -L $1 ]] && (($(stat --format=%h -- "$1") <= 1))
}

# sweep_dead_dumps: what runs that were killed have left. None that has its turn is alive, now that it is
# ours.
sweep_dead_dumps() {
    rm -f -- "$DUMPS_DIR/$PARTIAL_DUMP"* || true
}

# open_partial_dump: descriptor 9. Somebody may remove the file: by its name, the dump would then go on
# into another, or publish none.
open_partial_dump() {
    local file
    file=$(mktemp "$DUMPS_DIR/${PARTIAL_DUMP}XXXXXX" 2>&1) || fail "$file"
    partial=$file
    exec 9<>"$partial"
    is_own_file "$partial" && [[ $partial -ef /dev/fd/9 ]] || fail "$partial is another file than a moment ago"
}

remove_partial_dump() {
    [[ -z $partial ]] || rm -f -- "$partial"
}

# publish: the bytes are on disk before the name, and the name before the log says so.
publish() {
    local finished
    finished=$(finished_dump)
    sync_to_disk /dev/fd/9 || fail_as_said $?
    trap '' HUP INT TERM # from here on it is one or the other, not both
    [[ $partial -ef /dev/fd/9 ]] || fail 'the dump in progress was removed'
    name_where_free "$finished"
    sync_to_disk "$DUMPS_DIR" || withdraw "$finished" $?
    [[ -z $unsynced ]] || warn 'not synced to the disk, since this file system can not do that' <<<"$unsynced"
}

# name_where_free FINISHED: the dump replaces nothing. Whatever has the name is handed over; the uploader may
# give one back at any moment.
name_where_free() {
    local error='' _
    for _ in {1..100}; do
        hand_over_waiting
        if error=$(ln -T -- "$partial" "$1" 2>&1) || [[ $1 -ef /dev/fd/9 ]]; then
            rm -f -- "$partial" || true # the next run sweeps it
            partial=''
            return
        fi
        [[ ! -e $1 && ! -L $1 ]] || continue
        # A file has one name only, on this file system.
        error=$(mv --no-clobber -T -- "$partial" "$1" 2>&1) || true
        if [[ ! -e $partial ]]; then
            partial=''
            return
        fi
    done
    [[ ! -s $ERRORS ]] || fail_as_said 1
    fail "${error:-$1 is taken, whatever is handed over}"
}

# withdraw FINISHED STATUS: fails after all, since it isn't known whether the disk has that name.
withdraw() {
    [[ ! $1 -ef /dev/fd/9 ]] || rm -f -- "$1"
    fail_as_said "$2"
}

# sync_to_disk [--data] FILE: fails, with the complaint in ERRORS, where the disk has an error. There are file
# systems that can't sync at all: that is noted.
sync_to_disk() {
    local said
    said=$(sync "$@" 2>&1) && return
    if [[ $said =~ (Invalid argument|Operation not supported|Function not implemented)$ ]]; then
        unsynced=$(plainly "$said")
        return 0
    fi
    printf '%s' "$said" >"$ERRORS"
    return 1
}

finished_dump() {
    printf '%s' "$DUMPS_DIR/datadump.sql$(suffix)"
}

suffix() {
    case $DUMP_COMPRESSION in
        none) ;;
        zstd) printf .zst ;;
        gzip) printf .gz ;;
    esac
    [[ -z $AGE_RECIPIENTS_FILE ]] || printf .age
}
