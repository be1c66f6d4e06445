#!/usr/bin/env bash
# Usage: tree.sh TREE_DIR
#
# Make a Debian tree that holds Asterisk. Every instance on this machine shares it and none writes to it
# (see run.sh). Nothing is done when the tree is already there and was made by this recipe.
#
# Debian stable has no Asterisk, so the tree is Debian unstable; a snapshot mirror of it works as well, though
# its Release file may have expired.
set -euo pipefail
umask 022

[ $# -eq 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
tree=$(realpath -m "$1")
partial=$tree.partial
stamp=etc/callcenter-tree

# The image of Asterisk is made from the same two lists.
# The package requires the English sounds; this is their smallest form, and our own phrases replace them.
packages=$(paste -sd, "$(dirname "$0")/packages")
# Asterisk's own documentation stays: modules that describe their settings in it refuse to load without it.
mapfile -t excluded <"$(dirname "$0")/excluded"
# Asterisk looks up its own host name and this root server's at each call. run.sh names the host `asterisk`.
hosts='127.0.0.1 localhost asterisk A.ROOT-SERVERS.NET'

recipe="packages $packages
excluded ${excluded[*]}
hosts $hosts"

if [ "$(cat "$tree/$stamp" 2>/dev/null)" = "$recipe" ]; then
    echo "Asterisk tree: $tree is ready"
    exit 0
fi
command -v mmdebstrap >/dev/null || { echo "Asterisk tree: mmdebstrap is missing; apt-get install mmdebstrap" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || { echo "Asterisk tree: must be made by root" >&2; exit 1; }

echo "Asterisk tree: making $tree from Debian unstable, about half a minute and 300 MB"
rm -rf --one-file-system "$partial"
mkdir -p "$(dirname "$partial")"
mmdebstrap --mode=root --variant=apt \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "3"' \
    "${excluded[@]/#/--dpkgopt=path-exclude=}" \
    --include="$packages" sid "$partial" >"$partial.log" 2>&1 ||
    { tail -n 20 "$partial.log" >&2; echo "Asterisk tree: failed, see $partial.log" >&2; exit 1; }
echo "$hosts" >"$partial/etc/hosts"
sed -i 's/^hosts:.*/hosts: files/' "$partial/etc/nsswitch.conf"
chroot "$partial" asterisk -V
echo "$recipe" >"$partial/$stamp"
rm -rf --one-file-system "$tree"
mv "$partial" "$tree"
rm "$partial.log"
echo "Asterisk tree: $tree is ready, $(du -sh "$tree" | cut -f1)"
