"""Whether the custody chains are whole: every entry of every company, against its head and the packs given out."""

from collections.abc import AsyncIterator

import asyncpg

from callcenter.evidence.chain import GENESIS, Ends, Link, content_of, faults
from callcenter.storage import queries

SQL = queries("evidence")
CHUNK = 5000


async def problems(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """What is wrong, a line for each, with the company's number. One chunk of the chain is in memory at a time."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for head in await connection.fetch(SQL["heads"]):
            company = head["company_id"]
            async for problem in _of_chain(connection, Ends(company, 1, head["seq"], GENESIS, head["hash"])):
                yield f"company {company}: {problem}"
            for row in await connection.fetch(SQL["torn_packs"], company):
                yield f"company {company}: pack {row['id']} was given out with another entry {row['head_seq']}"
            for row in await connection.fetch(SQL["other_columns"], company):
                yield f"company {company}: the columns of entry {row['seq']} differ from its text"
        for row in await connection.fetch(SQL["other_recordings"]):
            yield f"company {row['company_id']}: recording {row['id']} has another SHA-256 than entry {row['seq']}"
        for row in await connection.fetch(SQL["unchained"]):
            yield f"company {row['company_id']}: recording {row['id']} has no entry"


async def _of_chain(connection: asyncpg.Connection, ends: Ends) -> AsyncIterator[str]:
    first, before = ends.first, ends.before
    cursor = await connection.cursor(SQL["whole"], ends.company)
    while rows := await cursor.fetch(CHUNK):
        links = [Link(row["seq"], content_of(row["entry"]), row["hash"], row["entry"]) for row in rows]
        last = links[-1]
        for problem in faults(links, Ends(ends.company, first, last.seq, before, last.hash)):
            yield problem
        first, before = last.seq + 1, last.hash
    for problem in faults([], Ends(ends.company, first, ends.last, before, ends.head)):
        yield problem
