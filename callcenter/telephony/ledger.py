"""Asterisk's queue_log to domain events: slow, complete, and kept during any outage of ours."""

import asyncio
import os
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from callcenter import metrics
from callcenter.domain.events import Event, LedgerLost, LedgerRead, Source
from callcenter.errors import ParseProblem
from callcenter.telephony.ledger_file import (
    Checkpoint,
    LedgerFile,
    LedgerUnreadable,
    RotatedFile,
    line_digest,
    resume,
    stamp,
)
from callcenter.telephony.ledger_line import parse_line
from callcenter.telephony.shared import SharedAsterisk

log = structlog.get_logger()

POLL_S = 0.5
LINES_PER_TURN = 16
"""Lines reported before the loop is given a turn: fewer than the engine processes in one, so that it keeps up."""


@dataclass(slots=True)
class _Line:
    text: bytes
    end: int
    """Offset of the byte after its newline."""
    seen_at: float
    """Loop time."""


class Ledger:
    """Follows queue_log through rotation and restarts; reports each line once it is `delay_s` old.

    `caught_up` is set when everything that was in the file at the start has been reported. `shared`: as of `Node`.
    """

    def __init__(
        self,
        path: Path,
        delay_s: float,
        put: Callable[[Event], None],
        checkpoint: Checkpoint | None = None,
        poll_s: float = POLL_S,
        shared: SharedAsterisk | None = None,
    ) -> None:
        self.caught_up = asyncio.Event()
        self._path = path
        self._delay_s = delay_s
        self._put = put
        self._checkpoint = checkpoint
        self._poll_s = poll_s
        self._shared = shared
        self._file: LedgerFile | None = None
        # The checkpoint that could not be found, which was said.
        self._said: Checkpoint | None = None
        # Files that were rotated while nobody read, to be read after `_file`.
        self._later: deque[RotatedFile] = deque()
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
            self._file = await self._first()
            if self._file is None:
                self.caught_up.set()
                await self._all_reported(asyncio.get_running_loop().time())
                return False
        if not self._lines:
            if not self._file.continues():
                log.warning("ledger was truncated; looking for the copy that was made of it")
                metrics.problems_total.labels(problem="ledger truncated").inc()
                self._forget()
                return True
            now = asyncio.get_running_loop().time()
            self._lines.extend(_Line(text, end, now) for text, end in self._file.read())
            self._read_at = now if self._at_end() else None
        if not self._lines:
            if self._read_at is not None:
                await self._all_reported(self._read_at)
            return self._file.skipping() or await self._next()
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
        last = None
        count = 0
        while self._lines and self._old_enough(self._lines[0]):
            line = last = self._lines.popleft()
            try:
                event = parse_line(line.text if self._shared is None else self._shared.line(line.text))
            except ParseProblem as problem:
                log.warning("ledger line not understood", offset=line.end, reason=str(problem))
                metrics.problems_total.labels(problem="ledger line not understood").inc()
                event = None
            if event is not None:
                self._put(event)
            count += 1
            if count % LINES_PER_TURN == 0:
                await asyncio.sleep(0)
        if last is None:
            return False
        now = datetime.now(UTC)
        written_at = min(now, stamp(last.text) or self._line_at() or now)
        self._checkpoint = mark = Checkpoint(self._file.inode, last.end, line_digest(last.text), written_at)
        self._put(LedgerRead(at=now, source=Source.LEDGER, **mark._asdict()))
        return True

    def _line_at(self) -> datetime | None:
        """The time of the last line that was reported."""
        return None if self._checkpoint is None else self._checkpoint.line_at

    def _old_enough(self, line: _Line) -> bool:
        """By when we read it, or, of the backlog at the start, by its own time, so that it is read at once.

        Later its own time says nothing: where one clock is behind the other, the ledger would come before the live view.
        """
        if asyncio.get_running_loop().time() - line.seen_at >= self._delay_s:
            return True
        stamp = line.text[:10]
        # Whole seconds: the line may have been written at the very end of its second.
        backlog = not self.caught_up.is_set() and stamp.isdigit()
        return backlog and int(stamp) + 1 + self._delay_s <= time.time()

    async def _first(self) -> LedgerFile | None:
        """The file to start with: the one of the checkpoint, whatever its name is now, compressed or copied."""
        file, later, lost = await asyncio.to_thread(resume, self._path, self._checkpoint)
        self._later = deque(later)
        if lost and self._checkpoint is not self._said:
            self._said = self._checkpoint
            self._lose("the file of the checkpoint is gone", self._first_known(file, later))
        if not later or not lost:
            return file
        if file is not None:
            file.close()
        return await self._open_later()

    def _first_known(self, file: LedgerFile | None, later: Sequence[RotatedFile]) -> datetime:
        """The time of the first line that is left."""
        if later:
            return datetime.fromtimestamp(later[0].began_at, UTC)
        first = None if file is None else stamp(os.pread(file.fd, 10, 0))
        return first or datetime.now(UTC)

    def _lose(self, reason: str, until: datetime) -> None:
        """Say that lines between the last one that was reported and `until` may be lost."""
        since = self._line_at()
        log.error("ledger lines may be lost", reason=reason, since=since and since.isoformat(), until=until.isoformat())
        metrics.problems_total.labels(problem="ledger lines may be lost").inc()
        if since is not None:
            self._put(LedgerLost(at=max(since, until), source=Source.LEDGER, began_at=since))

    async def _open_later(self) -> LedgerFile | None:
        """The next of the files that were rotated while nobody read; after them, the one that is written now."""
        while self._later:
            following = self._later.popleft()
            reason = "a rotated file is gone"
            try:
                if (file := await asyncio.to_thread(LedgerFile.open, following.path)) is not None:
                    return file
            except LedgerUnreadable as problem:
                reason = f"a rotated file {problem}"
            self._lose(reason, datetime.fromtimestamp(following.modified, UTC))
        return LedgerFile.open(self._path)

    async def _next(self) -> bool:
        """At the end of the file: go on to the one that was started after it, if there is one."""
        assert self._file is not None
        if not self._later and not self._rotated():
            self.caught_up.set()
            return False
        if not self._last_look:
            # A line may have been written between our reading and the rotation.
            self._last_look = True
            return True
        self._last_look = False
        following = await self._open_later() if self._later else self._after_rotation(self._file)
        self._file.close()
        self._file = following
        return following is not None

    def _after_rotation(self, file: LedgerFile) -> LedgerFile | None:
        """What was started after this file, which was rotated while we read it."""
        modified = file.modified_ns()
        later = [
            (stat.st_mtime_ns, path)
            for path in (*self._siblings(), self._path)
            if (stat := self._stat(path)) and stat.st_ino != file.inode and stat.st_mtime_ns >= modified
        ]
        return LedgerFile.open(min(later)[1] if later else self._path)

    def _at_end(self) -> bool:
        """Whether everything that was written until now is read."""
        assert self._file is not None
        return self._file.at_end() and not self._later and not self._rotated()

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
        self._later.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
