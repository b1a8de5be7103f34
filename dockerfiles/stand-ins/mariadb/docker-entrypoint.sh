#!/usr/bin/env bash
# The documented part of the official image's entrypoint: MARIADB_* variables and their *_FILE forms,
# /docker-entrypoint-initdb.d, arguments for mariadbd. See the official image's documentation.
set -Eeuo pipefail
shopt -s nullglob

readonly DATA=/var/lib/mysql
readonly SOCKET=/run/mysqld/mysqld.sock

log() {
    printf '[entrypoint] %s\n' "$*" >&2
}

# read_setting NAME [DEFAULT]: sets NAME from NAME_FILE where that is given.
read_setting() {
    local name=$1 file_name=$1_FILE
    if [[ -n ${!name:-} && -n ${!file_name:-} ]]; then
        log "both $name and $file_name are set: one of them, please"
        exit 1
    fi
    if [[ -n ${!file_name:-} ]]; then
        printf -v "$name" '%s' "$(<"${!file_name}")"
        unset "$file_name"
    elif [[ -z ${!name:-} ]]; then
        printf -v "$name" '%s' "${2:-}"
    fi
    export "${name?}"
}

read_settings() {
    read_setting MARIADB_ROOT_PASSWORD
    read_setting MARIADB_ROOT_HOST %
    read_setting MARIADB_DATABASE
    read_setting MARIADB_USER
    read_setting MARIADB_PASSWORD
    if [[ -n ${MARIADB_RANDOM_ROOT_PASSWORD:-} ]]; then
        unset MARIADB_RANDOM_ROOT_PASSWORD
        MARIADB_ROOT_PASSWORD=$(head -c 24 /dev/urandom | base64)
        log "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
    fi
    if [[ -z $MARIADB_ROOT_PASSWORD && -z ${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-} ]]; then
        log 'set one of MARIADB_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD, MARIADB_RANDOM_ROOT_PASSWORD'
        exit 1
    fi
}

sql_string() {
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\\\'}"
}

# docker_process_sql [OPTION...]: SQL from standard input as root; the init scripts may call it.
docker_process_sql() {
    local database=()
    [[ -z $MARIADB_DATABASE ]] || database=("--database=$MARIADB_DATABASE")
    MYSQL_PWD=$root_password mariadb --protocol=socket --socket="$SOCKET" -uroot "${database[@]}" "$@"
}

start_temporary_server() {
    "$@" --skip-networking --socket="$SOCKET" &
    server=$!
    for _ in {1..120}; do
        mariadb-admin --protocol=socket --socket="$SOCKET" -uroot ping >/dev/null 2>&1 && return
        kill -0 "$server" 2>/dev/null || break
        sleep 0.5
    done
    log 'the server does not start'
    exit 1
}

stop_temporary_server() {
    kill "$server"
    wait "$server"
}

create_users() {
    local root_literal
    root_literal=$(sql_string "$MARIADB_ROOT_PASSWORD")
    mariadb --protocol=socket --socket="$SOCKET" -uroot <<-SQL
		CREATE USER root@$(sql_string "$MARIADB_ROOT_HOST") IDENTIFIED BY $root_literal;
		GRANT ALL ON *.* TO root@$(sql_string "$MARIADB_ROOT_HOST") WITH GRANT OPTION;
		CREATE USER healthcheck@localhost IDENTIFIED VIA unix_socket OR mysql_native_password USING 'invalid';
		SET PASSWORD FOR root@localhost = PASSWORD($root_literal);
	SQL
    root_password=$MARIADB_ROOT_PASSWORD
}

create_database() {
    [[ -n $MARIADB_DATABASE ]] || return 0
    local name="\`${MARIADB_DATABASE//\`/\`\`}\`"
    mariadb_root_sql "CREATE DATABASE IF NOT EXISTS $name"
    [[ -n $MARIADB_USER && -n $MARIADB_PASSWORD ]] || return 0
    mariadb_root_sql "CREATE USER $(sql_string "$MARIADB_USER")@'%' IDENTIFIED BY $(sql_string "$MARIADB_PASSWORD")"
    mariadb_root_sql "GRANT ALL ON $name.* TO $(sql_string "$MARIADB_USER")@'%'"
}

mariadb_root_sql() {
    MARIADB_DATABASE='' docker_process_sql -e "$1"
}

run_init_files() {
    local file
    # shellcheck disable=SC1090 # init scripts are the user's
    for file in /docker-entrypoint-initdb.d/*; do
        log "$file"
        case $file in
            *.sh) if [[ -x $file ]]; then "$file"; else . "$file"; fi ;;
            *.sql) docker_process_sql <"$file" ;;
            *.sql.gz) gzip -dc "$file" | docker_process_sql ;;
            *.sql.zst) zstd -dc "$file" | docker_process_sql ;;
            *) log "ignoring $file" ;;
        esac
    done
}

initialise() {
    log 'initialising the database'
    mariadb-install-db --datadir="$DATA" --auth-root-authentication-method=normal --skip-test-db >/dev/null
    root_password=''
    start_temporary_server "$@"
    create_users
    create_database
    run_init_files
    stop_temporary_server
    log 'initialised'
}

main() {
    [[ ${1:-} != -* ]] || set -- mariadbd "$@"
    if [[ $1 == mariadbd && ! -d $DATA/mysql ]]; then
        read_settings # as root, who may read any secret
    fi
    if [[ $1 == mariadbd && $EUID -eq 0 ]]; then
        chown mysql:mysql "$DATA" /run/mysqld
        exec setpriv --reuid=mysql --regid=mysql --clear-groups -- "${BASH_SOURCE[0]}" "$@"
    fi
    if [[ $1 == mariadbd ]]; then
        set -- "$@" --bind-address=0.0.0.0
        [[ -d $DATA/mysql ]] || initialise "$@"
    fi
    exec "$@"
}

main "$@"
