#!/bin/sh
# Usage: asterisk.sh
#
# Make the folders that Asterisk does not make by itself, then become Asterisk. Runs in the container.
set -eu
[ -f /etc/asterisk/asterisk.conf ] || { echo "no configuration in /etc/asterisk: run the service 'render' first" >&2; exit 1; }

# The node, of the same group, reads and removes recordings; nobody else sees them.
umask 007
for folder in spool/asterisk/callcenter/rec spool/asterisk/callcenter/ready; do
    mkdir -p "/var/$folder"
done
# Callers' numbers, which earlier versions wrote there and nobody deleted.
rm -rf /var/log/asterisk/cel-custom
# The phrases are the image's, so that a new image brings new ones; the volume keeps Asterisk's own database.
rm -rf /var/lib/asterisk/sounds
ln -s /usr/share/callcenter/sounds /var/lib/asterisk/sounds
exec /usr/sbin/asterisk -f
