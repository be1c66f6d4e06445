"""The ZIP around a pack: written in one way only, so that every byte of it can be told to be as it was written.

Nothing is compressed, dated or commented (PKWARE's APPNOTE, sections 4.3 and 4.4). Read here without ever being
unpacked to a disk; what is not a plain ZIP of modest size is refused before it is read.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, KeysView, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from callcenter.errors import CallcenterError

CHUNK = 256 * 1024
MOST_ENTRIES = 10_000
MOST_BYTES = 4 * 1024**3 - 64 * 1024 * 1024
"""Of a whole pack: what a ZIP can hold without its 64-bit extension, which not everything can read."""
UNPACKS_TO = 100
"""Times its own size that a ZIP may claim to unpack to. Ours claims less than once."""
LARGEST_DIRECTORY = 4 * 1024 * 1024

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}", re.ASCII)
_UNREADABLE = (
    zipfile.BadZipFile,
    RuntimeError,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    zlib.error,
    struct.error,
)
_END = struct.Struct("<4s4H2LH")
_ENCRYPTED = 1
_DOS_DAY = 0x21
"""The first of January 1980, where the clock of a ZIP begins."""


class Unsafe(CallcenterError):
    """This file is no ZIP that can be looked into. The text says why."""


class TooLarge(CallcenterError):
    """The entries are more than one pack can hold."""


@dataclass(frozen=True, slots=True)
class PackEntry:
    """An entry as it lies in the file. `crc`: of its bytes, CRC-32."""

    name: str
    size: int
    crc: int


def write(target: Path, files: Sequence[tuple[str, Path]]) -> None:
    """Write the files, under these names and in this order. Raises `TooLarge`. Blocks."""
    if len(files) > MOST_ENTRIES or sum(path.stat().st_size for _, path in files) > MOST_BYTES:
        raise TooLarge
    entries = []
    with target.open("wb") as out:
        for name, path in files:
            with path.open("rb") as file:
                crc, size = _crc(file)
                entries.append(PackEntry(name, size, crc))
                out.write(_local(entries[-1]))
                file.seek(0)
                for chunk in iter(lambda opened=file: opened.read(CHUNK), b""):  # type: ignore[misc]
                    out.write(chunk)
        out.write(_tail(entries))


class Container:
    """A ZIP file opened for reading. Raises `Unsafe` when made for something that must not be read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        _require_plain_end(file, self._size)
        try:
            self._zip = zipfile.ZipFile(file)
            infos = self._zip.infolist()
        except _UNREADABLE as problem:
            raise Unsafe(f"not a ZIP file that can be read ({problem})") from None
        self._infos = {info.filename: info for info in infos}
        _require_modest(infos, self._infos, self._size)

    @property
    def names(self) -> KeysView[str]:
        """The names, in the order of the directory."""
        return self._infos.keys()

    def size(self, name: str) -> int:
        """Bytes that the entry claims to have."""
        return self._infos[name].file_size

    def read(self, name: str) -> Iterator[bytes]:
        """The entry's bytes, a chunk at a time; at most as many as it claims. Raises `Unsafe` when it cannot be read."""
        try:
            with self._zip.open(self._infos[name]) as entry:
                while chunk := entry.read(CHUNK):
                    yield chunk
        except _UNREADABLE as problem:
            raise Unsafe(str(problem) or "it cannot be read") from None

    def as_written(self) -> bool:
        """Whether every byte outside the entries is the one that `write` writes."""
        infos = sorted(self._infos.values(), key=lambda info: info.header_offset)
        entries = [PackEntry(info.filename, info.file_size, info.CRC) for info in infos]
        at = 0
        for entry in entries:
            head = _local(entry)
            if self._at(at, len(head)) != head:
                return False
            at += len(head) + entry.size
        tail = _tail(entries)
        return self._size == at + len(tail) and self._at(at, len(tail)) == tail

    def _at(self, offset: int, count: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(count)


def _crc(file: IO[bytes]) -> tuple[int, int]:
    crc = size = 0
    while chunk := file.read(CHUNK):
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
    return crc, size


def _local(entry: PackEntry) -> bytes:
    name = entry.name.encode("ascii")
    facts = (entry.crc, entry.size, entry.size, len(name), 0)
    return struct.pack("<4s5H3L2H", b"PK\3\4", 10, 0, 0, 0, _DOS_DAY, *facts) + name


def _tail(entries: Sequence[PackEntry]) -> bytes:
    """The directory, and the end of it."""
    directory, at = bytearray(), 0
    for entry in entries:
        name = entry.name.encode("ascii")
        facts = (entry.crc, entry.size, entry.size, len(name), 0, 0, 0, 0, 0o100644 << 16, at)
        directory += struct.pack("<4s6H3L5H2L", b"PK\1\2", 0x0314, 10, 0, 0, 0, _DOS_DAY, *facts) + name
        at += len(_local(entry)) + entry.size
    count = len(entries)
    return bytes(directory) + _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), at, 0)


def _require_plain_end(file: BinaryIO, size: int) -> None:
    """Before `zipfile` looks at it: it would read a directory of any size, and search for one."""
    end, before = bytearray(_END.size), b""
    if size >= _END.size:
        file.seek(size - _END.size)
        end[:] = file.read(_END.size)
        file.seek(max(0, size - _END.size - 20))
        before = file.read(20)
    mark, _, _, count, _, directory, at, comment = _END.unpack(end)
    if mark != b"PK\5\6" or comment:
        raise Unsafe("not a whole pack: the end of a ZIP file without a comment is not where it must be")
    if before.startswith(b"PK\6\7") or count == 0xFFFF:
        raise Unsafe("a ZIP with the 64-bit extension, which no pack has")
    if directory > LARGEST_DIRECTORY or directory + at + _END.size > size or count > MOST_ENTRIES:
        raise Unsafe("the directory of the ZIP is too large, or lies outside the file")


def _require_modest(infos: Sequence[zipfile.ZipInfo], by_name: dict[str, zipfile.ZipInfo], size: int) -> None:
    for info in infos:
        if not _SAFE.fullmatch(info.orig_filename) or info.orig_filename != info.filename:
            raise Unsafe(f"an entry has a name that no pack has, and that could lead elsewhere: {info.orig_filename!r}")
        if info.flag_bits & _ENCRYPTED or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unsafe(f"{info.filename} is encrypted, or compressed in a way that no pack is")
    if len(by_name) < len(infos):
        raise Unsafe("two entries have the same name")
    if sum(info.file_size for info in infos) > UNPACKS_TO * size:
        raise Unsafe(f"it would unpack to more than {UNPACKS_TO} times its size: a bomb")
