#!/usr/bin/env bash
# Makes the account that dumps the sample database, with the smallest rights that a full dump needs.
# Runs in the database's container, once, before or after FACULDADE.sql is loaded.
set -euo pipefail

sql_string() {
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\\\'}"
}

MYSQL_PWD=$(<"$MARIADB_ROOT_PASSWORD_FILE") mariadb --user=root <<SQL
CREATE USER $(sql_string "$BACKUP_USER")@'%' IDENTIFIED BY $(sql_string "$(<"$BACKUP_PASSWORD_FILE")");
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, SHOW CREATE ROUTINE ON FACULDADE.* TO $(sql_string "$BACKUP_USER")@'%';
SQL
