#!/usr/bin/env bash
# Makes the account that restores the sample database, with the rights that scripts/restore-from-s3.md has granted.
# Runs in the database's container, once.
set -euo pipefail

password=$(</run/secrets/restore_password)
password=${password//\\/\\\\}
user=${RESTORE_USER//\\/\\\\}
user="'${user//\'/\'\'}'@'%'"
MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb --user=root <<SQL
CREATE USER $user IDENTIFIED BY '${password//\'/\'\'}';
GRANT ALL PRIVILEGES ON FACULDADE.* TO $user;
GRANT ALL PRIVILEGES ON \`FACULDADE\_%\`.* TO $user;
GRANT SET USER, PROCESS ON *.* TO $user;
SQL
