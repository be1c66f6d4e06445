"""A hub on a real PostgreSQL, and a pen to write deltas with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest

from callcenter.push.hub import Hub
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, open_pool

SLOW_LIMIT = 20


@dataclass
class Desk:
    """Everything a test of the hub holds."""

    pool: asyncpg.Pool
    hub: Hub

    async def push(self, audience: str, kind: str, body: object) -> int:
        message = {"audience": audience, "kind": kind, "body": body}
        return int(await self.pool.fetchval("select push($1)", [message]))

    async def cut_listener(self) -> int:
        """Let the server end the listener's connection, if there is one now."""
        return len(
            await self.pool.fetch(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name = 'listener'"
            )
        )


@asynccontextmanager
async def open_desk(url: str, grace_s: float = 3.0) -> AsyncIterator[Desk]:
    settings = DatabaseSettings(url=url)
    pool = await open_pool(settings)

    async def listener() -> asyncpg.Connection:
        connection = await connect(settings)
        try:
            await connection.execute("set application_name to listener")
        except BaseException:
            # Cut off or cancelled before the hub has it: nobody else would close it.
            connection.terminate()
            raise
        return connection

    hub = Hub(pool, listener, SLOW_LIMIT, grace_s)
    running = asyncio.create_task(hub.run())
    try:
        yield Desk(pool, hub)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await pool.close()


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url) as desk:
        yield desk
