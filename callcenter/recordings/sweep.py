"""Inconsistencies: recordings without a call, calls and talks without a recording; the database and the store."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from callcenter.domain.recording import IN_STORE, MISSING_AFTER
from callcenter.recordings.store import Store
from callcenter.storage import queries

SQL = queries("sweep")
AT_MOST = 1000
PREFIX = "recordings/"
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """One inconsistency that a person must look at.

    `kind`: `no call` (a recording of which no call is known), `no file` (a recording that never came, or was lost),
    `talk without a recording`, `answered without a recording`; `object gone` (the store lost it), `object not as
    chained` (it is there, but the row names another key, version, size or SHA-256 than the custody chain), `object of a
    deleted recording`, `object without a recording`. `detail` is the reason, where one is known, or the object's key.
    """

    kind: str
    recording_id: int | None
    call_id: str | None
    at: datetime | None
    detail: str | None


async def sweep(
    pool: asyncpg.Pool, node: str | None = None, at_most: int = AT_MOST, since: datetime = EVER
) -> Sequence[Finding]:
    """Check the database from `since` on, for one node or all; at most so many of each kind, the last ones first."""
    rows = await pool.fetch(SQL["sweep"], node, at_most, since, MISSING_AFTER)
    return [Finding(*row) for row in rows]


async def sweep_store(pool: asyncpg.Pool, store: Store) -> list[Finding]:
    """Compare the database with the store's list, both in the order of the keys, so that neither is kept in memory.

    Raises `StoreError`.
    """
    gone: list[int] = []
    differing: list[int] = []
    more: list[str] = []
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        rows = connection.cursor(SQL["kept"], IN_STORE).__aiter__()
        row = await anext(rows, None)
        async with aclosing(_by_key(store)) as objects:
            async for key, versions in objects:
                while row is not None and row["object_key"] < key:
                    gone.append(row["id"])
                    row = await anext(rows, None)
                if row is None or row["object_key"] != key:
                    more.append(key)
                    continue
                if row["version_id"] not in (None, *versions):
                    gone.append(row["id"])
                elif not row["as_chained"]:
                    differing.append(row["id"])
                row = await anext(rows, None)
        while row is not None:
            gone.append(row["id"])
            row = await anext(rows, None)
    # Checked again: during the comparison recordings came and others were deleted.
    return [Finding(*each) for each in await pool.fetch(SQL["misfits"], gone, more, IN_STORE, differing)]


async def _by_key(store: Store) -> AsyncGenerator[tuple[str, list[str | None]], None]:
    last, versions = "", list[str | None]()
    async with aclosing(store.listed(PREFIX)) as listed:
        async for key, version in listed:
            if key != last and versions:
                yield last, versions
                versions = []
            last = key
            versions.append(version)
    if versions:
        yield last, versions
