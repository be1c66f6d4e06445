"""A WAV file packed as FLAC, from which it can be had back byte by byte.

The samples are FLAC's own. What surrounds them in the WAV, its header and the chunks behind the audio, is in APPLICATION
blocks with the id `riff`, where the reference program puts it for `--keep-foreign-metadata` (RFC 9639, section 8.3; its
`src/flac/foreign_metadata.c`). So `flac --decode --keep-foreign-metadata` gives the same WAV without this program.
"""

import asyncio
import shutil
import struct
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from callcenter.errors import AudioProblem
from callcenter.orphans import dying_with_parent
from callcenter.recordings.wav import Wav

MARK = b"fLaC"
RIFF = b"riff"
MEDIA_TYPE = "audio/flac"

_LEVEL = "5"
"""Of ffmpeg's 0 to 12. Level 8 needs half as much processor time again and saves one hundredth, level 12 five times as much."""
_STREAMINFO, _APPLICATION, _LAST = 0, 2, 0x80
_LARGEST_BLOCK = (1 << 24) - 1
_HIGHEST_RATE = 655_350
_PIECE = 256 * 1024
_MEMORY = 1024**3


def can_be_packed(wav: Wav) -> bool:
    """Whether it is sound and of the kind that FLAC has samples of. Any other file is better kept as it is."""
    return wav.linear16 and wav.defect is None and wav.channels <= 2 and 0 < wav.rate <= _HIGHEST_RATE


async def pack(original: Path, wav: Wav, target: Path) -> None:
    """Write `target`, the FLAC of the WAV file `original`. Raises `AudioProblem`, or `OSError` from the disk.

    Whoever removes the WAV must first have it back from what was stored.
    """
    around = await asyncio.to_thread(_around, original, wav)
    plain = target.with_name(f"{target.name}.plain")
    source = f"subfile,,start,{wav.start},end,{wav.start + wav.size},,:file:{original}"
    sound = ("-f", "s16le", "-ar", str(wav.rate), "-ac", str(wav.channels), "-i", source)
    form = ("-map_metadata", "-1", "-fflags", "+bitexact", "-c:a", "flac", "-compression_level", _LEVEL, "-f", "flac")
    command = _ffmpeg(wav.size, *sound, *form, f"file:{plain}", first=("nice", "-n", "10"))
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    await _end_of(process)
    await asyncio.to_thread(_put_around, plain, around, target)


async def unpacked(packed: BinaryIO) -> AsyncGenerator[bytes, None]:
    """The WAV that was packed into this file, piece by piece. Raises `AudioProblem` where it is not one of ours or damaged."""
    before, behind = await asyncio.to_thread(_surroundings, packed)
    yield before
    packed.seek(0)
    size = packed.seek(0, 2)
    packed.seek(0)
    strict = ("-xerror", "-err_detect", "crccheck+explode")
    sound = ("-f", "flac", "-i", "pipe:0", "-c:a", "pcm_s16le", "-f", "s16le", "pipe:1")
    command = _ffmpeg(100 * size, *strict, *sound)
    process = await asyncio.create_subprocess_exec(*command, stdin=packed, stdout=PIPE, stderr=DEVNULL)
    assert process.stdout is not None
    try:
        while piece := await process.stdout.read(_PIECE):
            yield piece
    finally:
        await _end_of(process, kill=not process.stdout.at_eof())
    yield behind


async def _end_of(process: asyncio.subprocess.Process, *, kill: bool = False) -> None:
    """Wait for it; when cancelled, or with `kill`, end it. Raises `AudioProblem` when it failed by itself."""
    try:
        if kill:
            process.kill()
        failed = await process.wait()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if failed and not kill:
        raise AudioProblem(f"ffmpeg failed with status {failed}")


def _ffmpeg(size: int, *arguments: str, first: Sequence[str] = ()) -> Sequence[str]:
    """The command, within limits that follow from the bytes of sound."""
    limits = ("prlimit", f"--cpu={60 + size // 1_000_000}", f"--as={_MEMORY}")
    program = ("ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-threads", "1", "-y")
    return dying_with_parent((*limits, *first, *program, *arguments))


def _around(original: Path, wav: Wav) -> list[bytes]:
    """The bodies of the blocks: the beginning of the WAV, each chunk, of the audio's only its eight bytes."""
    with original.open("rb") as file:
        before = file.read(wav.start)
        file.seek(wav.start + wav.size)
        behind = file.read(_LARGEST_BLOCK)
        if file.read(1):
            raise AudioProblem("more behind the audio than a block can hold")
    return [before[:12], *_chunks(before[12:-8]), before[-8:], *_chunks(behind)]


def _chunks(data: bytes) -> Iterator[bytes]:
    while data:
        length = 8 + int.from_bytes(data[4:8], "little")
        length += length % 2
        if not 8 <= length <= min(len(data), _LARGEST_BLOCK - len(RIFF)):
            raise AudioProblem("what surrounds the audio is not in whole chunks")
        yield data[:length]
        data = data[length:]


def _put_around(plain: Path, around: Sequence[bytes], target: Path) -> None:
    """Of ffmpeg's own blocks only the first, STREAMINFO, is needed: it has the samples' MD5 too."""
    with plain.open("rb") as source, target.open("wb") as file:
        if source.read(4) != MARK:
            raise AudioProblem("ffmpeg made no FLAC")
        kinds = list(_blocks(source))
        if not kinds or kinds[0][0] != _STREAMINFO:
            raise AudioProblem("ffmpeg made a FLAC without its first block")
        file.write(MARK + _block(_STREAMINFO, kinds[0][1]))
        for number, body in enumerate(around, 1):
            file.write(_block(_APPLICATION | (_LAST if number == len(around) else 0), RIFF + body))
        shutil.copyfileobj(source, file, _PIECE)
    plain.unlink()


def _surroundings(packed: BinaryIO) -> tuple[bytes, bytes]:
    """The bytes of the WAV before the audio and behind it."""
    packed.seek(0)
    if packed.read(4) != MARK:
        raise AudioProblem("not a FLAC")
    around = [body[4:] for kind, body in _blocks(packed) if kind == _APPLICATION and body.startswith(RIFF)]
    audio = next((number for number, body in enumerate(around) if body.startswith(b"data")), None)
    if audio is None:
        raise AudioProblem("a FLAC without the header of its WAV")
    return b"".join(around[: audio + 1]), b"".join(around[audio + 1 :])


def _blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each metadata block from here on; afterwards the file is at the first frame."""
    last = False
    while not last:
        head = file.read(4)
        if len(head) < 4:
            raise AudioProblem("a FLAC that ends in its metadata")
        last, kind = bool(head[0] & _LAST), head[0] & ~_LAST
        yield kind, file.read(int.from_bytes(head[1:], "big"))


def _block(kind: int, body: bytes) -> bytes:
    return struct.pack(">I", kind << 24 | len(body)) + body
