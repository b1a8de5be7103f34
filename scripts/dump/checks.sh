# shellcheck shell=bash
# Sourced: what of the database can't be dumped, or only with a warning.

# check_events: mariadb-dump looks for a delimiter that isn't in an event's text, and where ;; is, it
# never ends.
check_events() {
    query "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()
        AND CONCAT_WS(' ', EVENT_NAME, DEFINER, EVENT_DEFINITION, EVENT_COMMENT) LIKE '%;;%'" || fail_as_said $?
    [[ ! -s $OUTPUT ]] \
        || fail "mariadb-dump never ends on an event with ;; in its text: $(one_line "$(<"$OUTPUT")")"
}

# warn_of_no_table: most likely it is another database that is meant.
warn_of_no_table() {
    query "SELECT COUNT(*) FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'VIEW'" || fail_as_said $?
    [[ $(<"$OUTPUT") != 0 ]] || warn 'there is no table in the database' <<<"$DB_NAME"
}

# warn_of_tables_outside_the_snapshot: it covers transactional tables only; the others may change while
# they are dumped.
warn_of_tables_outside_the_snapshot() {
    query "SELECT CONCAT(t.TABLE_NAME, ' (', t.ENGINE, ')') FROM information_schema.TABLES t
        JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
        WHERE t.TABLE_SCHEMA = DATABASE() AND e.TRANSACTIONS <> 'YES'" || fail_as_said $?
    warn 'not covered by the consistent snapshot' <"$OUTPUT"
}

# history_can_be_dumped: where the versions of a table are transactions, its history can't be, and
# mariadb-dump then refuses all history.
history_can_be_dumped() {
    version_at_least 10.11 || return
    query "SELECT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
        AND GENERATION_EXPRESSION = 'ROW START' AND DATA_TYPE = 'bigint'" || fail_as_said $?
    [[ -s $OUTPUT ]] || return 0
    warn 'no history of any table is dumped, since this one has transaction-precise history' <"$OUTPUT"
    return 1
}

# warn TEXT: of what standard input names, if it names anything.
warn() {
    local named
    named=$(</dev/stdin)
    [[ -z $named ]] || printf 'warning: %s: %s\n' "${LOGGED_AS:+$LOGGED_AS: }$1" "$(one_line "$named")" >&2
}
