"""Uploaded sheets between their preview and their import: kept for an hour at most, one for each person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiohttp import web

from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("uploads")


@dataclass(frozen=True, slots=True)
class Upload:
    """A kept file, and what its owner said of it."""

    name: str
    body: bytes
    choices: Mapping[str, Any]


class Uploads:
    """Kept files."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def keep(self, person: Person, name: str, body: bytes, choices: Mapping[str, Any] | None = None) -> int:
        """Keep a file; it replaces the person's earlier one."""
        return int(await self._pool.fetchval(SQL["keep"], person.id, name[:200], body, choices or {}))

    async def kept(self, person: Person, upload: int) -> Upload | None:
        """A file that is kept for this person."""
        row = await self._pool.fetchrow(SQL["upload"], upload, person.id)
        return None if row is None else Upload(**row)

    async def choose(self, person: Person, upload: int, choices: Mapping[str, Any]) -> None:
        """Keep what the person says of the file."""
        await self._pool.execute(SQL["choose"], upload, person.id, choices)

    async def forget(self, person: Person, upload: int) -> None:
        """Delete the kept file."""
        await self._pool.execute(SQL["forget"], upload, person.id)


UPLOADS = web.AppKey("uploads", Uploads)
