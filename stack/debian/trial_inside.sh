#!/usr/bin/env bash
# What trial.sh does within its machine.
set -euo pipefail
parts=(asterisk node web)
fail() { echo "not as it should be: $*" >&2; exit 1; }
# within SECONDS COMMAND...: until it succeeds.
within() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || fail "in vain: $*"
        sleep 0.3
    done
}
shown() { systemctl show -P "$2" "callcenter-$1.service"; }
ready() { curl -sf http://127.0.0.1:8080/readyz && curl -sf http://127.0.0.1:9108/readyz; }
cli() { nsenter -m -r -t "$(shown asterisk MainPID)" /usr/sbin/asterisk -rx "$1" 2>/dev/null; }

ip link set lo up
ip addr add 192.0.2.10/32 dev lo
systemctl is-system-running --wait >/dev/null || true
echo "lintian: no errors"
lintian --no-cfg --fail-on error /root/callcenter.deb || fail "lintian"
dpkg -V callcenter || fail "files differ from the package's"
for part in "${parts[@]}"; do [ "$(systemctl is-enabled "callcenter-$part" || true)" = disabled ] || fail "$part starts by itself"; done

echo "set up: $(psql --version), a store, callcenter init"
systemctl start postgresql@15-main
runuser -u postgres -- psql -qc "create role callcenter login createrole password 'owner'" -c "create database callcenter owner callcenter"
keys=(--setenv=S3_BUCKET=callcenter --setenv=S3_ADMIN_ACCESS_KEY=admin --setenv=S3_ADMIN_SECRET_KEY=of-the-trial
    --setenv=S3_ACCESS_KEY=service --setenv=S3_SECRET_KEY=of-the-service --setenv=WEED_S3_SSE_KEY=of-the-trial)
mkdir /root/store
systemd-run --quiet --unit=store --working-directory=/root/store "${keys[@]}" seaweedfs.sh /usr/local/bin/weed /root/store \
    /root/store.json -ip=127.0.0.1 -ip.bind=127.0.0.1 -s3.port=8333 -volume.port=8091 -master.volumeSizeLimitMB=64
within 60 curl -sf http://127.0.0.1:8333/healthz
export CALLCENTER_DATABASE__OWNER_URL=postgresql://callcenter:owner@127.0.0.1/callcenter
export CALLCENTER_S3__ACCESS_KEY=service CALLCENTER_S3__SECRET_KEY=of-the-service
export CALLCENTER_S3__ADMIN_ACCESS_KEY=admin CALLCENTER_S3__ADMIN_SECRET_KEY=of-the-trial
callcenter init --store http://127.0.0.1:8333 --url https://desk.example.org --address 192.0.2.10 --trunk 198.51.100.0/28 \
    --administrator boss >/root/init.log || { cat /root/init.log; fail "init"; }
unset "${!CALLCENTER_@}"
[ "$(stat -c %U:%G:%a /etc/callcenter/secrets.env)" = root:callcenter:640 ] || fail "secrets.env is not the group's"

echo "services: started under systemd"
callcenter render-asterisk /etc/asterisk
chown -R asterisk:callcenter /etc/asterisk
systemctl enable --now --quiet "${parts[@]/#/callcenter-}"
within 90 ready
sudo -u asterisk callcenter doctor | grep -v ^ok | grep -v '^FAIL  companies' && fail "doctor"
for part in "${parts[@]}"; do systemd-analyze security --no-pager "callcenter-$part" | grep Overall || true; done

echo "kill -9: each is there again"
for part in "${parts[@]}"; do
    before=$(shown "$part" MainPID) began=$(date +%s%N)
    kill -9 "$before"
    again() {
        now=$(shown "$part" MainPID)
        [ "$now" != 0 ] && [ "$now" != "$before" ] && [ "$(systemctl is-active "callcenter-$part")" = active ]
    }
    within 60 again
    echo "  $part after $((($(date +%s%N) - began) / 1000000)) ms"
done
within 90 ready

echo "stop: the call on the line goes on to its end"
cli "dialplan add extension hold,1,Answer, into trial" >/dev/null
cli "dialplan add extension hold,2,Wait,8 into trial" >/dev/null
cli "channel originate Local/hold@trial/n application Wait 20" >/dev/null
talking() { cli "core show channels count" | grep -q "^1 active call"; }
within 20 talking
began=$SECONDS
systemctl stop callcenter-asterisk
[ "$(shown asterisk Result)" = success ] || fail "Asterisk ended with $(shown asterisk Result)"
[ $((SECONDS - began)) -ge 5 ] || fail "the call was cut off"
echo "  it took $((SECONDS - began)) s"
systemctl start callcenter-asterisk

echo "upgrade: nothing is stopped, then callcenter upgrade"
before=$(shown asterisk MainPID)
dpkg --install --force-confold /root/callcenter.deb | grep 'callcenter upgrade' || fail "nothing is said of the upgrade"
[ "$(shown asterisk MainPID)" = "$before" ] || fail "Asterisk was restarted"
callcenter upgrade
within 90 ready

echo "remove: the services end, settings and data stay"
echo x >/var/spool/asterisk/callcenter/ready/of-the-trial.wav
dpkg --remove callcenter >/dev/null
[ -z "$(pgrep -u asterisk)$(pgrep -u callcenter)" ] || fail "something runs still"
[ ! -e /usr/lib/callcenter ] || fail "/usr/lib/callcenter is still there"
for kept in /etc/callcenter/settings.env /etc/callcenter/secrets.env /var/log/asterisk/queue_log \
    /var/spool/asterisk/callcenter/ready/of-the-trial.wav; do [ -e $kept ] || fail "$kept is gone"; done

echo "installed again: goes on where it was"
dpkg --install /root/callcenter.deb >/dev/null
systemctl start "${parts[@]/#/callcenter-}"
within 90 ready

echo "purge: keys, recordings and the ledger stay, and it says so"
umount /srv/callcenter/asterisk /srv/callcenter/sounds
dpkg --purge callcenter | grep 'left as they are' || fail "nothing is said of what is left"
for kept in /etc/callcenter/secrets.env /var/log/asterisk/queue_log \
    /var/spool/asterisk/callcenter/ready/of-the-trial.wav; do [ -e $kept ] || fail "$kept is gone"; done
[ ! -e /etc/callcenter/settings.env ] || fail "settings.env is still there"
echo "all as it should be"
