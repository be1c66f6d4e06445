"""Calls out, for a while: to a telephone company of one SIPp, which answers any number and speaks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from stack.outside import answering, let_out
from tests.e2e.browser_operator import cli, until


@asynccontextmanager
async def outside(description: dict, pool: asyncpg.Pool, folder: Path) -> AsyncIterator[None]:
    sipp = answering(description, folder)
    try:
        async with pool.acquire() as connection:
            await let_out(connection, sipp)
        host, port = sipp.phones_at
        await until(lambda: f"{host}:{port}" in cli(description, "pjsip show contacts"), "the way out", 30)
        yield
    finally:
        await pool.execute("delete from outbound_rules")
        await pool.execute("delete from trunks")
        sipp.end()
