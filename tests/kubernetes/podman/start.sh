#!/usr/bin/env bash
# Lets this container have groups of processes below its own, as podman needs them, and then sleeps.
set -euo pipefail

while read -r folder; do
    mount -o remount,bind,rw "$folder"
done < <(findmnt --raw --noheadings --types cgroup,cgroup2 --output TARGET)

# In version 2 a group that has groups below it may have no process of its own.
cgroups=/sys/fs/cgroup
if [[ -f $cgroups/cgroup.subtree_control ]]; then
    mkdir --parents "$cgroups/own"
    for process in $(<"$cgroups/cgroup.procs"); do
        printf '%s\n' "$process" >"$cgroups/own/cgroup.procs" || true # it may just have ended
    done
    sed 's/[^ ]*/+&/g' "$cgroups/cgroup.controllers" >"$cgroups/cgroup.subtree_control"
fi
touch /run/started
exec sleep infinity
