#!/usr/bin/env bash
# Leaves the account that dumps the sample database the smallest rights that a full dump needs. The
# image made it just before, with all rights. Runs in the database's container, once.
set -euo pipefail

user=${MARIADB_USER//\\/\\\\}
user="'${user//\'/\'\'}'@'%'"
MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb --user=root <<SQL
REVOKE ALL PRIVILEGES, GRANT OPTION FROM $user;
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, SHOW CREATE ROUTINE ON FACULDADE.* TO $user;
SQL
