#!/usr/bin/env bash
# The two tests of the official image's healthcheck.sh that the compose file uses.
set -euo pipefail

for test; do
    case $test in
        # Over TCP, since the server that runs during initialisation has no network.
        --connect) mariadb-admin --protocol=tcp --host=127.0.0.1 --user=healthcheck --skip-ssl ping 2>&1 \
            | grep -qE 'alive|Access denied' ;;
        --innodb_initialized) [[ -s /var/lib/mysql/ibdata1 ]] ;;
        *) printf 'healthcheck.sh: unknown test %s\n' "$test" >&2 && exit 1 ;;
    esac
done
