# shellcheck shell=bash
# Sourced: views that can't be dumped, or not be restored everywhere. One that is broken would fail the
# whole dump, and holds no data: it is left out, with a comment in its place.

# The server's errors about a view that everybody has there, whatever his rights.
readonly OF_A_BROKEN_VIEW='1176|1253|1267|1270|1271|1356|1449|1462|1525|1735|1747|4078|4079|4124'

# check_views: names and texts come in hexadecimal digits, and go back so: nobody's text is read as
# anything else on its way.
check_views() {
    local found unreadable name definition database elsewhere=''
    query "$(question_of_views)" || fail_as_said $?
    found=$(<"$OUTPUT")
    while IFS=$'\t' read -r unreadable name definition database; do
        IFS= read -r -d '' name < <(text_of "$name") || true
        if [[ $unreadable == 1 ]]; then
            leave_out_if_broken "$name" "$definition"
        elif [[ -n $database ]]; then
            elsewhere+="$name ($(text_of "$database"))"$'\n'
        fi
    done <<<"$found"
    warn 'views of this kind can only be restored where the other database is that they read' <<<"$elsewhere"
}

# question_of_views: of each view whether it has no column that can be read, its name, its definition, and
# another database that it reads, as the server's own writing of it tells. That has the view's own database
# in front of all that is in there.
question_of_views() {
    cat <<'SQL'
SELECT BINARY TABLE_NAME NOT IN (
        SELECT BINARY TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()),
    HEX(TABLE_NAME),
    HEX(CONCAT('CREATE ALGORITHM=', ALGORITHM,
        ' DEFINER=', REGEXP_REPLACE(REPLACE(DEFINER, '`', '``'), '(?s)^(.*)@(.*)$', '`\\1`@`\\2`'),
        ' SQL SECURITY ', SECURITY_TYPE, ' VIEW `', REPLACE(TABLE_NAME, '`', '``'), '` AS ', VIEW_DEFINITION,
        IF(CHECK_OPTION = 'NONE', '', CONCAT(' WITH ', CHECK_OPTION, ' CHECK OPTION')), ';')),
    IFNULL(HEX(REGEXP_SUBSTR(
        REPLACE(
            REGEXP_REPLACE(VIEW_DEFINITION, '(?s)''(?:[^''\\\\]++|\\\\.|'''')*+''', ''''''),
            CONCAT('`', REPLACE(DATABASE(), '`', '``'), '`.'), ''),
        CONCAT('(?:extract\\([a-z_]+ from|trim\\([a-z]+ [^()]*from|select (?:[a-z_]+ )*straight_join)(*SKIP)(*FAIL)',
            '|(?:(?:from|join) \\(*|(?:nextval|lastval|setval)\\()',
            '\\K`(?!(?:information_schema|performance_schema|mysql|sys)`)(?:[^`]|``)++`(?=\\.)',
            '|`(?:[^`]|``)++`(?=\\.`(?:[^`]|``)++`\\()'))), '')
FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
SQL
}

# leave_out_if_broken NAME DEFINITION: a view that can't be read, since what it names is gone, is the view
# itself, or is of a kind that doesn't fit any more. What this account merely may not see has other errors.
leave_out_if_broken() {
    local complaint gone error='ERROR ([0-9]+) \([^)]*\) at line 1: (.*)'
    ! query_view 'SHOW FIELDS FROM' "$1" || return 0 # mended a moment ago
    [[ $(<"$ERRORS") =~ $error ]] || fail_as_said 1
    complaint=${BASH_REMATCH[2]}
    [[ ${BASH_REMATCH[1]} =~ ^($OF_A_BROKEN_VIEW)$ ]] || fail "the view $1 can't be dumped: $complaint"
    require_name_of_its_own "$1"
    if query_view 'CHECK TABLE' "$1"; then # most often it says what is gone
        gone=$(awk -F '\t' '$3 == "Error" { print $4; exit }' "$OUTPUT")
        complaint=${gone:-$complaint}
    fi
    warn 'broken, and left out of the dump' <<<"view $1: $complaint"
    options+=("--ignore-table=$DB_NAME.$1")
    left_out+=$(text_of "$2" | comment_of_view "$1" "$complaint")$'\n'
}

# require_name_of_its_own NAME: mariadb-dump leaves out what has the name in any case, tables as well.
require_name_of_its_own() {
    query "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
        AND TABLE_NAME = CONVERT(x'$(hexadecimal "$1")' USING utf8mb4) COLLATE utf8mb4_general_ci" || fail_as_said $?
    [[ $(<"$OUTPUT") == 1 ]] \
        || fail "the view $1 is broken, and can't be left out alone, since another name is nearly the same: mend or drop it"
}

# query_view STATEMENT NAME
query_view() {
    query "EXECUTE IMMEDIATE CONVERT(x'$(hexadecimal "$1 \`${2//\`/\`\`}\`")' USING utf8mb4)"
}

# comment_of_view NAME COMPLAINT, from the definition: no line of it is one of the dump's own.
comment_of_view() {
    local name="\`${1//\`/\`\`}\`"
    printf -- '--\n-- Broken view, left out: %s: %s\n' "${name//[![:print:]]/ }" "${2//[![:print:]]/ }"
    sed 's/\r$//' | tr '\r\000-\010\013\014\016-\037\177' '\n[ *]' | sed 's/^/-- | /'
    printf -- '\n--'
}

# hexadecimal TEXT; text_of DIGITS is the way back.
hexadecimal() {
    printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

text_of() {
    perl -ne 'chomp; print pack "H*", $_' <<<"$1"
}
