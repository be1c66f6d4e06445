"""Reads every recording back from the store, a share each night, and compares it with the custody chain."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from callcenter import metrics
from callcenter.domain.recording import HOLDABLE
from callcenter.errors import ObjectMissing, StoreError
from callcenter.recordings.originals import read_back
from callcenter.recordings.store import Store
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, queries

log = structlog.get_logger()

Reader = asyncpg.Connection | PoolConnectionProxy | asyncpg.Pool
SQL = queries("hashes")
LOOK_S = 30.0
AT_ONCE = 200
NIGHT = range(1, 6)
"""Hours of the day in which recordings are read, where most companies are."""
MOST = 200


class HashProblem(StrEnum):
    """What lies. The original's comes before its copy's."""

    GONE = "gone"
    """The store does not have the object that the chain names."""
    ALTERED = "altered"
    """It has another size or SHA-256."""
    NOT_AS_CHAINED = "not as chained"
    """It is whole, but the row names another one."""
    COPY_GONE = "copy gone"
    COPY_ALTERED = "copy altered"
    COPY_NOT_AS_CHAINED = "copy not as chained"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of `kept` recordings `read` were read back in the last `days`; the one that was longest ago, at `oldest`."""

    kept: int
    read: int
    oldest: datetime | None
    findings: int
    days: int


@dataclass(frozen=True, slots=True)
class HashFinding:
    """A recording that is not what was stored. `at`: when its talk began."""

    recording: int
    at: datetime
    zone: str
    company: str | None
    ticket_id: int | None
    ticket: int | None
    problem: HashProblem
    checked_at: datetime


async def coverage(connection: Reader, days: int, now: datetime) -> Coverage:
    """How much was read back in the last `days`."""
    [row] = await connection.fetch(SQL["coverage"], now - timedelta(days=days), HOLDABLE)
    return Coverage(**row, days=days)


async def findings(connection: Reader) -> list[HashFinding]:
    """Up to `MOST` of what was found, the newest first."""
    rows = await connection.fetch(SQL["findings"], HOLDABLE, MOST)
    return [HashFinding(**{**row, "problem": HashProblem(row["problem"])}) for row in rows]


class HashSweep:
    """Of several processes one reads, and another when that one ends. All are read in `days` nights; 0 for never."""

    def __init__(self, settings: DatabaseSettings, store: Store, days: int) -> None:
        self._settings = settings
        self._store = store
        self._days = days

    async def run(self) -> None:
        """Read until cancelled; reconnects by itself."""
        failure = "recordings cannot be compared with the chain"
        await watch(self._settings, SQL["lead"], self._look, LOOK_S, failure, errors=(StoreError, *AWAY))

    async def _look(self, connection: asyncpg.Connection) -> None:
        while await self.look(connection, datetime.now(UTC)):
            pass

    async def look(self, connection: asyncpg.Connection, now: datetime) -> int:
        """Read some of this night's share; returns how many. Raises `StoreError`, or what asyncpg raises."""
        [(hour, began)] = await connection.fetch(SQL["night"], now)
        if not self._days or hour not in NIGHT:
            return 0
        left = await connection.fetchval(SQL["share"], began, self._days, HOLDABLE)
        rows = await connection.fetch(SQL["due"], began, min(left, AT_ONCE), HOLDABLE)
        found = [problem for row in rows if (problem := await self._check(connection, row, now))]
        if rows:
            log.info("recordings compared with the chain", count=len(rows), left=left - len(rows), findings=len(found))
        return len(rows)

    async def _check(self, connection: asyncpg.Connection, row: asyncpg.Record, now: datetime) -> HashProblem | None:
        problem = await self._problem(row)
        columns = (row["id"], now, problem, row["row_key"], row["row_version"], HOLDABLE)
        if not await connection.fetchval(SQL["checked"], *columns):
            return None
        if problem:
            log.error("recording is not what was stored", recording_id=row["id"], problem=problem)
            metrics.problems_total.labels(problem="recording is not what was stored").inc()
        return problem

    async def _problem(self, row: asyncpg.Record) -> HashProblem | None:
        if row["object_key"] is None:
            # The entry itself was altered: it names nothing that could be read.
            return HashProblem.NOT_AS_CHAINED
        original = await self._read_original(row)
        if original is not None:
            return original
        if not row["as_chained"]:
            return HashProblem.NOT_AS_CHAINED
        if row["copy_key"] is None:
            return None
        if not row["copy_as_chained"]:
            return HashProblem.COPY_NOT_AS_CHAINED
        copy = await self._read(row["copy_key"], row["copy_version"], (row["copy_sha256"], row["copy_size"]))
        return {None: None, HashProblem.GONE: HashProblem.COPY_GONE, HashProblem.ALTERED: HashProblem.COPY_ALTERED}[
            copy
        ]

    async def _read_original(self, row: asyncpg.Record) -> HashProblem | None:
        """A FLAC that is the object which once gave back the WAV need not be unpacked again."""
        key, version, original = row["object_key"], row["version_id"], (row["sha256"], row["size"])
        if row["stored_sha256"] is not None:
            return await self._read(key, version, (row["stored_sha256"], row["stored_size"]))
        try:
            return None if (await read_back(self._store, key, version)).wav == original else HashProblem.ALTERED
        except ObjectMissing:
            return HashProblem.GONE

    async def _read(self, key: str, version: str | None, expected: tuple[bytes, int]) -> HashProblem | None:
        try:
            return None if await self._store.digest(key, version) == expected else HashProblem.ALTERED
        except ObjectMissing:
            return HashProblem.GONE
