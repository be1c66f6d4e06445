#!/usr/bin/env bash
# Usage: sounds.sh OUT_DIR [RECORDED_DIR]
#
# Make every phrase of sounds/phrases.txt as OUT_DIR/LANGUAGE/PHRASE.wav, 8 kHz mono 16 bit: from
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
    sox --norm=-3 "$source" --rate 8000 --channels 1 --bits 16 --encoding signed-integer "$work/phrase.wav"
    # Written beside its place and renamed, so that Asterisk never plays half a phrase.
    cp "$work/phrase.wav" "$out/$name.wav.new"
    mv "$out/$name.wav.new" "$out/$name.wav"
done <"$(dirname "$0")/sounds/phrases.txt"
