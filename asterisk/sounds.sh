#!/usr/bin/env bash
# Usage: sounds.sh OUT_DIR [RECORDED_DIR]
#
# Make every phrase of sounds/phrases.txt as OUT_DIR/LANGUAGE/PHRASE.alaw, as it goes over the wire: from
# RECORDED_DIR/LANGUAGE/PHRASE.wav when somebody recorded it (any rate), else by speech synthesis.
set -euo pipefail
[ $# -ge 1 ] && [ $# -le 2 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
out=$1 recorded=${2:-}
[ -z "$recorded" ] || [ -d "$recorded" ] || { echo "sounds.sh: $recorded is not a directory" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

while read -r name text; do
    source=$recorded/$name.wav
    if [ -z "$recorded" ] || [ ! -f "$source" ]; then
        source=$work/spoken.wav
        espeak-ng -v "${name%%/*}" -s 165 -w "$source" "$text"
    fi
    mkdir -p "$out/${name%%/*}"
    # Silence at the ends is cut off: every second of it is sent to hundreds of callers at a time.
    sox --norm=-3 "$source" --rate 8000 --channels 1 --encoding a-law --type raw "$work/phrase.alaw" \
        silence 1 0.02 1% reverse silence 1 0.02 1% reverse
    # Written under another name and renamed, so that Asterisk never plays half a phrase.
    cp "$work/phrase.alaw" "$out/$name.alaw.new"
    mv "$out/$name.alaw.new" "$out/$name.alaw"
done <"$(dirname "$0")/sounds/phrases.txt"
