"""Whether the custody chains are whole: every entry of every company, against its head and the packs given out."""

import json
from collections.abc import AsyncIterator, Iterator

import asyncpg

from callcenter.evidence.chain import GENESIS, Ends, Link, content_of, faults
from callcenter.storage import queries

SQL = queries("evidence")
CHUNK = 5000
EMPTIED = "entries emptied"


async def problems(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """What is wrong, a line for each, with the company's number. One chunk of the chain is in memory at a time.

    Of every company that an entry, a pack or a head names: none is left out because one of the three was removed.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for head in await connection.fetch(SQL["heads"]):
            company = head["company_id"]
            for row in await connection.fetch(SQL["torn_packs"], company):
                yield f"company {company}: pack {row['id']} was given out with another entry {row['head_seq']}"
            if head["seq"] is None:
                yield f"company {company}: the head of the chain is missing"
            async for problem in _of_chain(connection, company, head["seq"], head["hash"]):
                yield f"company {company}: {problem}"
        for row in await connection.fetch(SQL["not_as_chained"]):
            recording, last = row["id"], row["seq"]
            yield f"company {row['company_id']}: recording {recording} differs from its entries, the last of which is {last}"
        for row in await connection.fetch(SQL["unchained"]):
            yield f"company {row['company_id']}: recording {row['id']} has no entry"


async def _of_chain(
    connection: asyncpg.Connection, company: int, head_seq: int | None, head_hash: bytes | None
) -> AsyncIterator[str]:
    """What is wrong with its entries; without a head, as far as they go."""
    first, before = 1, GENESIS
    emptied, named = set[int](), set[int]()
    cursor = await connection.cursor(SQL["whole"], company)
    while rows := await cursor.fetch(CHUNK):
        links = [_link(row) for row in rows]
        last = links[-1]
        for problem in faults(links, Ends(company, first, last.seq, before, last.hash)):
            yield problem
        for problem in _other_columns(rows):
            yield problem
        emptied.update(row["seq"] for row in rows if row["entry"] is None)
        for row in rows:
            named.update(_emptied_by(row))
        first, before = last.seq + 1, last.hash
    for seq in sorted(emptied - named):
        yield f"entry {seq} has no text any more, and no entry says that it was removed"
    if head_seq is not None and head_hash is not None:
        for problem in faults([], Ends(company, first, head_seq, before, head_hash)):
            yield problem


def _link(row: asyncpg.Record) -> Link:
    """Of an entry whose text was removed the content is left."""
    content = row["content"] if row["entry"] is None else content_of(row["entry"])
    return Link(row["seq"], content, row["hash"], row["entry"])


def _emptied_by(row: asyncpg.Record) -> list[int]:
    """The entries whose texts were removed, as this one says."""
    if row["kind"] != EMPTIED or row["entry"] is None:
        return []
    try:
        return [int(seq) for seq in json.loads(row["entry"])["body"]["entries"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _other_columns(rows: list[asyncpg.Record]) -> Iterator[str]:
    """The columns are not hashed. Compared here: PostgreSQL ends the whole query at a text that is no JSON."""
    for row in rows:
        try:
            held = json.loads(row["entry"])
            body = held["body"]
            stated = (held["kind"], held["at"], body.get("ticket"), body.get("recording"), body.get("sha256"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # Named as one that cannot be read.
            continue
        if stated[:4] != (row["kind"], row["at"], row["ticket_id"], row["recording_id"]):
            yield f"the columns of entry {row['seq']} differ from its text"
        if None not in (stated[4], row["sha256"]) and stated[4] != row["sha256"]:
            yield f"recording {row['recording_id']} has another SHA-256 than entry {row['seq']}"
