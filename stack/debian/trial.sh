#!/usr/bin/env bash
# Usage: trial.sh PACKAGE.deb WORK_DIR
#
# Try the Debian package on a Debian 12 of its own, booted by systemd-nspawn: installed, set up, its services started under
# systemd, killed, stopped with a call on the line, upgraded, removed, purged. Says what it saw; ends with 1 at the first
# thing that is not as it should be. Needs root, mmdebstrap, systemd-nspawn (systemd-container), a Debian mirror, and of
# this checkout var/asterisk-tree, var/sounds and .venv/bin/weed. Ten minutes at most; the machine has no network.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
package=$(realpath "$1") work=$(realpath -m "$2")
checkout=$(realpath "$(dirname "$0")/../..")
here=$checkout/stack/debian machine=$work/machine
mkdir -p "$work"

if [ ! -f "$work/debian.tar" ]; then
    mmdebstrap --mode=root --variant=minbase --dpkgopt=force-unsafe-io \
        --include=systemd-sysv,dbus,iproute2,ca-certificates,procps,curl,sudo,logrotate,postgresql,lintian \
        bookworm "$work/debian.partial.tar" >"$work/debian.log" 2>&1
    mv "$work/debian.partial.tar" "$work/debian.tar"
fi
! mountpoint -q "$machine/dev" || umount --lazy "$machine/dev"
rm -rf --one-file-system "$machine"
mkdir "$machine"
tar -C "$machine" -xf "$work/debian.tar" --exclude './dev/*'
cp "$package" "$machine/root/callcenter.deb"
cp "$here/trial_inside.sh" "$checkout/storage/seaweedfs.sh" "$checkout/.venv/bin/weed" "$machine/usr/local/bin/"
cp --dereference /etc/resolv.conf "$machine/etc/resolv.conf"
# Another machine may have PostgreSQL's port; this one has a network of its own.
sed -i 's/^port = .*/port = 5432/' "$machine"/etc/postgresql/15/main/postgresql.conf

echo "install: what the package depends on comes from Debian, the rest from the package"
printf '#!/bin/sh\nexit 101\n' >"$machine/usr/sbin/policy-rc.d"
chmod +x "$machine/usr/sbin/policy-rc.d"
mount -t proc proc "$machine/proc"
mount --rbind --make-rslave /dev "$machine/dev"
trap 'umount --lazy "$machine/proc" "$machine/dev" 2>/dev/null || true' EXIT
chroot "$machine" sh -c 'export DEBIAN_FRONTEND=noninteractive
    apt-get update && apt-get install -y --no-install-recommends /root/callcenter.deb' >"$work/install.log" 2>&1 ||
    { tail -n 20 "$work/install.log" >&2; exit 1; }
umount --lazy "$machine/proc" "$machine/dev"
rm "$machine/usr/sbin/policy-rc.d"

systemd-nspawn --quiet --register=no --keep-unit --resolv-conf=off --machine=trial --directory="$machine" \
    --private-network --console=pipe --bind-ro="$checkout/var/asterisk-tree:/srv/callcenter/asterisk" \
    --bind-ro="$checkout/var/sounds:/srv/callcenter/sounds" --boot </dev/null >"$work/boot.log" 2>&1 &
nspawn=$!
# Its systemd, asked to power off, ends the machine.
end() {
    leader=$(pgrep -P "$nspawn" || true)
    [ -z "$leader" ] || kill -RTMIN+4 "$leader"
    wait "$nspawn" || true
}
trap end EXIT
until leader=$(pgrep -P "$nspawn"); do sleep 0.2; done
until nsenter -t "$leader" -a test -S /run/systemd/private 2>/dev/null; do sleep 0.5; done
nsenter -t "$leader" -a bash /usr/local/bin/trial_inside.sh
