#!/usr/bin/env bash
# as-owner-of.sh PATH COMMAND [ARGUMENT...]: runs the command as the owner of PATH where that takes a
# change of user, which only root can make. A container's root without DAC_OVERRIDE can't write into
# somebody else's folder, and what it wrote elsewhere would not be that person's.
set -euo pipefail

path=$1
shift
read -r owner group < <(stat -L -c '%u %g' -- "$path")
if ((EUID == 0 && owner != 0)); then
    exec setpriv --reuid="$owner" --regid="$group" --clear-groups -- "$@"
fi
exec "$@"
