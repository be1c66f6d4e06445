#!/bin/sh
# Usage: docker/make-env.sh ADDRESS TRUNK...
#        docker/make-env.sh --add-missing
#
# Write .env for docker-compose.yml, with fresh secrets. ADDRESS is this machine's address for telephones and the
# telephone company; each TRUNK is an address or network (192.0.2.0/28) from which the company sends calls.
# What an existing .env says is never changed; --add-missing adds the secrets that a newer version needs.
set -eu
file=$(dirname "$0")/../.env
umask 077

# Keys are 32 bytes: the one that evidence packs are signed with, the one that secrets are encrypted with. Keep copies.
key() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
secrets() {
    cat <<ENV
CALLCENTER_AMI__EVENTS_SECRET='$(secret)'
CALLCENTER_AMI__ACTIONS_SECRET='$(secret)'
CALLCENTER_S3__ACCESS_KEY='$(secret)'
CALLCENTER_S3__SECRET_KEY='$(secret)'
CALLCENTER_HANDOVER__SECRET='$(secret)'
CALLCENTER_EVIDENCE__KEY='$(key)'
CALLCENTER_SECRETS__KEYS='["$(key)"]'
POSTGRES_PASSWORD='$(secret)'
POSTGRES_SERVICE_PASSWORD='$(secret)'
S3_ADMIN_ACCESS_KEY='$(secret)'
S3_ADMIN_SECRET_KEY='$(secret)'
ENV
}

if [ "$*" = --add-missing ]; then
    [ -e "$file" ] || { echo "make-env.sh: there is no .env to add to" >&2; exit 1; }
    [ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
    secrets | while IFS= read -r line; do
        name=${line%%=*}
        grep -q "^$name=" "$file" || { printf '%s\n' "$line" >>"$file"; echo "added $name"; }
    done
    exit
fi

[ $# -ge 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
for address in "$@"; do
    case $address in
        '' | *[!0-9a-fA-F.:/]*) echo "make-env.sh: '$address' is no IP address or network" >&2; exit 2 ;;
    esac
done
case $1 in
    0.0.0.0 | :: | */*) echo "make-env.sh: ADDRESS must be one address of this machine, not $1" >&2; exit 2 ;;
esac
[ ! -e "$file" ] || { echo "make-env.sh: .env exists; move it away to make a new one" >&2; exit 1; }

address=$1
shift
trunks=$(printf '"%s",' "$@")
set -C
cat >"$file" <<ENV
# Made by docker/make-env.sh. Every setting of docs/settings.md may be added here.
CALLCENTER_ASTERISK__BIND='$address'
CALLCENTER_ASTERISK__TRUNK_ADDRESSES='[${trunks%,}]'
$(secrets)
ENV
echo "wrote .env; next: docker compose up --build --detach"
