"""Uploaded sheets between their preview and their import: kept for an hour at most, one for each person."""

import asyncpg
from aiohttp import web

from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("uploads")


class Uploads:
    """Kept files."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def keep(self, person: Person, name: str, body: bytes) -> int:
        """Keep a file; it replaces the person's earlier one."""
        return int(await self._pool.fetchval(SQL["keep"], person.id, name[:200], body))

    async def kept(self, person: Person, upload: int) -> tuple[str, bytes] | None:
        """The name and the content of a file that is kept for this person."""
        row = await self._pool.fetchrow(SQL["upload"], upload, person.id)
        return None if row is None else (row["name"], row["body"])

    async def forget(self, person: Person, upload: int) -> None:
        """Delete the kept file."""
        await self._pool.execute(SQL["forget"], upload, person.id)


UPLOADS = web.AppKey("uploads", Uploads)
