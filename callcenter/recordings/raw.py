"""Asterisk's raw recording of a talk, made into a WAV file.

MixMonitor with option D writes both voices side by side without a header: 8000 Hz, signed 16 bit little endian, the
operator's voice left, the caller's right. So a crash of Asterisk cannot leave a wrong header. What it did not write,
since nobody sent a packet (`recordings/timing.py`), is inserted as silence.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

RATE = 8000
CHANNELS = 2
FRAME = 2 * CHANNELS
REST = b"rest"
"""The chunk behind the audio that keeps the bytes of a last frame which Asterisk did not write completely."""
GAPS = b"gaps"
"""The chunk behind the audio that says which silence was inserted: for each its first frame and its frames, 4 bytes each."""

_PIECE = 1024 * 1024
_MOST = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Gap:
    """`frames` of silence that belong before the frame `at` of a raw file."""

    at: int
    frames: int


def make_wav(raw: Path, target: Path, gaps: Sequence[Gap] = ()) -> None:
    """Write `target`, all or nothing, as the WAV of the closed file `raw`, which stays.

    The audio is the same bytes, and the silence of `gaps` (in their order in the file); one to three bytes that are not a
    whole frame go into a chunk of their own behind it. A file at `target` is replaced. Raises `OSError`: the raw file is
    gone or a link, or the disk is full.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        with _open(raw) as source, _create(part) as file:
            for piece in _pieces(source, gaps):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
        _sync(target.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def is_made_from(wav: Path, raw: Path, gaps: Sequence[Gap] = ()) -> bool:
    """Whether `wav` is what `make_wav` makes of `raw`. Raises `OSError` when one cannot be read."""
    with _open(raw) as source, _open(wav) as made:
        return all(made.read(len(piece)) == piece for piece in _pieces(source, gaps)) and not made.read(1)


def swap_sides(swapped: Path, raw: Path) -> None:
    """Make of a file with the caller's voice left the raw file with the operator's left; `swapped` is removed last.

    Killed before that, it can be done again. The time of the last change stays. Raises `OSError`.
    """
    part = raw.with_name(f"{raw.name}.part")
    try:
        with _open(swapped) as source, _create(part) as file:
            status = os.fstat(source.fileno())
            while piece := source.read(_PIECE):
                whole = len(piece) - len(piece) % FRAME
                frames = np.frombuffer(piece[:whole], "<i2").reshape(-1, CHANNELS)
                file.write(frames[:, ::-1].tobytes() + piece[whole:])
            file.flush()
            os.fsync(file.fileno())
        os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
        part.rename(raw)
        _sync(raw.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    swapped.unlink()


def read_audio(raw: Path, start: int, end: int) -> bytes:
    """The bytes of a raw file from `start` on, before `end`. Raises `OSError`."""
    with _open(raw) as source:
        source.seek(start)
        return source.read(end - start)


def _pieces(source: BinaryIO, gaps: Sequence[Gap]) -> Iterator[bytes]:
    """The WAV, piece by piece: the header of 44 bytes, the audio, and what is left over."""
    size = os.fstat(source.fileno()).st_size
    recorded, rest = size - size % FRAME, size % FRAME
    silence = FRAME * sum(gap.frames for gap in gaps)
    inserted = struct.pack(f"<{2 * len(gaps)}I", *_places(gaps))
    yield _header(recorded + silence, sum(8 + count + count % 2 for count in (rest, len(inserted)) if count))
    at = 0
    for gap in gaps:
        yield from _read(source, FRAME * gap.at - at)
        yield from _silence(FRAME * gap.frames)
        at = FRAME * gap.at
    yield from _read(source, recorded - at)
    for name, body in ((REST, source.read(rest)), (GAPS, inserted)):
        if body:
            yield struct.pack("<4sI", name, len(body)) + body + bytes(len(body) % 2)


def _places(gaps: Sequence[Gap]) -> Iterator[int]:
    """Where each silence stands in the WAV, and how long it is."""
    before = 0
    for gap in gaps:
        yield from (gap.at + before, gap.frames)
        before += gap.frames


def _read(source: BinaryIO, count: int) -> Iterator[bytes]:
    while piece := source.read(min(_PIECE, count)):
        count -= len(piece)
        yield piece


def _silence(count: int) -> Iterator[bytes]:
    for start in range(0, count, _PIECE):
        yield bytes(min(_PIECE, count - start))


def _header(audio: int, behind: int) -> bytes:
    """A size beyond 4 GiB, 37 hours, does not fit: the largest one is written, and readers use the file's length."""
    riff = struct.pack("<4sI4s", b"RIFF", min(36 + audio + behind, _MOST), b"WAVE")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, CHANNELS, RATE, RATE * FRAME, FRAME, 16)
    return riff + form + struct.pack("<4sI", b"data", min(audio, _MOST))


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _create(path: Path) -> BinaryIO:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640), "wb")


def _sync(folder: Path) -> None:
    """Make a rename in the folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
