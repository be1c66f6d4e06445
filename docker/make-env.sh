#!/bin/sh
# Usage: docker/make-env.sh ADDRESS TRUNK...
#
# Write .env for docker-compose.yml, with fresh secrets. ADDRESS is this machine's address for telephones and the
# telephone company; each TRUNK is an address or network (192.0.2.0/28) from which the company sends calls.
# An existing .env is never overwritten.
set -eu
[ $# -ge 2 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
for address in "$@"; do
    case $address in
        '' | *[!0-9a-fA-F.:/]*) echo "make-env.sh: '$address' is no IP address or network" >&2; exit 2 ;;
    esac
done
case $1 in
    0.0.0.0 | :: | */*) echo "make-env.sh: ADDRESS must be one address of this machine, not $1" >&2; exit 2 ;;
esac
file=$(dirname "$0")/../.env
[ ! -e "$file" ] || { echo "make-env.sh: .env exists; move it away to make a new one" >&2; exit 1; }

# The key that evidence packs are signed with: 32 bytes. Keep a copy of it apart.
key() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
address=$1
shift
trunks=$(printf '"%s",' "$@")

umask 077
set -C
cat >"$file" <<ENV
# Made by docker/make-env.sh. Every setting of docs/settings.md may be added here.
CALLCENTER_ASTERISK__BIND='$address'
CALLCENTER_ASTERISK__TRUNK_ADDRESSES='[${trunks%,}]'
CALLCENTER_AMI__EVENTS_SECRET='$(secret)'
CALLCENTER_AMI__ACTIONS_SECRET='$(secret)'
CALLCENTER_S3__ACCESS_KEY='$(secret)'
CALLCENTER_S3__SECRET_KEY='$(secret)'
CALLCENTER_HANDOVER__SECRET='$(secret)'
CALLCENTER_EVIDENCE__KEY='$(key)'
POSTGRES_PASSWORD='$(secret)'
ENV
echo "wrote .env; next: docker compose up --build --detach"
