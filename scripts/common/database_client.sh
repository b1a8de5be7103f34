#!/usr/bin/env bash
# The connection to the database: its settings, checked, and the option file that they make for the
# clients. Sourced by database_dump.sh. As a program, for the restore:
#   database_client.sh RESTORE_USER RESTORE_PASSWORD_FILE
#   database_client.sh LOOK_USER LOOK_PASSWORD_FILE
# prints the option file for the account that these two variables tell; status 2: a wrong setting.
set -Eeuo pipefail
export LC_ALL=C.UTF-8 # names and patterns are compared by characters

common=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$common/../settings.sh"
: "${DB_HOST:=database}" "${DB_PORT:=3306}" "${DB_NAME:=FACULDADE}" "${DB_TLS:=auto}" "${DB_TLS_CA:=}"

readonly LONGEST_ARGUMENT=30000 # characters: the system takes no argument of 128 KiB

password='' # read once, before anything else

log() {
    "$common/daily_log.sh" "${1:0:LONGEST_ARGUMENT}" || true
}

log_once_a_day() {
    "$common/daily_log.sh" --once-a-day "${1:0:LONGEST_ARGUMENT}" || true
}

wrong_setting() {
    log "$1" >&2
    exit 2
}

# check_client_settings USER: the name of the variable that holds the account's.
check_client_settings() {
    local name
    for name in DB_HOST DB_NAME DB_TLS_CA "$1"; do
        is_plain_text "${!name}" || wrong_setting "$name: it has control characters, or is no UTF-8"
    done
    is_port "$DB_PORT" || wrong_setting "DB_PORT: '$DB_PORT' is not a port number"
    [[ $DB_TLS =~ ^(auto|off|verify)$ ]] || wrong_setting "DB_TLS: '$DB_TLS' is none of auto, off, verify"
    [[ $DB_TLS != verify || (-f $DB_TLS_CA && -r $DB_TLS_CA) ]] \
        || wrong_setting "DB_TLS_CA: DB_TLS=verify needs a CA file, and '$DB_TLS_CA' can't be read"
}

# is_plain_text TEXT: without control characters and line ends of any kind, and UTF-8: a byte that belongs
# to no character fits no pattern either.
is_plain_text() {
    [[ $1 =~ ^[^[:cntrl:]]*$ ]]
}

is_port() {
    [[ $1 =~ ^[0-9]{1,5}$ ]] && ((10#$1 >= 1 && 10#$1 <= 65535))
}

# read_password FILE: the name of the variable that holds the file's.
read_password() {
    local file=${!1}
    [[ -e $file && ! -d $file ]] || wrong_setting "$1: user id $EUID finds no file '$file'"
    # Root in a container may be unable to read what is somebody's own; that somebody isn't.
    password=$("$common/as-owner-of.sh" "$file" cat -- "$file" 2>/dev/null) \
        || wrong_setting "$1: '$file' can't be read by user id $EUID: give the file to that user"
    password=${password%%[$'\r\n']*}
    [[ -n $password ]] || wrong_setting "$1: the first line of '$file' is empty"
}

option_value() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# client_options USER: the option file. The clients read it from a pipe, so that the password is in no
# argument and on no disk.
client_options() {
    printf '[client]\nprotocol=tcp\ndefault-character-set=utf8mb4\nport=%s\n' "$DB_PORT"
    printf '%s=%s\n' host "$(option_value "$DB_HOST")" user "$(option_value "${!1}")" \
        password "$(option_value "$password")"
    tls_options
    printf '!include %s\n' "$common/mariadb-dump.cnf"
}

# tls_options: what DB_TLS means, in options that the clients and MySQLdb take alike: MySQLdb's default
# is another than the clients', and its library knows no option without a value.
tls_options() {
    case $DB_TLS in
        auto) ! client_checks_servers || printf 'ssl-verify-server-cert=1\n' ;;
        off) printf 'skip-ssl\n' ;;
        verify) printf 'ssl-verify-server-cert=1\nssl-ca=%s\n' "$(option_value "$DB_TLS_CA")" ;;
    esac
}

# client_checks_servers: whether this machine's client checks a server's certificate unasked, as it does
# from MariaDB 11.4 on.
client_checks_servers() {
    [[ $(mariadb --no-defaults --help | grep '^ssl-verify-server-cert ') == *TRUE ]]
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    : "${RESTORE_USER:=restore}" "${RESTORE_PASSWORD_FILE:=/run/secrets/restore_password}"
    check_client_settings "$1"
    read_password "$2"
    client_options "$1"
fi
