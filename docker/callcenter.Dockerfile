# callcenter: pages, nodes, migrations, rendering. Debian 12's own Python, which is also what the tests run on.
FROM node:24-bookworm-slim AS scripts
WORKDIR /build
COPY package.json package-lock.json /build/
RUN npm ci --ignore-scripts --no-audit --no-fund && npm run build

FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements-run.lock /build/
# Wheels only, and docopt, which has none and is one file of Python: nothing is compiled, so no compiler is needed. pip
# itself is not needed afterwards.
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --no-binary docopt \
        -r /build/requirements-run.lock \
    && /opt/venv/bin/pip uninstall --yes setuptools pip
COPY callcenter /srv/callcenter/callcenter
COPY --from=scripts /build/callcenter/calls/static/jssip.js /srv/callcenter/callcenter/calls/static/jssip.js
COPY storage /srv/callcenter/storage
COPY asterisk/templates /srv/callcenter/asterisk/templates
COPY asterisk/sounds /srv/callcenter/asterisk/sounds
COPY dialplan /srv/callcenter/dialplan
RUN /opt/venv/bin/python3 -m compileall -q /opt/venv/lib /srv/callcenter

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 tzdata ffmpeg fonts-dejavu-core \
        festival festvox-ru espeak-ng \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 callcenter \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /srv/callcenter --shell /usr/sbin/nologin callcenter \
    # Where render-asterisk writes, as the user that Asterisk runs as: nobody else can read the secrets in it.
    && install --directory --owner 10002 --group 10001 --mode 0700 /etc-volume \
    && install --directory --owner 10001 --group 10001 --mode 0700 /var/tmp/callcenter /var/cache/callcenter
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/callcenter /srv/callcenter
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/callcenter
USER 10001:10001
ENTRYPOINT ["python3", "-m", "callcenter"]
CMD ["serve"]
