# shellcheck shell=bash
# Sourced: may this account see everything? Without a right, mariadb-dump leaves out what it can't see,
# and still ends well.

check_rights() {
    local right rights missing=''
    query 'SHOW GRANTS' || fail_as_said $?
    # shellcheck disable=SC2154 # server.sh has it
    rights=$(rights_in_force "$DB_NAME" "$fold_case" <"$OUTPUT")
    for right in 'SELECT' 'SHOW VIEW' 'TRIGGER' 'EVENT'; do
        [[ $rights == *", $right,"* || $rights == *', ALL PRIVILEGES,'* ]] || missing+=", $right on $DB_NAME"
    done
    may_read_routines "$rights" || missing+=", SHOW CREATE ROUTINE on $DB_NAME (before MariaDB 11.3: SELECT on mysql.proc)"
    [[ -z $missing ]] || fail "the account $DB_USER may not see the whole database: it lacks ${missing#, }"
}

# may_read_routines RIGHTS: their bodies, whoever defined them.
may_read_routines() {
    [[ $1 == *', SHOW CREATE ROUTINE,'* ]] && return
    [[ $1 == *', ALL PRIVILEGES,'* ]] && version_at_least 11.3 && return
    query 'SELECT 1 FROM mysql.proc LIMIT 0'
}
