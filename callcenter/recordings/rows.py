"""The rows of a node's recordings in PostgreSQL, moved from state to state by the steps of `domain/recording.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from callcenter.domain.ids import NodeName
from callcenter.domain.recording import (
    ADOPTED_WITHIN,
    LENGTH_CORRECTED_WITHIN,
    LENGTH_TOLERANCE_S,
    MISSING_AFTER,
    Defect,
    RecordingName,
    RecordingState,
    RecordingStep,
    move,
)
from callcenter.errors import StorageError
from callcenter.recordings.wav import Wav
from callcenter.storage import queries

SQL = queries("recordings")
WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """What the database has about a file on disk. `fresh`: the store cannot have it yet."""

    id: int
    state: RecordingState
    sha256: bytes
    key: str
    version: str | None
    retain_until: datetime | None
    fresh: bool


class RecordingRows:
    """The rows of one node. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool, node: NodeName) -> None:
        self._pool = pool
        self._node = node

    async def record(self, name: RecordingName, sha256: bytes, size: int, wav: Wav, suffix: str) -> RecordingRow:
        """The row of a complete file, whose key ends in `suffix`; known values stay. Raises `StorageError` when it was removed meanwhile."""
        async with self._pool.acquire(timeout=WITHIN_S) as connection, connection.transaction():
            await connection.execute(SQL["enter"], str(name), self._node, timeout=WITHIN_S)
            recorded = await connection.execute(
                SQL[RecordingStep.RECORD],
                str(name),
                sha256,
                size,
                wav.duration_s,
                wav.defect,
                wav.rate or None,
                wav.channels or None,
                wav.repaired,
                suffix,
                timeout=WITHIN_S,
            )
            await connection.execute(SQL["retain"], str(name), name.call, timeout=WITHIN_S)
            row = await connection.fetchrow(SQL["find"], str(name), timeout=WITHIN_S)
        if row is None:
            raise StorageError(f"recording {name} was deleted from the database while it was being archived")
        return RecordingRow(
            row["id"],
            RecordingState(row["state"]),
            row["sha256"],
            row["object_key"],
            row["version_id"],
            row["retain_until"],
            fresh=recorded == "UPDATE 1",
        )

    async def take(self, step: RecordingStep, row: RecordingRow, *values: object) -> RecordingRow:
        """The row after the step. The database changes it only if it still is in a state from which the step leads."""
        state = move(row.state, step)
        await self._pool.execute(SQL[step], row.id, *values, timeout=WITHIN_S)
        return replace(row, state=state)

    async def attach(self, row_id: int, name: RecordingName, *, overdue: bool) -> asyncpg.Record | None:
        """Its `ticket_id` and `defect` once it is attached; None while it waits for its call, unless `overdue`."""
        return await self._pool.fetchrow(
            SQL[RecordingStep.ATTACH],
            row_id,
            name.call,
            overdue,
            str(name),
            LENGTH_TOLERANCE_S,
            LENGTH_CORRECTED_WITHIN,
            Defect.NO_CALL,
            timeout=WITHIN_S,
        )

    async def mark_missing(self, on_disk: list[str]) -> list[int]:
        """Mark those whose call is long over and that are not on disk; returns their ids."""
        values = (self._node, on_disk, MISSING_AFTER, Defect.NO_FILE)
        return [row["id"] for row in await self._pool.fetch(SQL[RecordingStep.MARK_MISSING], *values, timeout=WITHIN_S)]

    async def adopt(self) -> int:
        """Assign recordings that were attached without a call or ticket to those written late; returns how many."""
        values = (self._node, ADOPTED_WITHIN, Defect.NO_CALL)
        return len(await self._pool.fetch(SQL["adopt"], *values, timeout=WITHIN_S))

    async def count(self) -> Mapping[str, int]:
        """How many there are in each state in which there are any."""
        rows = await self._pool.fetch(SQL["count"], self._node, timeout=WITHIN_S)
        return {row["state"]: row["recordings"] for row in rows}
