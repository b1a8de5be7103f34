# shellcheck shell=bash
# Sourced: dumps encrypted to public keys. This host holds none that opens them.

recipients='' # lines of AGE_RECIPIENTS_FILE: whom dumps are encrypted to; none where they aren't

# read_recipients: checked by age itself, since whom a dump is encrypted to nobody could add later.
read_recipients() {
    local file=$AGE_RECIPIENTS_FILE said
    [[ -n $(type -P age) ]] || wrong_setting "AGE_RECIPIENTS_FILE: there is no age here, as in an image of before: docker compose build"
    [[ -e $file && ! -d $file ]] || wrong_setting "AGE_RECIPIENTS_FILE: user id $EUID finds no file '$file'"
    # shellcheck disable=SC2154 # common is database_client.sh's
    recipients=$("$common/as-owner-of.sh" "$file" cat -- "$file" 2>/dev/null) \
        || wrong_setting "AGE_RECIPIENTS_FILE: '$file' can't be read by user id $EUID: give the file to that user"
    said=$(to_recipients </dev/null 2>&1 >/dev/null) \
        || wrong_setting "AGE_RECIPIENTS_FILE: '$file' is no list of age recipients, a line each: ${said%%$'\n'*}"
}

# to_recipients: standard input to standard output. It ends well whatever was before it in the stream.
to_recipients() {
    nice age --encrypt --recipients-file <(printf '%s\n' "$recipients")
}

# encrypted COMMAND...: what the command prints, encrypted where that was asked for.
encrypted() {
    if [[ -z $recipients ]]; then
        "$@"
    else
        "$@" | to_recipients
    fi
}
