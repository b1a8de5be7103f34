#!/usr/bin/env bash
# entrypoint.sh COMMAND...: hands over folders that Docker has just made, then runs the command.
#
# Docker makes a missing folder of a bind mount as root's. It belongs to the person whose project this
# is: the owner of the other folder, or of the clone that the scripts are mounted from.
set -euo pipefail

first_owner_but_root() {
    local path owner
    for path; do
        owner=$(stat -c %u:%g -- "$path")
        if [[ $owner != 0:* ]]; then
            printf '%s' "$owner"
            return
        fi
    done
}

is_new() {
    [[ -O $1 && -z $(ls -A -- "$1") ]]
}

hand_over_new_folders() {
    local owner folder
    owner=$(first_owner_but_root /dumps /logs /scripts)
    [[ -n $owner ]] || return 0
    for folder in /dumps /logs; do
        if is_new "$folder"; then
            chown "$owner" "$folder"
        fi
    done
}

((EUID != 0)) || hand_over_new_folders
exec "$@"
