#!/bin/sh
# The program, with the settings of this machine that whoever runs it may read.
if [ -z "${CALLCENTER_ENV_FILE:-}" ]; then
    for name in settings secrets owner; do
        file=/etc/callcenter/$name.env
        [ ! -r "$file" ] || CALLCENTER_ENV_FILE=${CALLCENTER_ENV_FILE:+$CALLCENTER_ENV_FILE:}$file
    done
    [ -z "${CALLCENTER_ENV_FILE:-}" ] || export CALLCENTER_ENV_FILE
fi
exec /usr/lib/callcenter/bin/callcenter "$@"
