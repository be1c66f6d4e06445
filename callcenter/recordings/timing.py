"""Where nobody sent a packet while a talk was recorded, so that silence can stand there.

While neither side sends (a muted telephone, a carrier that leaves out silence), MixMonitor writes nothing
(`main/audiohook.c`): the raw file stops growing and would be shorter than the talk. So the node notes how long the file was
when it grew; Asterisk writes it in pieces of 32 KiB, a second of audio. The notes are in a file beside it, since the node
may be restarted in the middle of a talk.
"""

import struct
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from callcenter.recordings.raw import FRAME, RATE, Gap

SUFFIX = ".times"
LEAST_S = 0.3
"""Seconds by which a recording may lag behind its talk: less is the clock of a telephone, or a busy disk."""
WITHIN_S = 2.5
"""Seconds of audio in which silence must be located, or none is inserted: the node was not there to see."""

_NOTE = struct.Struct("<QQ")
_BYTES_PER_S = RATE * FRAME
_STEP = RATE // 50
"""Frames in a packet."""
_PACKET = _STEP * FRAME
_QUIET = 300
"""Loudest sample of what counts as silence, of 32,767."""


@dataclass(frozen=True, slots=True)
class Note:
    """The file was `size` bytes long since `at`, in nanoseconds since 1970."""

    size: int
    at: int


class Notes:
    """The notes of all raw files in a folder."""

    def __init__(self) -> None:
        self._last: dict[Path, Note] = {}

    def add(self, raw: Path, size: int, at: int) -> None:
        """Note a file's length, unless it is known already. Raises `OSError`."""
        note = Note(size, at)
        if raw not in self._last:
            self._last[raw] = (read(raw) or (Note(-1, 0),))[-1]
        if self._last[raw] != note:
            with raw.with_suffix(SUFFIX).open("ab") as file:
                file.write(_NOTE.pack(size, at))
            self._last[raw] = note

    def remove(self, raw: Path) -> None:
        """Remove those of one file."""
        self._last.pop(raw, None)
        raw.with_suffix(SUFFIX).unlink(missing_ok=True)


def read(raw: Path) -> list[Note]:
    """The notes of one file, in order. Raises `OSError`."""
    try:
        data = raw.with_suffix(SUFFIX).read_bytes()
    except FileNotFoundError:
        return []
    whole = len(data) - len(data) % _NOTE.size
    return [Note(*found) for found in _NOTE.iter_unpack(data[:whole])]


def gaps(notes: Sequence[Note], audio: Callable[[int, int], bytes]) -> list[Gap]:
    """Where silence belongs into a file. `audio(start, end)` gives these bytes of it.

    A write that was late, after which the next ones come sooner, is no gap: what counts is what the file never catches up.
    The gap is somewhere in the audio that was written at its end, and taken to be where that is quiet for longest.
    """
    if not notes:
        return []
    # A power failure may have cost the end of the file, but not that of its notes.
    notes = [note for note in notes if note.size <= notes[-1].size]
    lags = [(note.at - notes[0].at) / 1e9 - (note.size - notes[0].size) / _BYTES_PER_S for note in notes]
    lasting = list(accumulate(reversed(lags), min))[::-1]
    found, missing = list[Gap](), 0.0
    for (before, after), (lag, more) in zip(pairwise(notes), pairwise(lasting), strict=True):
        missing += more - lag
        written = after.size - before.size
        if missing < LEAST_S or written <= 0:
            continue
        if written <= WITHIN_S * _BYTES_PER_S:
            start, end = -(-before.size // _PACKET) * _PACKET, after.size - after.size % FRAME
            steps = round(missing * RATE / _STEP)
            found.append(Gap(start // FRAME + _quietest(audio(start, end)), steps * _STEP))
        missing = 0.0
    return found


def _quietest(data: bytes) -> int:
    """The frame at which the longest silence of this audio ends, else its end: what is heard before a gap was said before it."""
    samples = array("h", data)
    frames = len(samples) // 2
    best, longest, run = frames, 0, 0
    for start in range(0, frames - _STEP + 1, _STEP):
        packet = samples[2 * start : 2 * (start + _STEP)]
        run = run + 1 if max(packet) <= _QUIET and min(packet) >= -_QUIET else 0
        if run > longest:
            best, longest = start + _STEP, run
    return best
