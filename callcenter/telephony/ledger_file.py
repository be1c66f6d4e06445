"""The files of queue_log on disk, rotated and compressed ones too, and where in them reading goes on."""

import bz2
import gzip
import hashlib
import lzma
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import structlog

from callcenter import metrics
from callcenter.errors import TelephonyError

log = structlog.get_logger()

CHUNK = 32 * 1024
"""Bytes read at a time; also the longest line that counts as one."""

_COMPRESSED = ("gz", "bz2", "xz", "zst", "lz4", "lzo", "Z", "zip")
_OPENERS: dict[str, Callable[[BinaryIO], object]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError)


class LedgerUnreadable(TelephonyError):
    """A rotated file of the ledger is compressed in a way that is not read here, or is damaged."""


class Checkpoint(NamedTuple):
    """Everything before byte `offset` of the file with this inode has been reported.

    `line` is the SHA-256 of the last line before it, by which the place is found again in a copy of the file or when
    it was compressed; empty when it is not known. `line_at`: the time of that line.
    """

    inode: int
    offset: int
    line: str = ""
    line_at: datetime | None = None


class RotatedFile(NamedTuple):
    """An earlier file of the ledger. `began_at`: the time of its first line, or of the file when it has none."""

    began_at: float
    modified: float
    path: Path
    inode: int


class Resumption(NamedTuple):
    """Where reading goes on: in `file`, and then in `later`, oldest first. `lost`: the checkpoint was not found."""

    file: "LedgerFile | None"
    later: Sequence[RotatedFile]
    lost: bool = False


def resume(path: Path, checkpoint: Checkpoint | None) -> Resumption:
    """Find the checkpoint in the file at `path` or in what became of it. May decompress: not for the event loop."""
    current = LedgerFile.open(path)
    if checkpoint is None or (current is not None and current.seek(checkpoint)):
        return Resumption(current, ())
    since = checkpoint.line_at.timestamp() if checkpoint.line_at else None
    # What was last written before our last line has nothing new.
    files = [file for file in rotated_files(path) if since is None or file.modified >= int(since)]
    for place in sorted(range(len(files)), key=lambda place: (files[place].inode != checkpoint.inode, -place)):
        try:
            file = LedgerFile.open(files[place].path)
        except LedgerUnreadable:
            continue
        if file is not None and file.seek(checkpoint):
            if current is not None:
                current.close()
            return Resumption(file, files[place + 1 :])
        if file is not None:
            file.close()
    return Resumption(current, files if since is not None else (), lost=True)


def rotated_files(path: Path) -> list[RotatedFile]:
    """What Asterisk or logrotate made of earlier files, oldest first; of a file and its compressed copy, the file."""
    name = re.compile(rf"({re.escape(path.name)}([.-][0-9]+)+)(\.({'|'.join(_COMPRESSED)}))?")
    found = {}
    for each in sorted(path.parent.glob(f"{path.name}*")):
        if (parts := name.fullmatch(each.name)) and parts[1] not in found:
            try:
                status = each.stat()
            except FileNotFoundError:
                continue
            began_at = _first_stamp(each)
            modified = status.st_mtime_ns / 1e9
            found[parts[1]] = RotatedFile(modified if began_at is None else began_at, modified, each, status.st_ino)
    return sorted(found.values())


def line_digest(line: bytes) -> str:
    """What a checkpoint keeps of a line: nobody's number. Empty for a line that was left out."""
    return hashlib.sha256(line).hexdigest() if line else ""


def stamp(line: bytes) -> datetime | None:
    """The time that a line begins with."""
    digits = line[:10]
    return datetime.fromtimestamp(int(digits), UTC) if len(digits) == 10 and digits.isdigit() else None


def _first_stamp(path: Path) -> float | None:
    try:
        with path.open("rb") as file:
            opener = _OPENERS.get(path.suffix)
            first = stamp((cast(BinaryIO, opener(file)) if opener else file).read(10))
    except _DAMAGED:
        return None
    return first.timestamp() if first else None


class LedgerFile:
    """An open ledger file and how far it was read. Reads local disk, a bounded piece at a time."""

    def __init__(self, fd: int, inode: int, modified_ns: int | None = None) -> None:
        self.fd = fd
        self.inode = inode
        self._modified_ns = modified_ns
        self._offset = 0
        self._last = ""
        self._last_length = 0
        self._skipping = False

    @classmethod
    def open(cls, path: Path) -> "LedgerFile | None":
        """The file, or None when it is not there (yet). Raises `LedgerUnreadable`; a compressed one is unpacked first."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        status = os.fstat(fd)
        if path.suffix[1:] not in _COMPRESSED:
            return cls(fd, status.st_ino)
        with os.fdopen(fd, "rb") as packed:
            return cls(_unpacked(packed, path.suffix), status.st_ino, status.st_mtime_ns)

    def seek(self, checkpoint: Checkpoint) -> bool:
        """Continue after the checkpoint; False, and at the beginning, when this file does not have it."""
        if not checkpoint.line:
            self._offset = checkpoint.offset
            found = self.inode == checkpoint.inode and self.continues()
        else:
            at = max(0, checkpoint.offset - CHUNK - 1)
            lines = os.pread(self.fd, checkpoint.offset - at, at).split(b"\n")
            found = len(lines) > 1 and lines[-1] == b"" and line_digest(lines[-2]) == checkpoint.line
            found = found and os.fstat(self.fd).st_size >= checkpoint.offset
            self._last, self._last_length = (checkpoint.line, len(lines[-2])) if found else ("", 0)
        self._offset = checkpoint.offset if found else 0
        return found

    def read(self) -> Iterator[tuple[bytes, int]]:
        """Whole lines of the next piece, each with the offset of its end. A line longer than a piece is left out."""
        data = os.pread(self.fd, CHUNK, self._offset)
        start = 0
        line = b""
        while (end := data.find(b"\n", start)) >= 0:
            line = data[start:end]
            start = end + 1
            if self._skipping:
                self._skipping = False
                log.warning("ledger line too long", offset=self._offset + start)
                metrics.problems_total.labels(problem="ledger line not understood").inc()
                line = b""
            yield line, self._offset + start
        if start:
            self._last, self._last_length = line_digest(line), len(line)
        elif self._skipping or len(data) == CHUNK:
            self._skipping = True
            start = len(data)
        self._offset += start

    def at_end(self) -> bool:
        """Whether everything was read except an incomplete line."""
        return os.fstat(self.fd).st_size - self._offset < CHUNK and not os.pread(self.fd, CHUNK, self._offset).count(
            b"\n"
        )

    def skipping(self) -> bool:
        """Whether a line too long is being left out and there is more of it."""
        return self._skipping and os.fstat(self.fd).st_size > self._offset

    def continues(self) -> bool:
        """Whether what was read is still there; not when the file was truncated, to be written again or not."""
        if self._offset == 0:
            return True
        if self._skipping or not self._last:
            last = os.pread(self.fd, 1, self._offset - 1)
            return bool(last) and (self._skipping or last == b"\n")
        length = self._last_length + 1
        line = os.pread(self.fd, length, self._offset - length)
        return line[-1:] == b"\n" and line_digest(line[:-1]) == self._last

    def modified_ns(self) -> int:
        """When it was last written, in nanoseconds since 1970."""
        return os.fstat(self.fd).st_mtime_ns if self._modified_ns is None else self._modified_ns

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)


def _unpacked(packed: BinaryIO, suffix: str) -> int:
    """A descriptor of a nameless file with the content."""
    if suffix not in _OPENERS:
        raise LedgerUnreadable(f"compressed as {suffix}")
    with tempfile.TemporaryFile() as plain:
        try:
            shutil.copyfileobj(cast(BinaryIO, _OPENERS[suffix](packed)), plain)
            plain.flush()
        except _DAMAGED as problem:
            raise LedgerUnreadable(f"cannot be unpacked: {type(problem).__name__}") from problem
        return os.dup(plain.fileno())
