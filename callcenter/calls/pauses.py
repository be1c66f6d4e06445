"""An operator stops the recording while a caller says what must not be kept, such as a card's number.

The web asks; the node of the talk tells Asterisk, and only what Asterisk did is written down and shown.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from callcenter import metrics
from callcenter.domain.ids import NodeName, OperatorId
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect, listening, queries

log = structlog.get_logger()

SQL = queries("pauses")
RETRY_S = 2.0


async def ask(pool: asyncpg.Pool, operator: OperatorId, *, paused: bool) -> None:
    """Ask that the recording of the talk in which the operator is be paused, or go on."""
    await pool.execute(SQL["ask"], operator, paused)


class Pauses:
    """Carries out what is asked of the talks on `node`. `mute(channel, paused)` is True when Asterisk did it."""

    def __init__(
        self, settings: DatabaseSettings, node: NodeName, mute: Callable[[str, bool], Awaitable[bool]]
    ) -> None:
        self._settings = settings
        self._node = node
        self._mute = mute

    async def run(self) -> None:
        """Listen until cancelled; reconnects by itself. What was asked meanwhile is lost, and is not shown as done."""
        while True:
            try:
                async with listening(lambda: connect(self._settings), "recording") as (connection, asked):
                    async for payload in asked:
                        request = json.loads(payload)
                        await self.carry_out(connection, OperatorId(request["operator"]), paused=request["paused"])
            except AWAY as problem:
                log.warning("pauses of recordings interrupted", problem=str(problem))
            await asyncio.sleep(RETRY_S)

    async def carry_out(self, connection: asyncpg.Connection, operator: OperatorId, *, paused: bool) -> None:
        """Pause or resume the operator's recording; nothing happens when the operator is in no talk here."""
        talk = await connection.fetchrow(SQL["talk"], operator, self._node)
        if talk is None:
            return
        if not await self._mute(talk["channel"], paused):
            metrics.problems_total.labels(problem="recording not paused").inc()
            return
        await connection.execute(SQL["pause" if paused else "resume"], talk["recording"], talk["call_id"], operator)
