"""The writer: commands in, transactions out, in order, a batch at a time.

While PostgreSQL is unavailable the commands wait in memory and calls are not affected. If the process crashes
meanwhile, the checkpoint in the ledger has not advanced, and the events are read from there again.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import asyncpg
import structlog
from pydantic_core import PydanticSerializationError

from callcenter import metrics
from callcenter.calls.batch import Batch
from callcenter.common import requests
from callcenter.domain.commands import Command, FinishRequest, PopCard
from callcenter.domain.ids import NodeName
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect, queries

log = structlog.get_logger()

SQL = queries("calls")
BATCH = 500
GATHER_S = 0.25
"""Seconds for which commands may be collected before they are written: in a surge the number of transactions is the
cost. A card to pop, for which an operator waits with a caller on the line, is written at once and first; the answer to
a person's request, at once, and so is a batch that is full."""
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
# Errors in the data itself: a retry would fail in the same way.
REFUSED = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.CardinalityViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.PLPGSQLError,
    PydanticSerializationError,
)


class QueuedCommand(NamedTuple):
    """A command, and when the event behind it was processed."""

    command: Command
    seen_at: datetime


class Writer:
    """Writes commands to PostgreSQL. `submit` never blocks."""

    def __init__(self, settings: DatabaseSettings, node: NodeName) -> None:
        self._settings = settings
        self._node = node
        self._waiting: list[QueuedCommand] = []
        self._in_hand = 0
        self._arrived = asyncio.Event()
        self._urgent = asyncio.Event()
        metrics.write_backlog.set_function(lambda: self.backlog)

    def submit(self, command: Command, seen_at: datetime) -> None:
        """Queue a command."""
        self._waiting.append(QueuedCommand(command, seen_at))
        self._arrived.set()
        if isinstance(command, PopCard | FinishRequest) or len(self._waiting) >= BATCH:
            self._urgent.set()

    @property
    def backlog(self) -> int:
        """Number of commands that are not in PostgreSQL yet."""
        return len(self._waiting) + self._in_hand

    async def run(self) -> None:
        """Write until cancelled; reconnects by itself."""
        batch: list[QueuedCommand] = []
        attempt = 0
        while True:
            connection = None
            try:
                connection = await connect(self._settings)
                await self._become_the_only_one(connection)
                while True:
                    batch = batch or await self._take()
                    await self._write_all(connection, batch)
                    batch, self._in_hand, attempt = [], 0, 0
            except AWAY as problem:
                log.warning("PostgreSQL unavailable", problem=str(problem), backlog=self.backlog)
                metrics.problems_total.labels(problem="PostgreSQL unavailable").inc()
                await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
            finally:
                if connection is not None:
                    connection.terminate()

    async def _become_the_only_one(self, connection: asyncpg.Connection) -> None:
        """Wait until no other process writes for this node: two would write everything twice."""
        while not await connection.fetchval(SQL["lock_node"], self._node):
            log.error("another process runs this node; waiting for it to end", node=self._node)
            metrics.problems_total.labels(problem="node runs twice").inc()
            await asyncio.sleep(RETRY_S[-1])
        await connection.execute(SQL["add_node"], self._node)

    async def _take(self) -> list[QueuedCommand]:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        if len(self._waiting) < BATCH:
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_S):
                    await self._urgent.wait()
        self._urgent.clear()
        first, later = cards_first(self._waiting)
        batch, self._waiting = first[:BATCH], first[BATCH:] + later
        self._in_hand = len(batch)
        return batch

    async def _write_all(self, connection: asyncpg.Connection, batch: Sequence[QueuedCommand]) -> None:
        """Write the batch; if PostgreSQL refuses a command in it, set that one aside and write the rest."""
        try:
            await self._write(connection, batch)
        except REFUSED as problem:
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._write_all(connection, batch[:middle])
                await self._write_all(connection, batch[middle:])
                return
            what = ascii(batch[0].command)
            log.error("command refused", command=type(batch[0].command).__name__, problem=type(problem).__name__)
            metrics.problems_total.labels(problem="command refused").inc()
            await connection.execute(SQL["add_unwritten"], self._node, what, ascii(problem))

    async def _write(self, connection: asyncpg.Connection, entries: Sequence[QueuedCommand]) -> None:
        batch = Batch()
        for entry in entries:
            batch.add(entry.command, entry.seen_at)
        with metrics.write_seconds.time():
            if not batch.answers:
                await connection.execute(SQL["write_batch"], self._node, batch.document())
                return
            async with connection.transaction():
                await connection.execute(SQL["write_batch"], self._node, batch.document())
                await requests.answer(connection, batch.answers)


def cards_first(entries: Sequence[QueuedCommand]) -> tuple[list[QueuedCommand], list[QueuedCommand]]:
    """What is written now and what after it: if there are cards to pop, first all that concerns their calls and
    operators.

    Commands about one call, and those about one operator, keep their order. A checkpoint never overtakes.
    """
    pops = [entry.command for entry in entries if isinstance(entry.command, PopCard)]
    if not pops:
        return list(entries), []
    calls, operators = {pop.call.id for pop in pops}, {pop.operator for pop in pops}
    now: list[QueuedCommand] = []
    later: list[QueuedCommand] = []
    for entry in entries:
        call = getattr(entry.command, "call", None)
        near = getattr(call, "id", call) in calls or getattr(entry.command, "operator", None) in operators
        (now if near else later).append(entry)
    return now, later
