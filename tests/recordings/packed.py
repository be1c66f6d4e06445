"""FLACs of WAVs, as a node stores them."""

from pathlib import Path

from callcenter.recordings.flac import pack
from callcenter.recordings.wav import inspect


async def packed(original: Path) -> Path:
    """The FLAC of this file, beside it."""
    target = original.with_suffix(".flac")
    await pack(original, inspect(original), target)
    return target


async def packed_bytes(original: bytes, folder: Path) -> bytes:
    path = folder / "to-pack.wav"
    path.write_bytes(original)
    return (await packed(path)).read_bytes()
