#!/bin/sh
# first.sh PROGRAM ARGUMENT...: run a program before all that have no priority of their own, if that is permitted.
if chrt --rr 1 true 2>/dev/null; then
    exec chrt --rr 1 "$@"
fi
exec "$@"
