"""A file that a person ordered: made by a job, stored for a limited time, then removed.

The order is a row that is `waiting`, `running`, `ready` or `failed`. An interrupted job is restarted by the next
worker, and overwrites what is stored under its key.
"""

import asyncio
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import asyncpg
import structlog

from callcenter import metrics
from callcenter.common import jobs
from callcenter.common.object_store import ObjectStore
from callcenter.common.scope import Connection
from callcenter.errors import CallcenterError, StoreError
from callcenter.retrying import repeat
from callcenter.storage import AWAY

log = structlog.get_logger()

AGAIN_IN = timedelta(seconds=30)
ATTEMPTS = 5


class FileNotMade(CallcenterError):
    """This file cannot be made, now or later. `problem`: the code of the reason, stored with the order."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class FileJobs(ABC):
    """Makes files of one kind, one at a time, and removes expired ones.

    `name`: of the kind, for the log; `sql`: its statements, of which `owed`, `begin`, `expired` and `forget` are used here.
    """

    name: ClassVar[str]
    job: ClassVar[str]
    sql: ClassVar[Mapping[str, str]]
    kept: ClassVar[timedelta]
    tidy_every_s: ClassVar[float]

    def __init__(self, pool: asyncpg.Pool, store: ObjectStore) -> None:
        self._pool = pool
        self._store = store
        self._one_at_a_time = asyncio.Lock()
        self.kind = jobs.Kind(self.job, self._handle, self._owed)

    @abstractmethod
    async def _make(self, order: asyncpg.Record) -> None:
        """Make the file of the order, store it and mark the order as ready. Raises `FileNotMade`, `StoreError`."""

    @abstractmethod
    async def _fail(self, order: int, problem: str) -> None:
        """Mark the order as failed. `problem`: that of `FileNotMade`, `store` or `program`."""

    async def run(self) -> None:
        """Remove what has expired, until cancelled."""
        await repeat(self.tidy, self.tidy_every_s, f"expired {self.name}s not removed", errors=(StoreError, *AWAY))

    async def tidy(self) -> None:
        """Remove what has expired."""
        for row in await self._pool.fetch(self.sql["expired"]):
            if row["object_key"] is not None:
                await self._store.remove(row["object_key"])
            await self._pool.execute(self.sql["forget"], row["id"])

    async def _owed(self, connection: Connection) -> Sequence[str]:
        return [row["id"] for row in await connection.fetch(self.sql["owed"])]

    async def _handle(self, job: str) -> None:
        async with self._one_at_a_time:
            order = await self._pool.fetchrow(self.sql["begin"], int(job))
            if order is None:
                return
            try:
                await self._make(order)
            except FileNotMade as unmade:
                log.error(f"{self.name} cannot be made", order=order["id"], problem=unmade.problem)
                metrics.problems_total.labels(problem=f"{self.name}: {unmade.problem}").inc()
                await self._fail(order["id"], unmade.problem)
            except (StoreError, *AWAY) as problem:
                last = order["attempts"] >= ATTEMPTS
                log.warning(f"{self.name} postponed", order=order["id"], problem=type(problem).__name__, last=last)
                if not last:
                    raise jobs.Again(AGAIN_IN) from None
                await self._fail(order["id"], "store")
            except Exception:
                await self._fail(order["id"], "program")
                raise

    async def _upload(self, key: str, path: Path, media_type: str) -> tuple[int, bytes]:
        """Put the file into the store; its size in bytes and its SHA-256."""
        sha256 = await asyncio.to_thread(_digest, path)
        await self._store.put(key, path, sha256, media_type)
        return path.stat().st_size, sha256


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
