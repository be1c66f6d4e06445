"""What a person recorded for the callers of an outage: it replaces the spoken text, and is written to every node's disk."""

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, scoped
from callcenter.domain.outage import OutageEventKind
from callcenter.domain.person import Person
from callcenter.outages.announcing.sound_file import name_of
from callcenter.outages.outage import NewOutage, Outage
from callcenter.outages.rows import note
from callcenter.outages.service import Outages
from callcenter.storage import queries

SQL = queries("outage_recordings")


class OutageRecordings:
    """Recordings over PostgreSQL, as A-law: they are small, and are needed where the store may be away.

    Methods may raise `OSError` or an `asyncpg` error.
    """

    def __init__(self, pool: asyncpg.Pool, outages: Outages) -> None:
        self._pool = pool
        self._outages = outages

    async def open(self, person: Person, new: NewOutage, alaw: bytes | None) -> Outage:
        """As `Outages.open`, with a recording from the beginning if there is one."""
        async with scoped(self._pool, person) as connection:
            outage = await self._outages.open_in(connection, person, new)
            if alaw is not None:
                await _keep(connection, person, outage.id, alaw)
            return outage

    async def keep(self, person: Person, outage_id: int, alaw: bytes) -> None:
        """Let callers hear this from now on. Raises `NoOutage`, `BadOutage`."""
        async with scoped(self._pool, person) as connection:
            await self._outages.touch_in(connection, person, outage_id)
            await _keep(connection, person, outage_id, alaw)

    async def remove(self, person: Person, outage_id: int) -> None:
        """Let callers hear the text again. Raises `NoOutage`, `BadOutage`."""
        async with scoped(self._pool, person) as connection:
            await self._outages.touch_in(connection, person, outage_id)
            if await connection.fetchval(SQL["remove"], outage_id) is not None:
                await note(connection, outage_id, person, OutageEventKind.RECORDING_REMOVED)

    async def sound(self, name: str) -> bytes | None:
        """The recording of this name, unless it was removed."""
        found: bytes | None = await self._pool.fetchval(SQL["sound"], name)
        return found


OUTAGE_RECORDINGS = web.AppKey("outage_recordings", OutageRecordings)


async def _keep(connection: Connection, person: Person, outage_id: int, alaw: bytes) -> None:
    await connection.execute(SQL["keep"], outage_id, name_of(alaw), alaw, person.id)
    await note(connection, outage_id, person, OutageEventKind.RECORDED)
