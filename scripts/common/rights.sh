#!/usr/bin/env bash
# How GRANTs are read. Sourced by database_dump.sh. As a program, for the restore:
#   rights.sh [--any-case] DATABASE <rows of SHOW GRANTS, one a line
# prints the account's rights on that database, the global ones among them, as ", RIGHT, RIGHT,"; without
# a DATABASE, the global ones alone. With that option names are the same in any case of their letters.

# rights_in_force [DATABASE [ANY_CASE]], from the output of SHOW GRANTS: the account's rights on the whole
# database. The global ones count; of the entries for databases, the server takes the one whose pattern is
# the most specific that fits: one for the account, one for its roles together. ANY_CASE is 1 or 0.
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
        (($#)) || continue
        rank=$(rank_of "$scope" "$@")
        if ((rank > best[$who])); then
            best[$who]=$rank held[$who]=''
        fi
        ((rank < best[$who] || rank < 0)) || held[$who]+=$rights
    done
    printf '%s,' "$global${held[account]}${held[roles]}"
}

# rank_of SCOPE DATABASE [ANY_CASE]: how specific a grant's quoted pattern is, by the length of what stands
# before its first wildcard (% any text, _ any character, a backslash takes that meaning away); -1 where it
# doesn't fit the database.
rank_of() {
    local pattern regex literal
    ((${3:-0} == 0)) || shopt -s nocasematch
    # shellcheck disable=SC2016 # backquotes of SQL
    pattern=$(sed -e 's/^`//; s/`$//; s/``/`/g; s/\\_/\x01/g; s/\\%/\x02/g; s/\\\\/\\/g' <<<"$1")
    literal=${pattern%%[_%]*}
    regex=$(sed -e 's/[].[*^$+?(){}|\\]/\\&/g; s/_/./g; s/%/.*/g; s/\x01/_/g; s/\x02/%/g' <<<"$pattern")
    if [[ ! $2 =~ ^$regex$ ]]; then
        printf '%d' -1
    elif [[ $literal == "$pattern" ]]; then
        printf '%d' 1000
    else
        printf '%d' "${#literal}"
    fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -Eeuo pipefail
    export LC_ALL=C.UTF-8 # names and patterns are compared by characters
    if (($# == 2)); then
        rights_in_force "$2" 1
    else
        rights_in_force "$@"
    fi
fi
