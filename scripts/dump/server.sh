# shellcheck shell=bash
# Sourced: the server is asked, and says what it is.

server_version='' # as the server tells it
fold_case=0       # 1 where names of databases are the same in any case
charset=''        # the database's own
collation=''      # the database's own

# query SQL: its rows, unadorned, are then in OUTPUT. The server's own SQL mode would change the quotes
# that it answers with. The client knows no limit of its own to a server's silence.
query() {
    local status=0
    run timeout "$DB_SILENCE_LIMIT" mariadb --defaults-file=<(client_options DB_USER) --local-infile=0 \
        --connect-timeout=20 --init-command="SET sql_mode = ''" \
        --batch --raw --skip-column-names --execute="$1" ${DB_NAME:+-- "$DB_NAME"} || status=$?
    ((status != 124)) || silence >"$ERRORS" # timeout's own
    return "$status"
}

check_server() {
    query 'SELECT VERSION(), @@lower_case_table_names <> 0, @@character_set_database, @@collation_database' \
        || fail_as_said $?
    IFS=$'\t' read -r server_version fold_case charset collation <"$OUTPUT"
    [[ $server_version == *MariaDB* ]] \
        || fail "the server is not MariaDB but $server_version: mariadb-dump's dump of it may not load anywhere"
    require_answer @@lower_case_table_names '^[01]$' "$fold_case"
    require_answer @@character_set_database '^[A-Za-z0-9_]+$' "$charset"
    require_answer @@collation_database '^[A-Za-z0-9_]+$' "$collation"
}

# require_answer WHAT PATTERN ANSWER: what a sum of the shell would evaluate, or a dump would run as
# SQL, is nothing else than the server may say there.
require_answer() {
    [[ $3 =~ $2 ]] || fail "the server says $1 is '$3', which can't be: is it MariaDB, and yours?"
}

# version_at_least MAJOR.MINOR: whether the server's is.
version_at_least() {
    printf '%s\n%s\n' "$1" "$server_version" | sort --check=quiet --version-sort
}

names_have_no_case() {
    ((fold_case))
}

# collation_statement: the SQL that gives another database the collation of this one.
collation_statement() {
    printf 'ALTER DATABASE CHARACTER SET %s COLLATE %s;' "$charset" "$collation"
}
