"""What operators want to be: written by the web, heard by the node, kept across restarts of both."""

import asyncio
from collections.abc import Callable

import asyncpg
import structlog

from callcenter.domain.events import Event, Presence, PresenceAsked, Source
from callcenter.domain.ids import Interface, OperatorId
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect, queries

log = structlog.get_logger()

SQL = queries("presence")
RETRY_S = 2.0
# A lost notification (there should be none) is made good by reading everything this often.
REREAD_S = 30.0


async def ask(pool: asyncpg.Pool, operator: OperatorId, wanted: Presence) -> None:
    """Write down what the operator wants to be; the node of their telephone makes it so."""
    await pool.execute(SQL["ask"], operator, wanted.value)


async def read(
    connection: asyncpg.Connection | asyncpg.Pool, operator: OperatorId | None = None
) -> list[PresenceAsked]:
    """What everyone with a telephone (or one operator) wants to be."""
    return [
        PresenceAsked(
            at=row["since"],
            source=Source.DESK,
            operator=OperatorId(row["id"]),
            interface=Interface(row["interface"]),
            wanted=Presence(row["wanted"]),
        )
        for row in await connection.fetch(SQL["wanted"], operator)
    ]


class PresenceWatch:
    """Turns rows of `presence` into events, at once when one changes."""

    def __init__(self, settings: DatabaseSettings, put: Callable[[Event], None]) -> None:
        self._settings = settings
        self._put = put

    async def run(self) -> None:
        """Watch until cancelled; reconnects by itself."""
        while True:
            try:
                await self._watch()
            except AWAY as problem:
                log.warning("presence watch interrupted", problem=str(problem))
            await asyncio.sleep(RETRY_S)

    async def _watch(self) -> None:
        connection = await connect(self._settings)
        asked: asyncio.Queue[OperatorId | None] = asyncio.Queue()
        try:
            await connection.add_listener(
                "presence",
                lambda _connection, _pid, _channel, payload: asked.put_nowait(OperatorId(int(str(payload)))),
            )
            # A connection that is cut wakes the reader, who then finds it closed.
            connection.add_termination_listener(lambda _connection: asked.put_nowait(None))
            asked.put_nowait(None)
            while not connection.is_closed():
                try:
                    async with asyncio.timeout(REREAD_S):
                        operator = await asked.get()
                except TimeoutError:
                    operator = None
                for event in await read(connection, operator):
                    self._put(event)
        finally:
            await connection.close(timeout=2)
