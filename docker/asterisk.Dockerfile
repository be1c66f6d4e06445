# Asterisk from Debian unstable, for Debian stable has none: the packages of the local tree, less the same files.
FROM debian:bookworm-slim AS phrases
RUN apt-get update \
    && apt-get install --yes --no-install-recommends festival festvox-ru espeak-ng ffmpeg python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements-run.lock /build/
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --no-binary docopt \
        -r /build/requirements-run.lock
COPY callcenter /build/callcenter
COPY asterisk/sounds /build/asterisk/sounds
WORKDIR /build
RUN CALLCENTER_SPEECH__CACHE=/tmp/speech /opt/venv/bin/python3 -m callcenter speak-phrases /build/out

FROM debian:sid-slim
COPY asterisk/packages asterisk/excluded /usr/local/share/callcenter/
# A new major version of Asterisk is a decision, not something that a rebuild brings along.
RUN sed 's/^/path-exclude=/' /usr/local/share/callcenter/excluded >/etc/dpkg/dpkg.cfg.d/callcenter \
    && apt-get update \
    && xargs apt-get install --yes --no-install-recommends </usr/local/share/callcenter/packages \
    && rm -rf /var/lib/apt/lists/* \
    && asterisk -V | grep '^Asterisk 22\.'
# Asterisk looks up names that are in /etc/hosts and no others: a slow name server must not slow down calls.
# A volume takes its owner from here when it is first used. The group is callcenter's, which collects recordings.
RUN sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf \
    && groupadd --gid 10001 callcenter \
    && usermod --uid 10002 --gid 10001 --groups '' asterisk \
    && chown -R 10002:10001 /var/lib/asterisk /var/log/asterisk /var/spool/asterisk \
    && chmod 2750 /var/lib/asterisk /var/log/asterisk /var/spool/asterisk \
    && rm -rf /etc/asterisk \
    && install --directory --owner 10002 --group 10001 --mode 0700 /etc/asterisk
COPY --from=phrases /build/out /usr/share/callcenter/sounds
COPY --chmod=0755 docker/asterisk.sh /usr/local/bin/callcenter-asterisk
# Servers of trunks are asked for in DNS at each call: a silent name server costs two seconds, not ten.
ENV RES_OPTIONS="timeout:1 attempts:2"
USER 10002:10001
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=30s CMD ["/usr/sbin/asterisk", "-rx", "core waitfullybooted"]
ENTRYPOINT ["callcenter-asterisk"]
