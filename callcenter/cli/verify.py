"""`callcenter verify` says whether an evidence pack is genuine. It needs no package of ours but `callcenter.evidence`."""

import re
import sys
from pathlib import Path

from callcenter.evidence.verify import Verdict, lines, verify

GENUINE, WRONG, NOT_LOOKED_AT = 0, 1, 2
_FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)


def verify_pack(path: Path, key: str | None) -> int:
    """Print what was found. Returns 0 for a genuine pack, 1 for any other, 2 when it could not be read."""
    pinned = None if key is None else re.sub(r"[\s:]", "", key).lower()
    if pinned is not None and not _FINGERPRINT.fullmatch(pinned):
        print("callcenter: --key must be the fingerprint, 64 hexadecimal digits", file=sys.stderr)
        return NOT_LOOKED_AT
    try:
        verdict = verify(path, pinned)
    except OSError as problem:
        print(f"callcenter: {path} cannot be read: {problem.strerror}", file=sys.stderr)
        return NOT_LOOKED_AT
    if verdict.faults:
        print(f"{path}: NOT GENUINE")
        for line in lines(verdict):
            print(f"  {_printable(line)}")
        return WRONG
    _print_verdict(path, verdict, pinned)
    return GENUINE


def _print_verdict(path: Path, verdict: Verdict, pinned: str | None) -> None:
    manifest = verdict.manifest
    if manifest is None:
        raise AssertionError("a pack without a manifest has a fault")
    audio = sum(recording.original is not None for recording in manifest.recordings)
    company = _printable(manifest.company.name)
    print(f"{path}: genuine")
    print(
        f"  ticket No. {manifest.ticket.number} of {company}, pack {manifest.pack}, made {manifest.made_at:%Y-%m-%d %H:%M:%S %Z}"
    )
    print(f"  recordings: {audio} of {len(manifest.recordings)}; files: {len(manifest.files)}")
    for run in manifest.chain:
        print(f"  custody chain: entries {run.first} to {run.last}, head {run.head}")
    print(f"  signed by {verdict.fingerprint}" + (", as asked" if pinned else ""))
    if pinned is None:
        print("  Anybody can make a key: compare this fingerprint with the one that the dispatch centre gives out.")


def _printable(text: str) -> str:
    """Removes control characters: a hostile pack must not control the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
