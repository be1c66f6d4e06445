#!/bin/bash
# Installs everything that the local stack needs, and with --tests what only the tests need. Each step leaves a stamp in
# var/ and is not done again until what it depends on changes. Needs Debian or Ubuntu, root, and Python 3.11 or newer.
set -euo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive
mkdir -p var/log var/stamps
exec 9>var/setup.lock && flock 9 # one at a time

# step NAME TEXT COMMAND...: run COMMAND with its output in var/log/setup-NAME.log, and say how long it took.
step() {
    local name=$1 text=$2 log=var/log/setup-$1.log began=$SECONDS
    shift 2
    printf '  %s … ' "$text"
    if "$@" >"$log" 2>&1 </dev/null; then
        printf '%d s\n' $((SECONDS - began))
    else
        printf 'failed after %d s\n' $((SECONDS - began))
        { echo "The end of $log:" && tail -n 25 "$log" | sed 's/^/    /'; } >&2
        exit 1
    fi
}

# beside COMMAND...: run it while other steps run; what it says is told by `together`, which waits for all of these.
declare -A besides=()
beside() {
    "$@" >"var/log/setup-beside-$1.log" 2>&1 </dev/null &
    besides[$1]=$!
}
together() {
    local name failed=0
    for name in "${!besides[@]}"; do
        wait "${besides[$name]}" || failed=1
        cat "var/log/setup-beside-$name.log"
    done
    besides=()
    return "$failed"
}

# stamped NAME FILE...: true when the step NAME was done with these very FILES.
stamped() { [ "$(cat "var/stamps/$1" 2>/dev/null)" = "$(shift && cat -- "$@" | sha256sum)" ]; }
stamp() { cat -- "${@:2}" | sha256sum >"var/stamps/$1"; }

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if suits "$name"; then echo "$name" && return; fi
    done
    echo "Python 3.11 or newer is needed, and none of python3, python3.13, python3.12, python3.11 is that." >&2
    return 1
}

apt_get() {
    apt-get update && apt-get install -y --no-install-recommends "$@"
}

make_venv() {
    rm -rf .venv && "$1" -m venv .venv &&
        .venv/bin/pip install --disable-pip-version-check --no-cache-dir --require-hashes -r requirements.lock
}

# mmdebstrap makes the Asterisk tree; sipp and sox are for the load tool; festival and espeak-ng speak; ffmpeg makes the
# copies that people listen to.
commands=(mmdebstrap:mmdebstrap sipp:sip-tester sox:sox unshare:util-linux ffmpeg:ffmpeg)
commands+=(festival:festival espeak-ng:espeak-ng)
commands+=(ip:iproute2 openssl:openssl)
if [ "${1:-}" = --tests ]; then
    # The tests of trunks have networks of their own, with a router between them, and a telephone at home; in others clocks jump,
    # and an original is had from its FLAC without this program.
    commands+=(chromium:chromium nft:nftables baresip:baresip-core faketime:faketime flac:flac)
fi
missing=()
for pair in "${commands[@]}"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
done
[ -d /usr/share/festival/voices/russian ] || missing+=(festvox-ru)
# Fonts for the printed page of an evidence pack.
[ -f /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || missing+=(fonts-dejavu-core)
if ! [ -x .venv/bin/python ]; then
    python=$(find_python)
    # Debian keeps the part of Python that makes environments in a package of its own.
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        missing+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
fi
if [ ${#missing[@]} -gt 0 ]; then
    [ "$(id -u)" = 0 ] || { echo "Run this as root: these packages are missing: ${missing[*]}" >&2 && exit 1; }
    step packages "Debian packages: ${missing[*]}" apt_get "${missing[@]}"
fi

recipe=(asterisk/tree.sh asterisk/packages asterisk/excluded)
make_tree() {
    step tree "Asterisk in a Debian tree of its own, about 400 MB" asterisk/tree.sh var/asterisk-tree
    stamp tree "${recipe[@]}"
}
stamped tree "${recipe[@]}" || beside make_tree

if ! [ -x .venv/bin/python ] || ! stamped venv requirements.lock; then
    step venv "Python packages, as locked, into .venv" make_venv "${python:-$(find_python)}"
    stamp venv requirements.lock
fi

packages=(package.json package-lock.json)
bundle=callcenter/calls/static/jssip.js
if ! [ -d node_modules ] || ! [ -f "$bundle" ] || ! stamped scripts "${packages[@]}"; then
    step scripts "JsSIP, the telephone in the browser, TypeScript and axe-core, as locked, into node_modules" \
        .venv/bin/npm ci --ignore-scripts --no-audit --no-fund
    step bundle "JsSIP as one file for browsers" env PATH="$PWD/.venv/bin:$PATH" npm run build
    stamp scripts "${packages[@]}"
    .venv/bin/python -m stack sizes
fi

phrases=(asterisk/sounds/phrases.txt $(find callcenter/speech -name '*.py' | sort))
if ! stamped sounds "${phrases[@]}"; then
    step sounds "Phrases for callers, spoken by festival and espeak-ng" \
        env CALLCENTER_SPEECH__CACHE="${CALLCENTER_SPEECH__CACHE:-$PWD/var/speech}" \
        .venv/bin/python -m callcenter speak-phrases var/sounds
    stamp sounds "${phrases[@]}"
fi
together

[ "${1:-}" = --tests ] || exit 0

# The samples of docs/install.md are tried with these. Unpacked, not installed: nothing is started, nothing is configured.
tools=(nginx caddy fail2ban logrotate pgbouncer libc-ares2 libevent-2.1-7 libpopt0)
tools+=(postgresql-15 postgresql-client-15 libllvm14)
unpack_tools() (
    folder=$PWD/var/tools
    rm -rf "$folder" && mkdir -p "$folder/packages" && cd "$folder/packages" && apt-get update || exit
    for name in "${tools[@]}"; do
        # Since its change to 64-bit times Debian has some libraries under another name.
        apt-get download "$name" || apt-get download "${name}t64" || exit
    done
    # Debian stable has no Compose of today's format; from the archive that this machine takes its packages from.
    archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -1)
    signed=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p unstable/lists/partial && echo "deb [signed-by=$signed] $archive sid main" >unstable/sources.list || exit
    unstable=(-o "Dir::Etc::sourcelist=$PWD/unstable/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root)
    unstable+=(-o "Dir::State::lists=$PWD/unstable/lists" -o "Dir::Cache=$PWD/unstable")
    apt-get "${unstable[@]}" update && apt-get "${unstable[@]}" download docker-compose || exit
    for name in *.deb; do dpkg-deb -x "$name" "$folder" || exit; done
)
make_tools() {
    step tools "nginx, Caddy, fail2ban, logrotate, PgBouncer, Compose and PostgreSQL 15, which the tests try the product with" unpack_tools
    echo "${tools[*]} docker-compose" >var/stamps/tools
}
[ "$(cat var/stamps/tools 2>/dev/null)" = "${tools[*]} docker-compose" ] || beside make_tools

make_store() {
    rm -rf var/moto && "$1" -m venv var/moto &&
        var/moto/bin/pip install --disable-pip-version-check --no-cache-dir --require-hashes -r tests/data/moto.lock
}
if ! stamped moto tests/data/moto.lock; then
    step moto "moto, an S3 store that is none of ours, in an environment of its own" make_store "$(find_python)"
    stamp moto tests/data/moto.lock
fi

fetch_wheels() {
    step wheels "The Python packages that the Debian package holds" .venv/bin/python -m stack.debian.build --fetch
    stamp wheels requirements-run.lock
}
stamped wheels requirements-run.lock || beside fetch_wheels
together
