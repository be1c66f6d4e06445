"""Originals read from the store: the WAV that Asterisk wrote, also where it is kept as FLAC.

How one is kept is told by its key, which the custody chain names too. A WAV may be under the key of a FLAC: of a node
that could not pack it, or of an earlier version of this program.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO, Protocol

from callcenter.errors import AudioProblem, ObjectAltered
from callcenter.recordings.flac import MARK, unpacked

WAV = ".wav"
FLAC = ".flac"

_PIECE = 256 * 1024

Digest = tuple[bytes, int]
"""SHA-256, and the size in bytes."""


class Source(Protocol):
    """What reading needs of the store. Raises `StoreError`."""

    def open(self, key: str, offset: int, length: int, version: str | None = None) -> AsyncGenerator[bytes, None]:
        """`length` bytes of the object from `offset` on, 0 meaning all that follow."""
        ...


class DigestingSource(Source, Protocol):
    """A store that reads objects back by itself."""

    async def digest(self, key: str, version: str | None = None) -> Digest:
        """Of the object as the store has it."""
        ...


@dataclass(frozen=True, slots=True)
class ReadBack:
    """`wav`: of the WAV, None where there is none to be had of the object. `stored`: of the object as the store has it."""

    wav: Digest | None
    stored: Digest

    @property
    def packed(self) -> Digest | None:
        """Of the object, where that is not the WAV itself."""
        return None if self.stored == self.wav else self.stored


async def read_back(store: DigestingSource, key: str, version: str | None = None) -> ReadBack:
    """Read the object, and what is packed in it. Raises `StoreError`, `OSError` when there is no room for it."""
    if not key.endswith(FLAC):
        found = await store.digest(key, version)
        return ReadBack(found, found)
    with TemporaryFile(prefix="callcenter-flac-") as file:
        async with aclosing(store.open(key, 0, 0, version)) as pieces:
            stored = await _digest(pieces, file)
        if not _is_packed(file):
            return ReadBack(stored, stored)
        return ReadBack(await digest_of_packed(file), stored)


async def digest_of_packed(file: BinaryIO) -> Digest | None:
    """Of the WAV that is packed in this file; None where there is none to be had."""
    try:
        async with aclosing(unpacked(file)) as pieces:
            return await _digest(pieces)
    except AudioProblem:
        return None


async def open_original(
    store: Source, key: str, offset: int = 0, length: int = 0, version: str | None = None
) -> AsyncGenerator[bytes, None]:
    """`length` bytes of the WAV from `offset` on, 0 meaning all that follow.

    Close the iterator (`contextlib.aclosing`) when it is not read to the end. Raises `StoreError`, of a FLAC that gives no
    such WAV `ObjectAltered`; `OSError` when there is no room for the FLAC.
    """
    if not key.endswith(FLAC):
        async with aclosing(store.open(key, offset, length, version)) as pieces:
            async for piece in pieces:
                yield piece
        return
    with TemporaryFile(prefix="callcenter-flac-") as file:
        async with aclosing(store.open(key, 0, 0, version)) as pieces:
            await _digest(pieces, file)
        try:
            async with aclosing(_part(file, offset, length)) as pieces:
                async for piece in pieces:
                    length -= len(piece)
                    yield piece
        except AudioProblem as problem:
            raise ObjectAltered(f"object {key} is not what was stored: {problem}") from None
    if length > 0:
        raise ObjectAltered(f"object {key} is shorter than what was stored")


async def _part(file: BinaryIO, offset: int, length: int) -> AsyncGenerator[bytes, None]:
    """The FLAC is unpacked from its beginning, some thousand times as fast as it is heard, and not further than needed."""
    at, end = 0, offset + length
    async with aclosing(unpacked(file) if _is_packed(file) else _read(file)) as pieces:
        async for piece in pieces:
            wanted = piece[max(0, offset - at) : end - at if length else None]
            at += len(piece)
            if wanted:
                yield wanted
            if length and at >= end:
                return


async def _digest(pieces: AsyncIterable[bytes], file: BinaryIO | None = None) -> Digest:
    """Of all of them, which are written to the file too."""
    sha256, size = hashlib.sha256(), 0
    async for piece in pieces:
        sha256.update(piece)
        size += len(piece)
        if file is not None:
            await asyncio.to_thread(file.write, piece)
    if file is not None:
        file.flush()
    return sha256.digest(), size


def _is_packed(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(len(MARK)) == MARK


async def _read(file: BinaryIO) -> AsyncGenerator[bytes, None]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece
