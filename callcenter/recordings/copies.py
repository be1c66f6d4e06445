"""Makes the copy for listening, and the waveform, of every recording that reached its ticket."""

import asyncio
import errno
import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import aclosing
from pathlib import Path

import asyncpg
import structlog

from callcenter import metrics
from callcenter.domain.ids import NodeName
from callcenter.domain.recording import Defect, Waveform
from callcenter.errors import AudioProblem, ObjectAltered, ObjectMissing, StoreError
from callcenter.recordings.originals import open_original
from callcenter.recordings.store import Store, digest
from callcenter.recordings.transcode import MEDIA_TYPE, make_copy
from callcenter.recordings.workers import IdlePool
from callcenter.settings import CopiesSettings
from callcenter.storage import AWAY, queries

log = structlog.get_logger()

SQL = queries("copies")
LOOK_EVERY_S = 2.0
BACKOFF_S = 10.0
DATABASE_WITHIN_S = 10.0
PATIENCE_S = 30.0
"""Seconds that a copy waits until no caller waits: where some always do, copies are still made, slowly."""
DEATHS = 3
"""Times that a process may be killed by one recording before it is left without a copy."""
ALTERED = "the object in the store is not what was recorded"
UNCHAINED = "its key, version or size differs from the custody chain"
GONE = "the store does not have the original"
TOO_LARGE = "larger than the folder for temporary files"
DEADLY = "its processing was killed"


class CopyMaker:
    """Makes the copies of one node's recordings, `settings.at_once` at a time, the last one first.

    `idle` says whether nobody is waiting for an operator. While somebody is, copies wait: their
    traffic with the store would delay the cards.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        store: Store,
        node: NodeName,
        settings: CopiesSettings,
        idle: Callable[[], bool] = lambda: True,
    ) -> None:
        self._pool = pool
        self._store = store
        self._node = node
        self._settings = settings
        self._idle = idle
        self._workers = IdlePool(settings.at_once)
        self._deaths: dict[int, int] = {}

    async def run(self) -> None:
        """Make copies until cancelled; continues when the store or the database is unavailable."""
        if not self._settings.at_once:
            await asyncio.Event().wait()
        try:
            while True:
                try:
                    made = await self.make()
                except (StoreError, OSError, *AWAY) as problem:
                    log.warning("copies wait", problem=str(problem) or repr(problem))
                    metrics.problems_total.labels(problem="copies wait").inc()
                    await asyncio.sleep(BACKOFF_S)
                    continue
                if not made:
                    await asyncio.sleep(LOOK_EVERY_S)
        finally:
            self.close()

    async def make(self) -> int:
        """Make the copies of the next few recordings; returns how many were processed.

        Raises `StoreError`, or what asyncpg or the disk raises; then it can be called again.
        """
        at_once = self._settings.at_once
        rows = await self._pool.fetch(SQL["wanted"], self._node, 4 * at_once, timeout=DATABASE_WITHIN_S)
        waiting = iter(rows)

        async def work() -> None:
            for row in waiting:
                await self._lull()
                await self._make(row)

        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(at_once):
                    tasks.create_task(work())
        except BaseExceptionGroup as problems:
            raise problems.exceptions[0] from None
        return len(rows)

    async def _lull(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while not self._idle() and time.monotonic() < until:
            await asyncio.sleep(LOOK_EVERY_S)

    def close(self) -> None:
        """Kill the processes; a copy that was being made is made again."""
        self._workers.stop()

    async def _make(self, row: asyncpg.Record) -> None:
        longest_s = self._settings.longest_hours * 3600
        try:
            if not row["as_chained"]:
                raise AudioProblem(UNCHAINED)
            if not row["duration_s"]:
                # Without what was noted about it elsewhere.
                raise AudioProblem((row["defect"] or Defect.EMPTY).partition(";")[0])
            if row["duration_s"] > longest_s:
                raise AudioProblem(f"longer than {self._settings.longest_hours:g} h")
            self._need_room(row["size"])
            with tempfile.TemporaryDirectory(prefix="callcenter-copy-", dir=self._settings.scratch) as folder:
                original, copy = Path(folder) / "original.wav", Path(folder) / "copy.ogg"
                await self._fetch(row, original)
                made = await self._workers.run(make_copy, original, copy, self._settings.kbps, longest_s)
                await self._keep(row["id"], copy, made)
        except AudioProblem as problem:
            await self._refuse(row["id"], str(problem))
        except BrokenProcessPool:
            self._workers.stop()
            deaths = self._deaths[row["id"]] = self._deaths.get(row["id"], 0) + 1
            if deaths >= DEATHS:
                await self._refuse(row["id"], DEADLY)

    def _need_room(self, size: int) -> None:
        """Wait for room (`OSError`) only if there can ever be enough."""
        need = size + size // 4
        disk = shutil.disk_usage(self._settings.scratch or tempfile.gettempdir())
        if disk.total < need:
            raise AudioProblem(TOO_LARGE)
        if disk.free < need:
            raise OSError(errno.ENOSPC, "no room in the folder for temporary files")

    async def _fetch(self, row: asyncpg.Record, path: Path) -> None:
        sha256 = hashlib.sha256()
        try:
            with path.open("wb") as file:
                async with aclosing(open_original(self._store, row["object_key"], version=row["version_id"])) as chunks:
                    async for chunk in chunks:
                        sha256.update(chunk)
                        await asyncio.to_thread(file.write, chunk)
        except ObjectMissing:
            raise AudioProblem(GONE) from None
        except ObjectAltered:
            raise AudioProblem(ALTERED) from None
        if sha256.digest() != row["sha256"]:
            raise AudioProblem(ALTERED)

    async def _keep(self, recording_id: int, copy: Path, made: Waveform) -> None:
        with copy.open("rb") as file:
            sha256, size = await asyncio.to_thread(digest, file)
        key = f"copies/{recording_id}.ogg"
        kept = await self._store.put(key, copy, sha256, MEDIA_TYPE)
        copied = (recording_id, key, MEDIA_TYPE, sha256, size)
        drawn = (made.per_s, made.channels, made.peaks)
        if not await self._pool.fetchval(SQL["keep"], *copied, *drawn, kept.version, timeout=DATABASE_WITHIN_S):
            # Deleted by policy meanwhile.
            await self._store.remove(key)
        self._deaths.pop(recording_id, None)

    async def _refuse(self, recording_id: int, problem: str) -> None:
        log.warning("recording without a copy", recording_id=recording_id, problem=problem)
        metrics.problems_total.labels(problem="recording without a copy").inc()
        await self._pool.execute(SQL["refuse"], recording_id, problem, timeout=DATABASE_WITHIN_S)
        self._deaths.pop(recording_id, None)
