# shellcheck shell=bash
# Sourced: may this account see everything? Without a right, mariadb-dump leaves out what it can't see,
# and still ends well.

check_rights() {
    local right rights missing=''
    query 'SHOW GRANTS' || fail_as_said $?
    rights=$(rights_in_force <"$OUTPUT")
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

# rights_in_force, from the output of SHOW GRANTS: the account's rights on the whole database, as
# ", RIGHT, RIGHT,". The global ones count; of the entries for databases, the server takes the one
# whose pattern is the most specific that fits: one for the account, one for its roles together.
rights_in_force() {
    local line rights scope who rank global=''
    local -A best=([account]=-1 [roles]=-1) held=([account]='' [roles]='')
    while IFS= read -r line; do
        [[ $line =~ ^GRANT\ (.+)\ ON\ (.+)\.\*\ TO\ ([^ ]+) ]] || continue
        rights=", ${BASH_REMATCH[1]}" scope=${BASH_REMATCH[2]} who=roles
        [[ ${BASH_REMATCH[3]} != *@* ]] || who=account
        if [[ $scope == '*' ]]; then
            global+=$rights
            continue
        fi
        rank=$(rank_of "$scope")
        if ((rank > best[$who])); then
            best[$who]=$rank held[$who]=''
        fi
        ((rank < best[$who] || rank < 0)) || held[$who]+=$rights
    done
    printf '%s,' "$global${held[account]}${held[roles]}"
}

# rank_of SCOPE: how specific a grant's quoted pattern is, by the length of what stands before its
# first wildcard (% any text, _ any character, a backslash takes that meaning away); -1 where it
# doesn't fit DB_NAME.
rank_of() {
    local pattern regex literal
    ! names_have_no_case || shopt -s nocasematch
    # shellcheck disable=SC2016 # backquotes of SQL
    pattern=$(sed -e 's/^`//; s/`$//; s/``/`/g; s/\\_/\x01/g; s/\\%/\x02/g; s/\\\\/\\/g' <<<"$1")
    literal=${pattern%%[_%]*}
    regex=$(sed -e 's/[].[*^$+?(){}|\\]/\\&/g; s/_/./g; s/%/.*/g; s/\x01/_/g; s/\x02/%/g' <<<"$pattern")
    if [[ ! $DB_NAME =~ ^$regex$ ]]; then
        printf '%d' -1
    elif [[ $literal == "$pattern" ]]; then
        printf '%d' 1000
    else
        printf '%d' "${#literal}"
    fi
}
