# shellcheck shell=bash
# Sourced: the settings that every bash script here shares, with their defaults. At the top, since images
# call it, too: one that was built before an update has to find it still.
: "${DUMPS_DIR:=/dumps}" "${LOGS_DIR:=/logs}" "${TZ:=America/Sao_Paulo}"
export DUMPS_DIR LOGS_DIR TZ
