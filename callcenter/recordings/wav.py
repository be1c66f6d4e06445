"""What a WAV file on disk really contains, whatever its header says.

Asterisk writes the sizes into the header when it closes the file. After a crash they are zero or
too large, so the length is taken from the bytes that are there.
"""

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from callcenter.domain.recording import Defect
from callcenter.recordings.raw import GAPS, REST

_PCM = (1, 0xFFFE)
# Chunks that programs put after the audio; anything else there is audio that the header does not declare.
_TRAILERS = (b"LIST", b"fact", b"JUNK", b"PAD ", b"bext", b"cue ", b"smpl", b"id3 ", b"ID3 ", REST, GAPS)
# A crafted file of nothing but chunk headers must not take long.
_CHUNKS_AT_MOST = 64


@dataclass(frozen=True, slots=True)
class Wav:
    """`duration_s` in seconds, `rate` in Hz; `defect` says what is wrong with the file, None when nothing is.

    `repaired` is true when the audio had to be found without the header's help: its header is wrong, or its last frame
    was not written whole. The audio is `start` bytes into the file and is `size` bytes long; `linear16` says that it
    is plain samples of signed 16 bit, little endian.
    """

    duration_s: float
    rate: int
    channels: int
    defect: Defect | None
    repaired: bool = False
    start: int = field(default=0, compare=False)
    size: int = field(default=0, compare=False)
    linear16: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class _Format:
    rate: int
    channels: int
    frame: int
    """Bytes of one frame: one sample of every channel, or one block of a codec."""
    bytes_per_s: int
    linear16: bool


_NOTHING = _Format(0, 0, 1, 1, False)


def inspect(path: Path) -> Wav:
    """Look at the file's chunks and size. Raises `OSError` when it cannot be read, never for what is in it."""
    with path.open("rb") as file:
        return inspect_file(file)


def inspect_file(file: BinaryIO) -> Wav:
    """Look at an open file. Reads a few dozen bytes, however long it is."""
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        return Wav(0.0, 0, 0, Defect.EMPTY)
    head = _read(file, 0, 12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return Wav(0.0, 0, 0, Defect.NOT_WAV)
    # Some programs do not count the byte that pads an odd chunk.
    whole = 0 <= size - 8 - _number(head, 4) <= 1
    form, at = _NOTHING, 12
    for _ in range(_CHUNKS_AT_MOST):
        chunk = _read(file, at, 8)
        if len(chunk) < 8:
            break
        length = _number(chunk, 4)
        if chunk[:4] == b"data" and form is not _NOTHING:
            return _measure(file, size, at + 8, length, form, whole)
        if chunk[:4] == b"fmt ":
            found = _format(_read(file, at + 8, min(length, 16)))
            if found is None:
                return Wav(0.0, 0, 0, Defect.NOT_WAV)
            form = found
        at += 8 + length + length % 2
    return Wav(0.0, form.rate, form.channels, Defect.MISMATCH)


def _measure(file: BinaryIO, size: int, start: int, declared: int, form: _Format, whole: bool) -> Wav:
    present = size - start
    if declared > present or _is_audio(file, size, start + declared + declared % 2, declared):
        real = present
    else:
        real = declared
    real -= real % form.frame
    if real == 0:
        return Wav(0.0, form.rate, form.channels, Defect.EMPTY)
    right = whole and declared - declared % form.frame == real
    cut = _read(file, start + declared + declared % 2, 4) == REST
    seconds, defect = real / form.bytes_per_s, None if right else Defect.MISMATCH
    return Wav(seconds, form.rate, form.channels, defect, not right or cut, start, real, form.linear16)


def _is_audio(file: BinaryIO, size: int, at: int, declared: int) -> bool:
    """Whether the bytes behind the declared end of the audio are more audio."""
    first = _read(file, at, 8)
    if len(first) < 8:
        # Too short for a chunk. Behind a length of zero it is audio; behind a length that was filled in, a cut trailer.
        return declared == 0 and len(first) > 0
    return first[:4] not in _TRAILERS and (declared == 0 or not _are_chunks(file, size, at))


def _are_chunks(file: BinaryIO, size: int, at: int) -> bool:
    """Whether whole chunks fill the file from here to its end."""
    for _ in range(_CHUNKS_AT_MOST):
        if at >= size:
            break
        chunk = _read(file, at, 8)
        if len(chunk) < 8:
            return False
        length = _number(chunk, 4)
        at += 8 + length + length % 2
    return at in (size, size + 1)


def _format(body: bytes) -> _Format | None:
    if len(body) < 16:
        return None
    codec, channels, rate, bytes_per_s, block, bits = struct.unpack("<HHIIHH", body)
    if codec in _PCM:
        # Follows from the other three, which are what players use.
        block = channels * ((bits + 7) // 8)
        bytes_per_s = block * rate
    if not (channels and rate and bytes_per_s and block):
        return None
    return _Format(rate, channels, block, bytes_per_s, codec == 1 and bits == 16)


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")
