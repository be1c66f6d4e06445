"""Watches a node's disks: that on which recordings wait, how much is free, what waits and when it would be full at this pace;
and that of the ledger."""

import asyncio
import shutil
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import structlog

from callcenter import metrics
from callcenter.domain.ids import NodeName
from callcenter.errors import NotReady
from callcenter.retrying import repeat
from callcenter.storage import queries

log = structlog.get_logger()

SQL = queries("completeness")
LOOK_S = 10.0
PACE_OVER_S = 600.0
PACE_AFTER_S = 120.0
"""Seconds of looking before a pace is believed."""
LEAST_FREE = 512 * 1024**2
"""Bytes below which the node says that it is not ready: about four hours of one talk, eight minutes of thirty."""
LEAST_FREE_FOR_LOGS = 256 * 1024**2
"""Bytes below which the same is said of the disk of the ledger: when it is full, Asterisk goes on and its lines are lost."""


@dataclass(frozen=True, slots=True)
class Filling:
    """One look. Sizes in bytes; `oldest` and `full_at` in seconds since the epoch, None when nothing waits, or it does not fill.

    `log_free`, `log_total`: of the disk of the ledger.
    """

    free: int
    total: int
    log_free: int
    log_total: int
    files: int
    bytes: int
    oldest: float | None
    full_at: float | None


class DiskWatch:
    """Of the spool below `root`, and of the folder `logs`. What it sees is a figure, a row for the supervisors, and a part of
    readiness."""

    def __init__(self, pool: asyncpg.Pool, root: Path, logs: Path, node: NodeName) -> None:
        self._pool = pool
        self._root = root
        self._logs = logs
        self._node = node
        self._seen: deque[tuple[float, int]] = deque()
        self.latest: Filling | None = None

    def check(self) -> None:
        """Raise `NotReady` when there is little room left for recordings or for the ledger."""
        if (seen := self.latest) is None:
            return
        if seen.log_free < LEAST_FREE_FOR_LOGS:
            raise NotReady(
                f"{seen.log_free // 1_000_000} MB are free for Asterisk's ledger; when it is full, calls are lost"
            )
        if seen.free < LEAST_FREE:
            raise NotReady(
                f"{seen.free // 1_000_000} MB are free for recordings, {seen.files} files wait for the store"
            )

    async def run(self) -> None:
        """Look until cancelled."""
        await repeat(self._look_now, LOOK_S, "the disk cannot be looked at")

    async def _look_now(self) -> None:
        await self.look(time.time())

    async def look(self, now: float) -> Filling:
        """Look once and say what was seen. `now` in seconds since the epoch."""
        usage = await asyncio.to_thread(shutil.disk_usage, self._root)
        logs = await asyncio.to_thread(shutil.disk_usage, self._logs)
        files, size, oldest = await asyncio.to_thread(_waiting, self._root / "ready")
        full_at = self._full_at(now, usage.free)
        self.latest = filling = Filling(usage.free, usage.total, logs.free, logs.total, files, size, oldest, full_at)
        metrics.log_free_bytes.set(logs.free)
        metrics.spool_free_bytes.set(usage.free)
        metrics.spool_waiting.set(files)
        metrics.spool_waiting_bytes.set(size)
        metrics.spool_oldest_seconds.set(0 if oldest is None else max(0.0, now - oldest))
        if usage.free < LEAST_FREE:
            log.error("the disk of the recordings is nearly full", free=usage.free, files=files)
        if logs.free < LEAST_FREE_FOR_LOGS:
            log.error("the disk of the ledger is nearly full", free=logs.free)
        moments = [None if at is None else datetime.fromtimestamp(at, UTC) for at in (oldest, full_at)]
        room = (usage.free, usage.total, files, size, *moments, logs.free, logs.total)
        await self._pool.execute(SQL["say_disk"], self._node, *room)
        return filling

    def _full_at(self, now: float, free: int) -> float | None:
        self._seen.append((now, free))
        while now - self._seen[0][0] > PACE_OVER_S:
            self._seen.popleft()
        since, before = self._seen[0]
        lost = before - free
        if now - since < PACE_AFTER_S or lost <= 0:
            return None
        return now + free / (lost / (now - since))


def _waiting(folder: Path) -> tuple[int, int, float | None]:
    """How many files wait, their bytes, and since when the oldest does."""
    found = [status for path in folder.iterdir() if (status := _status(path)) is not None]
    return len(found), sum(size for size, _ in found), min((at for _, at in found), default=None)


def _status(path: Path) -> tuple[int, float] | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_ctime
