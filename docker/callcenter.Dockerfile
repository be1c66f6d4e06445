# callcenter: pages, migrations, rendering (target `service`), and with the voices nodes (target `node`). Debian 12's own
# Python, which is also what the tests run on. How large each may be, stack/image.sh says.
FROM node:24-bookworm-slim AS scripts
WORKDIR /build
COPY package.json package-lock.json /build/
RUN npm ci --ignore-scripts --no-audit --no-fund && npm run build

# Debian's ffmpeg is a quarter of a gigabyte, nearly all of it for pictures. This is the same source with what
# callcenter/recordings and callcenter/speech read and write: less to carry, and less that a hostile file can reach.
FROM debian:bookworm-slim AS ffmpeg
RUN sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources \
    && apt-get update \
    && apt-get install --yes --no-install-recommends dpkg-dev gcc libc6-dev libopus-dev make pkg-config
WORKDIR /build
RUN apt-get source --only-source ffmpeg \
    && cd ffmpeg-*/ \
    && ./configure --prefix=/usr --disable-everything --disable-autodetect --disable-network --disable-doc --disable-ffplay \
        --disable-ffprobe --disable-avdevice --disable-swscale --disable-x86asm --disable-debug --enable-libopus \
        --enable-protocol=file,pipe --enable-demuxer=wav,ogg,matroska,mp3,mov,gsm,pcm_s16le \
        --enable-muxer=ogg,wav,pcm_s16le --enable-encoder=libopus,pcm_s16le \
        --enable-decoder=pcm_s16le,pcm_s16be,pcm_s24le,pcm_s32le,pcm_u8,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw \
        --enable-decoder=adpcm_ms,adpcm_ima_wav,adpcm_g722,adpcm_g726,gsm,gsm_ms,mp3,mp3float,vorbis,opus,flac,aac,alac \
        --enable-parser=aac,flac,gsm,mpegaudio,opus,vorbis --enable-filter=aformat,anull,aresample,atrim,pan,volume \
    && make --jobs "$(nproc)" ffmpeg \
    && install -D --strip ffmpeg /build/out/ffmpeg

FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends binutils python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements-run.lock /build/
# Wheels only, and docopt, which has none and is one file of Python: nothing is compiled, so no compiler is needed. pip
# itself is not needed afterwards.
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --no-binary docopt \
        -r /build/requirements-run.lock \
    && /opt/venv/bin/pip uninstall --yes setuptools pip \
    # Tests of the parts, how other countries write dates and numbers, whose a foreign number is, symbols and sources of what
    # is compiled: a third of all.
    && cd /opt/venv/lib/python3*/site-packages \
    && find . -depth -type d \( -name tests -o -name SelfTest \) -exec rm -rf '{}' + \
    && find babel/locale-data -type f ! -name 'root.dat' ! -name 'en*.dat' ! -name 'ru*.dat' -delete \
    && rm -rf phonenumbers/geodata phonenumbers/carrierdata phonenumbers/tzdata \
    && find . -type f -regex '.*\.\(pyx\|pxd\|pyi\|c\|h\|a\)' -delete \
    && find . -type f \( -name '*.cpython-*.so' -o -name '*.abi3.so' \) -exec strip --strip-unneeded '{}' +
COPY callcenter /srv/callcenter/callcenter
COPY --from=scripts /build/callcenter/calls/static/jssip.js /srv/callcenter/callcenter/calls/static/jssip.js
COPY storage /srv/callcenter/storage
COPY asterisk/templates /srv/callcenter/asterisk/templates
COPY asterisk/sounds /srv/callcenter/asterisk/sounds
COPY dialplan /srv/callcenter/dialplan
RUN /opt/venv/bin/python3 -m compileall -q /opt/venv/lib /srv/callcenter

FROM debian:bookworm-slim AS service
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 tzdata libopus0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
    && groupadd --gid 10001 callcenter \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /srv/callcenter --shell /usr/sbin/nologin callcenter \
    # Where render-asterisk writes, as the user that Asterisk runs as: nobody else can read the secrets in it.
    && install --directory --owner 10002 --group 10001 --mode 0700 /etc-volume \
    && install --directory --owner 10001 --group 10001 --mode 0700 /var/tmp/callcenter /var/cache/callcenter
COPY --from=ffmpeg /build/out/ffmpeg /usr/bin/ffmpeg
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/callcenter /srv/callcenter
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/callcenter
USER 10001:10001
# Doctor is for people: it tries everything, and more than is one service's part.
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=60s \
    CMD ["python3", "-c", "import os; from urllib.request import urlopen; urlopen('http://127.0.0.1:' + os.environ.get('CALLCENTER_WEB__PORT', '8080') + '/readyz', timeout=4)"]
ENTRYPOINT ["python3", "-m", "callcenter"]
CMD ["serve", "--no-node"]

# The node speaks what callers are told; the Russian voice alone is a quarter of a gigabyte of recorded speech.
FROM service AS node
USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends festival festvox-ru espeak-ng \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
USER 10001:10001
CMD ["node"]
