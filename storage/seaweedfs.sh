#!/bin/sh
# Usage: seaweedfs.sh WEED DATA CONFIG [FLAG...]
#
# Run SeaweedFS with its S3 gateway, its files in DATA: in the local stack and in the image alike. It has two accounts:
# S3_ADMIN_ACCESS_KEY and S3_ADMIN_SECRET_KEY may do everything, and make the bucket; S3_ACCESS_KEY and S3_SECRET_KEY are
# the service's, which reads, writes and locks objects of S3_BUCKET, but cannot remove a locked one. The keys are written
# to CONFIG, which only this user can read; S3_ACCESS_KEY_FILE and so on name files with them. Addresses, ports and all that differs from place to place come as FLAGs; a
# later flag wins over an earlier one.
set -eu
[ $# -ge 3 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
weed=$1 data=$2 config=$3
shift 3
: "${S3_BUCKET:?is not set}"
from_file() { [ -z "$1" ] || cat "$1"; }
: "${S3_ADMIN_ACCESS_KEY:=$(from_file "${S3_ADMIN_ACCESS_KEY_FILE:-}")}"
: "${S3_ADMIN_SECRET_KEY:=$(from_file "${S3_ADMIN_SECRET_KEY_FILE:-}")}"
: "${S3_ACCESS_KEY:=$(from_file "${S3_ACCESS_KEY_FILE:-}")}"
: "${S3_SECRET_KEY:=$(from_file "${S3_SECRET_KEY_FILE:-}")}"
for word in "${S3_ADMIN_ACCESS_KEY:?is not set}" "${S3_ADMIN_SECRET_KEY:?is not set}" \
    "${S3_ACCESS_KEY:?is not set}" "${S3_SECRET_KEY:?is not set}" "$S3_BUCKET"; do
    case $word in
        *[!A-Za-z0-9_.~+/=-]*) echo "seaweedfs.sh: a key or bucket may hold letters, digits and _.~+/=- only" >&2; exit 2 ;;
    esac
done

# Write is what SeaweedFS needs for an upload; it knows no narrower right. Nothing here is BypassGovernanceRetention, and
# without Admin there are no new buckets, bucket policies or changes of the bucket's object lock.
umask 077
cat >"$config" <<JSON
{"identities": [{
    "name": "admin",
    "credentials": [{"accessKey": "$S3_ADMIN_ACCESS_KEY", "secretKey": "$S3_ADMIN_SECRET_KEY"}],
    "actions": ["Admin"]
}, {
    "name": "callcenter",
    "credentials": [{"accessKey": "$S3_ACCESS_KEY", "secretKey": "$S3_SECRET_KEY"}],
    "actions": [
        "Read:$S3_BUCKET", "Write:$S3_BUCKET", "List:$S3_BUCKET", "GetBucketObjectLockConfiguration:$S3_BUCKET",
        "GetObjectRetention:$S3_BUCKET/*", "PutObjectRetention:$S3_BUCKET/*",
        "GetObjectLegalHold:$S3_BUCKET/*", "PutObjectLegalHold:$S3_BUCKET/*"
    ]
}]}
JSON
unset S3_ADMIN_ACCESS_KEY S3_ADMIN_SECRET_KEY S3_ACCESS_KEY S3_SECRET_KEY

# It reports nothing to anybody. A lone master has nobody to elect with, and learns from its volumes what it forgot:
# that saves ten seconds.
exec "$weed" -logtostderr=true server -dir="$data" -filer=true \
    -master.telemetry=false -master.resumeState=false -master.electionTimeout=1s -master.volumeSizeLimitMB=256 \
    -volume.max=0 -volume.preStopSeconds=0 \
    -s3=true -s3.config="$config" -s3.iam=false -s3.port.iceberg=0 -s3.port.lance=0 \
    -s3.localSocket="$data/s3.sock" -filer.localSocket="$data/filer.sock" \
    "$@"
