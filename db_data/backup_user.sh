#!/usr/bin/env bash
# Makes the account that dumps the sample database, with the smallest rights that a full dump needs.
# Runs in the database's container, once, before or after FACULDADE.sql is loaded.
set -euo pipefail

sql_string() {
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\\\'}"
}

# Assigned first: an error inside of a here-document would go unseen, and leave an empty password.
IFS=$'\r' read -r root_password <"$MARIADB_ROOT_PASSWORD_FILE"
IFS=$'\r' read -r password <"$BACKUP_PASSWORD_FILE"

MYSQL_PWD=$root_password mariadb --user=root <<SQL
CREATE USER $(sql_string "$BACKUP_USER")@'%' IDENTIFIED BY $(sql_string "$password");
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, SHOW CREATE ROUTINE ON FACULDADE.* TO $(sql_string "$BACKUP_USER")@'%';
SQL
