# shellcheck shell=bash
# Sourced: the settings that every bash script here shares, with their defaults.
: "${DUMPS_DIR:=/dumps}" "${LOGS_DIR:=/logs}" "${TZ:=America/Sao_Paulo}"
export DUMPS_DIR LOGS_DIR TZ
