#!/bin/sh
# Starts the embedded store. Runs in the official SeaweedFS image, whose shell is BusyBox's.
#
# Master, volume server and filer ask nobody for keys, so they listen on the loopback interface; only
# the S3 server, which is a process of its own for that, listens to other containers.
set -eu
umask 077

readonly CREDENTIALS=/store/credentials.txt # a volume that the services with a use for it mount, too

# random LENGTH: so many letters and digits.
random() {
    LC_ALL=C tr -dc A-Za-z0-9 </dev/urandom | head -c "$1"
}

# The account's keys are made once, at the first start.
make_credentials() {
    [ ! -s "$CREDENTIALS" ] || return 0
    printf '%s\n%s\ndatabase-dumps\n' "$(random 20)" "$(random 40)" >"$CREDENTIALS.new"
    sync
    mv "$CREDENTIALS.new" "$CREDENTIALS"
}

write_account() {
    { read -r access_key && read -r secret_key; } <"$CREDENTIALS"
    cat >/tmp/s3.json <<EOF
{"identities": [{"name": "backup", "actions": ["Admin"],
  "credentials": [{"accessKey": "$access_key", "secretKey": "$secret_key"}]}]}
EOF
}

# What the processes sign for each other is valid for seconds: these keys needn't outlive them. With
# them the S3 server's gRPC port, which listens where its S3 port does, asks for a signature, too;
# without, everybody could make an account there.
make_signing_keys() {
    WEED_JWT_SIGNING_KEY=$(random 40)
    WEED_JWT_FILER_SIGNING_KEY=$(random 40)
    WEED_JWT_FILER_SIGNING_READ_KEY=$(random 40)
    export WEED_JWT_SIGNING_KEY WEED_JWT_FILER_SIGNING_KEY WEED_JWT_FILER_SIGNING_READ_KEY
}

# Without a limit for its readers, one download of 1 GiB takes all the memory of the container.
serve_s3() {
    weed s3 -ip=127.0.0.1 -ip.bind=0.0.0.0 -filer=127.0.0.1:8888 -config=/tmp/s3.json \
        -autoCreateBucket=false -allowDeleteBucketNotEmpty=false -iam=false \
        -port.iceberg=0 -port.lance=0 -readerCacheSizeMB=128
}

if [ -n "${DB_HOST:-}" ]; then
    printf 'warning: the backups of %s lie on this machine only, in a volume, and are lost with it: set %s\n' \
        "$DB_HOST" 'CREDENTIALS_FILE and AWS_ENDPOINT_URL_S3 in .env, as the README says in "Going to AWS"' >&2
fi
make_credentials
write_account
make_signing_keys

# Neither goes on without the other: $$ is mini, and the container ends with it.
{
    serve_s3 || true
    kill $$
} &
# mini stops at once where server takes 25 seconds. What else it would offer stays off.
exec weed mini -dir=/data -ip=127.0.0.1 -ip.bind=127.0.0.1 -s3=false -webdav=false -admin.ui=false \
    -master.telemetry=false -volume.max=500
