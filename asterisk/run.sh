#!/usr/bin/env bash
# Usage: run.sh TREE INSTANCE_DIR
#
# Run one Asterisk from the tree that tree.sh made, with the directories of one instance:
#     etc     /etc/asterisk            what callcenter.telephony.render wrote
#     sounds  /var/lib/asterisk/sounds what `callcenter speak-phrases` wrote
#     spool   /var/spool/asterisk      callcenter/rec, callcenter/ready: recordings
#     log     /var/log/asterisk        messages, queue_log
#     lib     /var/lib/asterisk        Asterisk's own database
#     run     /run/asterisk            control socket, pid
# The process becomes Asterisk itself: end it by its pid. Everything mounted goes with it.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
    [ $# -eq 2 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
    tree=$(realpath "$1") instance=$(realpath -m "$2")
    [ -x "$tree/usr/sbin/asterisk" ] || { echo "run.sh: no Asterisk in $tree; make it with tree.sh" >&2; exit 1; }
    [ -f "$instance/etc/asterisk.conf" ] || { echo "run.sh: no configuration in $instance/etc" >&2; exit 1; }
    # A mount and a host name of its own, so that two instances never see each other's.
    exec unshare --mount --uts --propagation private "$BASH" "$0" --inside "$tree" "$instance"
fi
tree=$2 instance=$3

mkdir -p "$instance"/{sounds,run,lib/sounds,spool/callcenter/{rec,ready},log}
chmod 0700 "$instance"/{spool,log,lib,run}
rm -rf "$instance/log/cel-custom" # callers' numbers, which earlier versions wrote there and nobody deleted

mount --bind "$tree" "$tree"
mount -o remount,bind,ro "$tree"
cd "$tree" # the bound one from here on
mount --rbind /dev dev
mount -t proc proc proc
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=0755 tmpfs run
mkdir run/asterisk
mount --bind "$instance/etc" etc/asterisk
mount --bind "$instance/spool" var/spool/asterisk
mount --bind "$instance/log" var/log/asterisk
mount --bind "$instance/lib" var/lib/asterisk
mount --bind "$instance/sounds" var/lib/asterisk/sounds
mount --bind "$instance/run" run/asterisk
# Servers of trunks are asked for there, at each call: one that is silent costs two seconds, not ten.
names=$instance/resolv.conf
[ -f "$names" ] || names=/etc/resolv.conf
mount --bind "$(realpath "$names")" etc/resolv.conf

hostname asterisk # which the tree's /etc/hosts resolves
hard=$(ulimit -Hn)
ulimit -n "$([ "$hard" = unlimited ] || [ "$hard" -gt 65536 ] && echo 65536 || echo "$hard")"
# A caller has a thread, woken for every packet. As SCHED_BATCH the threads do not preempt each other:
# 1,000 callers left 15 % of two cores idle instead of 3 %. Asterisk sets its own policy when it starts, so this is after.
(
    until chroot . /usr/sbin/asterisk -rx 'core waitfullybooted' >/dev/null 2>&1; do
        kill -0 $$ 2>/dev/null || exit 0
        sleep 0.2
    done
    chrt --all-tasks --batch --pid 0 $$
) &
# Of a test: more variables, a line each.
more=()
[ ! -f "$instance/environment" ] || mapfile -t more <"$instance/environment"
# CALLCENTER_STACK_INSTANCE is how the local stack recognises its own processes.
exec env -i RES_OPTIONS="timeout:1 attempts:2" PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TZ="${TZ:-UTC}" \
    CALLCENTER_STACK_INSTANCE="${CALLCENTER_STACK_INSTANCE:-}" "${more[@]}" chroot . /usr/sbin/asterisk -f
