"""Keeps recordings as long as they must be kept, and no longer.

What the store must know (until when to refuse removal, whether a legal hold stands) is compared with what it was told, again
and again: so a store that was away learns it later, and one told twice is told the same.
"""

import time

import asyncpg
import structlog

from callcenter import metrics
from callcenter.domain.recording import DeletionReason, RecordingStep
from callcenter.errors import ObjectLocked, ObjectMissing, StoreError
from callcenter.recordings.store import Store
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, queries

log = structlog.get_logger()

SQL = queries("keeping")
LOOK_S = 2.0
SETTLE_S = 60.0
AT_ONCE = 200


class Keeper:
    """Of several processes one keeps, and another when that one ends.

    `grace_days`: days between the end of a recording's retention and its deletion, in which a legal hold saves it.
    """

    def __init__(self, settings: DatabaseSettings, store: Store, grace_days: int) -> None:
        self._settings = settings
        self._store = store
        self._grace_days = grace_days
        self._settled_at = -SETTLE_S
        self._settling_took = 0.0

    async def run(self) -> None:
        """Keep until cancelled; reconnects by itself."""
        failure = "recordings cannot be looked after"
        await watch(self._settings, SQL["lead"], self.look, LOOK_S, failure, errors=(StoreError, *AWAY))

    async def look(self, connection: asyncpg.Connection) -> None:
        """Do what is due now. Raises `StoreError`, or what asyncpg raises; then it can be done again."""
        began = time.monotonic()
        # All rows are read for it: never more than a fiftieth of the time.
        if began - self._settled_at >= max(SETTLE_S, 50 * self._settling_took):
            await connection.execute(SQL["settle"])
            self._settled_at, self._settling_took = time.monotonic(), time.monotonic() - began
        if await self._store.locks():
            await self._tell_holds(connection)
            await self._tell_retention(connection)
        await self.expire(connection)

    async def expire(self, connection: asyncpg.Connection) -> None:
        """Mark what need not be kept any more, and delete what was marked long enough ago."""
        for row in await connection.fetch(SQL[RecordingStep.UNEXPIRE]):
            log.info("recording is kept after all", recording_id=row["id"])
        for row in await connection.fetch(SQL[RecordingStep.EXPIRE]):
            log.info("recording expired", recording_id=row["id"])
        for row in await connection.fetch(SQL["to_delete"], self._grace_days, AT_ONCE):
            await self._delete(connection, row["id"])

    async def _tell_holds(self, connection: asyncpg.Connection) -> None:
        for row in await connection.fetch(SQL["to_hold"], AT_ONCE):
            try:
                told = await self._store.legal_hold(row["object_key"], row["version_id"], row["wanted"])
            except ObjectMissing:
                self._report("a recording under legal hold is not in the store", row["id"])
                continue
            if told:
                await connection.execute(SQL["held"], row["id"], row["wanted"])
                log.info("legal hold told to the store", recording_id=row["id"], on=row["wanted"])

    async def _tell_retention(self, connection: asyncpg.Connection) -> None:
        for row in await connection.fetch(SQL["to_lock"], AT_ONCE):
            try:
                told = await self._store.retain(row["object_key"], row["version_id"], row["retain_until"])
            except ObjectMissing:
                self._report("a recording that must be kept is not in the store", row["id"])
                continue
            if not told:
                return
            await connection.execute(SQL["locked"], row["id"], row["retain_until"])

    async def _delete(self, connection: asyncpg.Connection, recording: int) -> None:
        async with connection.transaction():
            await connection.execute(SQL["lock_ticket"], recording)
            row = await connection.fetchrow(SQL["deletable"], recording)
            if row is None:
                return
            try:
                if row["copy_key"] is not None:
                    await self._store.remove(row["copy_key"])
                await self._store.remove(row["object_key"])
            except ObjectLocked:
                self._report("the store still locks an expired recording", recording)
                return
            await connection.execute(SQL["forget_copy"], recording)
            await connection.execute(SQL["forget_waveform"], recording)
            await connection.execute(SQL[RecordingStep.DELETE], recording, DeletionReason.RETENTION_OVER)
        metrics.recordings_deleted_total.inc()
        log.info("recording deleted by policy", recording_id=recording)

    def _report(self, problem: str, recording: int) -> None:
        log.error(problem, recording_id=recording)
        metrics.problems_total.labels(problem=problem).inc()
