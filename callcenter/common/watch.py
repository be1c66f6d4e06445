"""Looking at something every few seconds, on a connection of one's own: of several processes one does."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect

log = structlog.get_logger()

RETRY_S = 5.0


async def watch(
    settings: DatabaseSettings,
    lead: str,
    look: Callable[[asyncpg.Connection], Awaitable[None]],
    every_s: float,
    what: str,
) -> None:
    """Look until cancelled, every `every_s` seconds; reconnects by itself.

    `lead`: the statement that says whether this process is the one that looks; when that one ends, another does. `what`:
    what is looked at, for the log.
    """
    while True:
        connection = None
        try:
            connection = await connect(settings)
            while not await connection.fetchval(lead):
                await asyncio.sleep(every_s)
            while True:
                await look(connection)
                await asyncio.sleep(every_s)
        except AWAY as problem:
            log.warning(f"{what} cannot be looked at", problem=str(problem) or repr(problem))
            await asyncio.sleep(RETRY_S)
        finally:
            if connection is not None:
                connection.terminate()
