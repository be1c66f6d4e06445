#!/usr/bin/env bash
# Usage: cli.sh INSTANCE_DIR COMMAND...
#
# Send a command to the Asterisk that run.sh runs for this instance: cli.sh var/stack core show channels
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
pid=$(cat "$1/run/asterisk.pid" 2>/dev/null) || { echo "cli.sh: no Asterisk runs in $1" >&2; exit 1; }
shift
exec nsenter --target "$pid" --mount --root --wd /usr/sbin/asterisk -rx "$*"
