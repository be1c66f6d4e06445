# SeaweedFS as it is published, run by the local stack's script and not as root. The version is that of the wheel
# in requirements.lock.
FROM chrislusf/seaweedfs:4.48
COPY --chmod=0755 storage/seaweedfs.sh /usr/local/bin/seaweedfs.sh
# The published configuration puts the index of all objects below /data; without it the index lies beside the objects.
# /data is not used because what an image changes in a declared volume is lost.
RUN rm -f /etc/seaweedfs/filer.toml \
    && mkdir /srv/objects \
    && chown 10003:10003 /srv/objects \
    && chmod 0700 /srv/objects
WORKDIR /srv/objects
USER 10003:10003
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=60s \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8333/healthz"]
# Only the S3 gateway, which checks signatures, listens outside the container. Bigger volume files than on a laptop.
ENTRYPOINT ["seaweedfs.sh", "/usr/bin/weed", "/srv/objects", "/run/callcenter/s3.json", \
    "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.ip.bind=0.0.0.0", "-s3.port=8333", "-master.volumeSizeLimitMB=1024"]
