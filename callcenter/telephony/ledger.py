"""Asterisk's queue_log to domain events: slow, complete, and kept during any outage of ours."""

import asyncio
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import structlog

from callcenter import metrics
from callcenter.domain.events import Event, LedgerRead, Source
from callcenter.errors import ParseProblem
from callcenter.telephony.ledger_line import parse_line

log = structlog.get_logger()

POLL_S = 0.5
CHUNK = 32 * 1024
"""Bytes read at a time; also the longest line that counts as one."""
LINES_PER_TURN = 16
"""Lines reported before the loop is given a turn: fewer than the engine processes in one, so that it keeps up."""


class Checkpoint(NamedTuple):
    """Everything before byte `offset` of the file with this inode has been reported."""

    inode: int
    offset: int


@dataclass(slots=True)
class _Line:
    text: bytes
    end: int
    """Offset of the byte after its newline."""
    seen_at: float
    """Loop time."""


class Ledger:
    """Follows queue_log through rotation and restarts; reports each line once it is `delay_s` old.

    `caught_up` is set when everything that was in the file at the start has been reported.
    """

    def __init__(
        self,
        path: Path,
        delay_s: float,
        put: Callable[[Event], None],
        checkpoint: tuple[int, int] | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        self.caught_up = asyncio.Event()
        self._path = path
        self._delay_s = delay_s
        self._put = put
        self._checkpoint = None if checkpoint is None else Checkpoint(*checkpoint)
        self._poll_s = poll_s
        self._file: _File | None = None
        self._lines: deque[_Line] = deque()
        self._last_look = False
        # Loop time up to which everything written has been reported, and of the read whose lines are being reported.
        self._reported_until = float("-inf")
        self._read_at: float | None = None
        self._progress = asyncio.Condition()

    async def run(self) -> None:
        """Read until cancelled."""
        try:
            while True:
                try:
                    idle = not await self._turn()
                except OSError as error:
                    log.error("ledger cannot be read", reason=error.strerror)
                    metrics.problems_total.labels(problem="ledger cannot be read").inc()
                    self._forget()
                    idle = True
                await asyncio.sleep(self._poll_s if idle else 0)
        finally:
            self._forget()

    async def catch_up(self) -> None:
        """Return once everything that was written before this call has been reported."""
        now = asyncio.get_running_loop().time()
        async with self._progress:
            await self._progress.wait_for(lambda: self._reported_until >= now)

    async def _all_reported(self, until: float) -> None:
        async with self._progress:
            self._reported_until = until
            self._progress.notify_all()

    async def _turn(self) -> bool:
        """Read and report one chunk; False when there is nothing more to do now."""
        if self._file is None:
            self._file = self._first()
            if self._file is None:
                self.caught_up.set()
                await self._all_reported(asyncio.get_running_loop().time())
                return False
        if not self._lines:
            now = asyncio.get_running_loop().time()
            self._lines.extend(_Line(text, end, now) for text, end in self._file.read())
            self._read_at = now if self._file.at_end() and not self._rotated() else None
        if not self._lines:
            if self._read_at is not None:
                await self._all_reported(self._read_at)
            return self._file.skipping() or self._next()
        reported = await self._report()
        if not self._lines and self._read_at is not None:
            await self._all_reported(self._read_at)
        if not reported:
            # For a restart, lines younger than the delay do not count as written before the start.
            self.caught_up.set()
        return reported

    async def _report(self) -> bool:
        """Report the lines that are old enough; True if there were any."""
        assert self._file is not None
        end = None
        count = 0
        while self._lines and self._old_enough(self._lines[0]):
            line = self._lines.popleft()
            end = line.end
            try:
                event = parse_line(line.text)
            except ParseProblem as problem:
                log.warning("ledger line not understood", offset=line.end, reason=str(problem))
                metrics.problems_total.labels(problem="ledger line not understood").inc()
                event = None
            if event is not None:
                self._put(event)
            count += 1
            if count % LINES_PER_TURN == 0:
                await asyncio.sleep(0)
        if end is None:
            return False
        self._put(LedgerRead(at=datetime.now(UTC), source=Source.LEDGER, inode=self._file.inode, offset=end))
        return True

    def _old_enough(self, line: _Line) -> bool:
        """By its own time, so that a backlog is read at once; at the latest by when we read it, whatever its time."""
        if asyncio.get_running_loop().time() - line.seen_at >= self._delay_s:
            return True
        stamp = line.text[:10]
        # Whole seconds: the line may have been written at the very end of its second.
        return stamp.isdigit() and int(stamp) + 1 + self._delay_s <= time.time()

    def _first(self) -> "_File | None":
        """The file to start with: the one of the checkpoint, whatever its name is now."""
        mark, self._checkpoint = self._checkpoint, None
        if mark is not None:
            for path in (self._path, *self._siblings()):
                file = _File.open(path)
                if file is not None and file.inode == mark.inode:
                    file.seek(mark.offset)
                    return file
                if file is not None:
                    file.close()
            log.error("the ledger's file of the checkpoint is gone; reading what there is")
            metrics.problems_total.labels(problem="ledger file gone").inc()
        return _File.open(self._path)

    def _next(self) -> bool:
        """At the end of the file: go on to the one that was started after it, if there is one."""
        assert self._file is not None
        if not self._rotated():
            self.caught_up.set()
            return False
        if not self._last_look:
            # A line may have been written between our reading and the rotation.
            self._last_look = True
            return True
        self._last_look = False
        modified = os.fstat(self._file.fd).st_mtime_ns
        later = [
            (stat.st_mtime_ns, path)
            for path in (*self._siblings(), self._path)
            if (stat := self._stat(path)) and stat.st_ino != self._file.inode and stat.st_mtime_ns >= modified
        ]
        following = _File.open(min(later)[1]) if later else _File.open(self._path)
        self._file.close()
        self._file = following
        return following is not None

    def _rotated(self) -> bool:
        """Whether Asterisk now writes to another file; while that is empty, it still writes to this one."""
        assert self._file is not None
        current = self._stat(self._path)
        return current is not None and current.st_ino != self._file.inode and current.st_size > 0

    def _siblings(self) -> list[Path]:
        """Earlier files that Asterisk or logrotate renamed; not those that are compressed."""
        name = re.compile(rf"{re.escape(self._path.name)}([.-][0-9]+)+")
        return [path for path in self._path.parent.glob(f"{self._path.name}*") if name.fullmatch(path.name)]

    @staticmethod
    def _stat(path: Path) -> os.stat_result | None:
        try:
            return path.stat()
        except FileNotFoundError:
            return None

    def _forget(self) -> None:
        self._lines.clear()
        if self._file is not None:
            self._file.close()
            self._file = None


class _File:
    """An open ledger file and how far it was read. Reads local disk, a bounded piece at a time."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.inode = os.fstat(fd).st_ino
        self._offset = 0
        self._skipping = False

    @classmethod
    def open(cls, path: Path) -> "_File | None":
        """The file, or None when it is not there (yet)."""
        try:
            return cls(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        except FileNotFoundError:
            return None

    def seek(self, offset: int) -> None:
        """Continue after `offset` bytes, unless the inode now belongs to another file: then start at its beginning."""
        self._offset = offset
        if not self._continues():
            self._offset = 0

    def read(self) -> Iterator[tuple[bytes, int]]:
        """Whole lines of the next piece, each with the offset of its end. A line longer than a piece is left out."""
        if not self._continues():
            log.warning("ledger was truncated; reading it from the start")
            self._offset = 0
            self._skipping = False
        data = os.pread(self.fd, CHUNK, self._offset)
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            line = data[start:end]
            start = end + 1
            if self._skipping:
                self._skipping = False
                log.warning("ledger line too long", offset=self._offset + start)
                metrics.problems_total.labels(problem="ledger line not understood").inc()
                line = b""
            yield line, self._offset + start
        if start == 0 and (self._skipping or len(data) == CHUNK):
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

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)

    def _continues(self) -> bool:
        """Whether what was read is still there: it ends with a newline, except in the middle of a long line."""
        if self._offset == 0:
            return True
        last = os.pread(self.fd, 1, self._offset - 1)
        return bool(last) and (self._skipping or last == b"\n")
