#!/bin/sh
# Starts the embedded store with the account that sample_credentials.txt tells. Runs in the official
# SeaweedFS image, whose shell is BusyBox's.
set -eu

{ read -r access_key && read -r secret_key; } </run/secrets/sample_credentials
umask 077
cat >/tmp/s3.json <<EOF
{"identities": [{"name": "backup", "actions": ["Admin"],
  "credentials": [{"accessKey": "$access_key", "secretKey": "$secret_key"}]}]}
EOF

# mini stops at once where server takes 25 seconds. What else it would offer stays off.
exec weed mini -dir=/data -ip=127.0.0.1 -ip.bind=0.0.0.0 -s3.config=/tmp/s3.json \
    -s3.autoCreateBucket=false -s3.allowDeleteBucketNotEmpty=false \
    -s3.port.iceberg=0 -s3.port.lance=0 -webdav=false -admin.ui=false \
    -master.telemetry=false -volume.max=500
