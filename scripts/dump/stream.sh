# shellcheck shell=bash
# Sourced: mariadb-dump, and what its bytes pass on their way into the partial file.

pass_on=$(dirname -- "${BASH_SOURCE[0]}")/pass_on.pl
options=()  # of mariadb-dump, beside those of mariadb-dump.cnf
left_out='' # comments of the dump, for the views that aren't in it

# take_dump: the partial file then has a whole dump, and the time when its snapshot began.
take_dump() {
    local started last_line
    if history_can_be_dumped; then
        options+=(--dump-history)
    fi
    started=$(date +%s.%N)
    run_guarded write_dump || fail_as_said $?
    last_line=$(<"$OUTPUT")
    [[ ${last_line##*$'\n'} == '-- Dump completed'* ]] || fail 'mariadb-dump ended without its last line'
    touch --date="@$started" /dev/fd/9 2>"$ERRORS" \
        || warn 'the dump has the time of its end, since none can be set here' <<<"$(plainly "$(<"$ERRORS")")"
}

# write_dump: into the partial file; the last bytes of its SQL to standard output.
write_dump() {
    encrypted compressed_dump 3>&1 >&9
}

# compressed_dump: to standard output, the last bytes of its SQL to descriptor 3. The compressors leave
# the cores to the database and its client.
compressed_dump() {
    case $DUMP_COMPRESSION in
        none) dump_sql ;;
        # Level 3, the default, takes a third more time and saves 2 %. Two threads are as many as one
        # dump can feed.
        zstd) dump_sql | nice zstd -q -1 -T2 ;;
        gzip) dump_sql | nice gzip ;;
    esac
}

# dump_sql: to standard output, its last bytes to descriptor 3. mariadb-dump itself would write 4 KiB at a
# time. The dump of one database is silent about its collation; routines, and tables made later, take
# theirs from it.
dump_sql() {
    {
        printf '%d' "$BASHPID" >"$CLIENT"
        exec stdbuf --output=64K mariadb-dump --defaults-file=<(client_options DB_USER) "${options[@]}" -- "$DB_NAME"
    } | exec perl "$pass_on" "$(collation_statement)" <(printf '%s' "$left_out")
}
