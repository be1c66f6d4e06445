#!/bin/bash
# first.sh PORT PROGRAM ARGUMENT...: run a program before all that have no priority of their own, if that is permitted.
#
# From when it listens on 127.0.0.1:PORT. Its start is not urgent, and would take processor time from current talks.
# ONLY=1 in the environment: not what it starts, such as a voice that speaks for a minute.
port=$1
shift
if chrt --rr 1 true 2>/dev/null; then
    # A child of nobody's: PROGRAM would have to see to its end.
    ( (
        until (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
            kill -0 $$ 2>/dev/null || exit 0
            sleep 0.2
        done
        chrt --all-tasks ${ONLY:+--reset-on-fork} --rr --pid 1 $$
    ) & )
fi
exec "$@"
