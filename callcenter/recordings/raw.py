"""Asterisk's raw recording of a talk, made into a WAV file.

MixMonitor with option D writes both voices side by side without a header: 8000 Hz, signed 16 bit little endian, the
operator's voice left, the caller's right. So a crash of Asterisk cannot leave a wrong header.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

RATE = 8000
CHANNELS = 2
FRAME = 2 * CHANNELS
REST = b"rest"
"""The chunk behind the audio that keeps the bytes of a last frame which Asterisk did not write completely."""

_PIECE = 1024 * 1024
_MOST = 0xFFFFFFFF


def make_wav(raw: Path, target: Path) -> None:
    """Write `target`, all or nothing, as the WAV of the closed file `raw`, which stays.

    The audio is the same bytes; one to three that are not a whole frame go into a chunk of their own behind it. A file
    at `target` is replaced. Raises `OSError`: the raw file is gone or a link, or the disk is full.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        with _open(raw) as source, _create(part) as file:
            for piece in _pieces(source):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
        _sync(target.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def is_made_from(wav: Path, raw: Path) -> bool:
    """Whether `wav` is what `make_wav` makes of `raw`. Raises `OSError` when one cannot be read."""
    with _open(raw) as source, _open(wav) as made:
        return all(made.read(len(piece)) == piece for piece in _pieces(source)) and not made.read(1)


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    """The WAV, piece by piece: the header of 44 bytes, the audio, and what is left over."""
    size = os.fstat(source.fileno()).st_size
    audio, rest = size - size % FRAME, size % FRAME
    behind = 8 + rest + rest % 2 if rest else 0
    yield _header(audio, behind)
    left = audio
    while piece := source.read(min(_PIECE, left)):
        left -= len(piece)
        yield piece
    if rest:
        yield struct.pack("<4sI", REST, rest) + source.read(rest) + bytes(rest % 2)


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
