"""What happened in a house, a flat or with a resident: the newest tickets and calls."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.common.scope import scoped
from callcenter.domain.access import Permission
from callcenter.storage import queries
from callcenter.web.keys import PERSON, POOL

SQL = queries("directory_history")
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Happened:
    """The newest first."""

    tickets: Sequence[asyncpg.Record]
    calls: Sequence[asyncpg.Record]


async def happened(
    request: web.Request, house: int, flat: int | None = None, resident: int | None = None
) -> Happened | None:
    """In the house, in this flat of it, or with this resident of the flat; None for who may not see tickets."""
    person = request[PERSON]
    if not person.may(Permission.SEE_TICKETS):
        return None
    async with scoped(request.app[POOL], person) as connection:
        asked = house, flat, resident, SHOWN
        return Happened(await connection.fetch(SQL["tickets"], *asked), await connection.fetch(SQL["calls"], *asked))
