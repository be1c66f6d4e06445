#!/bin/sh
# Usage: docker/make-env.sh ADDRESS TRUNK...
#        docker/make-env.sh --add-missing
#
# Write .env for docker-compose.yml, and fresh secrets, each in a file of its own in secrets/. ADDRESS is this machine's
# address for telephones and the telephone company; each TRUNK is an address or network (192.0.2.0/28) from which the
# company sends calls. What is there is never changed; --add-missing adds the secrets that a newer version needs, and moves
# those that an older one kept in .env.
set -eu
file=$(dirname "$0")/../.env
folder=$(dirname "$0")/../secrets
umask 077

# Keys are 32 bytes: the one that evidence packs are signed with, the one that secrets are encrypted with. Keep copies.
key() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# was NAME: what an older .env says.
was() { [ ! -e "$file" ] || sed -n "s/^$1='\(.*\)'\$/\1/p" "$file" | tail -n 1; }

# keep FILE NAME VALUE: the secret, unless there is one; NAME is how an older .env calls it. The folder is shut: each service is
# given its own files, and its user, whoever that is there, must be able to read them.
keep() {
    [ ! -e "$folder/$1" ] || return 0
    old=$(was "$2")
    printf '%s' "${old:-$3}" >"$folder/$1"
    chmod 0444 "$folder/$1"
    if [ -n "$old" ]; then echo "moved $2 to secrets/$1"; else echo "added secrets/$1"; fi
}

secrets() {
    mkdir -p -m 0700 "$folder"
    keep ami-events-secret CALLCENTER_AMI__EVENTS_SECRET "$(secret)"
    keep ami-actions-secret CALLCENTER_AMI__ACTIONS_SECRET "$(secret)"
    keep s3-access-key CALLCENTER_S3__ACCESS_KEY "$(secret)"
    keep s3-secret-key CALLCENTER_S3__SECRET_KEY "$(secret)"
    keep s3-admin-access-key S3_ADMIN_ACCESS_KEY "$(secret)"
    keep s3-admin-secret-key S3_ADMIN_SECRET_KEY "$(secret)"
    keep handover-secret CALLCENTER_HANDOVER__SECRET "$(secret)"
    keep evidence-key CALLCENTER_EVIDENCE__KEY "$(key)"
    keep secrets-keys CALLCENTER_SECRETS__KEYS "[\"$(key)\"]"
    keep postgres-password POSTGRES_PASSWORD "$(secret)"
    # Where the server is, PGHOST and PGPORT say.
    service=$(was POSTGRES_SERVICE_PASSWORD)
    keep database-url '' "postgresql://callcenter_service:${service:-$(secret)}@/callcenter"
    keep owner-url '' "postgresql://callcenter:$(cat "$folder/postgres-password")@/callcenter"
}

if [ "$*" = --add-missing ]; then
    [ -e "$file" ] || { echo "make-env.sh: there is no .env to add to" >&2; exit 1; }
    secrets
    left='AMI__EVENTS_SECRET|AMI__ACTIONS_SECRET|S3__ACCESS_KEY|S3__SECRET_KEY|HANDOVER__SECRET|EVIDENCE__KEY|SECRETS__KEYS'
    left="^(CALLCENTER_($left)|POSTGRES_PASSWORD|POSTGRES_SERVICE_PASSWORD|S3_ADMIN_ACCESS_KEY|S3_ADMIN_SECRET_KEY)="
    if grep -qE "$left" "$file"; then
        cp "$file" "$folder/env.before"
        grep -vE "$left" "$folder/env.before" >"$file"
    fi
    exit
fi

[ $# -ge 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
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
secrets >/dev/null
set -C
cat >"$file" <<ENV
# Made by docker/make-env.sh. Every setting of docs/settings.md may be added here; secrets are in secrets/.
CALLCENTER_ASTERISK__BIND='$address'
CALLCENTER_ASTERISK__TRUNK_ADDRESSES='[${trunks%,}]'
ENV
echo "wrote .env and secrets/; next: docker compose up --build --detach"
