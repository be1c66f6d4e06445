"""Further telephone companies of a surge: trunks of the page, each at an address of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from stack.errors import StackError

MOST = 10
FIRST = 11
"""The last number of the first one's address."""
WITHIN_S = 30.0

_THERE = """
select count(*) from asterisk_entries e join lateral asterisk_wanted(e.node) w using (kind, name, value)
where kind = 'trunk' and name like 'surge-%'
"""


@asynccontextmanager
async def further_trunks(pool: asyncpg.Pool, count: int) -> AsyncIterator[list[str]]:
    """The addresses of so many more, for which Asterisk takes calls until this is left. Raises `StackError`."""
    addresses = [f"127.0.0.{FIRST + number}" for number in range(count)]
    names = [f"surge-{number + 2}" for number in range(count)]
    await pool.execute("delete from trunks where name like 'surge-%'")
    try:
        await pool.execute(
            "insert into trunks (name, hosts) select name, array[host] from unnest($1::text[], $2::text[]) as t (name, host)",
            names,
            addresses,
        )
        try:
            async with asyncio.timeout(WITHIN_S):
                while await pool.fetchval(_THERE) < count:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise StackError(f"the node did not bring {count} trunks into Asterisk within {WITHIN_S:g} s") from None
        yield addresses
    finally:
        await pool.execute("delete from trunks where name like 'surge-%'")
