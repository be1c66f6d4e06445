#!/bin/sh
# Usage: seaweedfs.sh WEED DATA CONFIG [FLAG...]
#
# Run SeaweedFS with its S3 gateway, one pair of keys, its files in DATA: in the local stack and in the image alike.
# S3_ACCESS_KEY and S3_SECRET_KEY hold the keys, written to CONFIG, which only this user can read. Addresses, ports and
# all that differs from place to place come as FLAGs; a later flag wins over an earlier one.
set -eu
[ $# -ge 3 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
weed=$1 data=$2 config=$3
shift 3
for key in "${S3_ACCESS_KEY:?is not set}" "${S3_SECRET_KEY:?is not set}"; do
    case $key in
        *[!A-Za-z0-9_.~+/=-]*) echo "seaweedfs.sh: a key may hold letters, digits and _.~+/=- only" >&2; exit 2 ;;
    esac
done

umask 077
cat >"$config" <<JSON
{"identities": [{
    "name": "callcenter",
    "credentials": [{"accessKey": "$S3_ACCESS_KEY", "secretKey": "$S3_SECRET_KEY"}],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"]
}]}
JSON
unset S3_ACCESS_KEY S3_SECRET_KEY

# It reports nothing to anybody. A lone master has nobody to elect with, and learns from its volumes what it forgot:
# that saves ten seconds.
exec "$weed" -logtostderr=true server -dir="$data" -filer=true \
    -master.telemetry=false -master.resumeState=false -master.electionTimeout=1s -master.volumeSizeLimitMB=256 \
    -volume.max=0 -volume.preStopSeconds=0 \
    -s3=true -s3.config="$config" -s3.iam=false -s3.port.iceberg=0 -s3.port.lance=0 \
    -s3.localSocket="$data/s3.sock" -filer.localSocket="$data/filer.sock" \
    "$@"
