"""One link to everything that a crew has to do. Its token is made as that of a ticket's link is, and never stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
from aiohttp import web

from callcenter.common.attempts import Attempts
from callcenter.common.scope import Connection, audit
from callcenter.dispatch.channels import CrewTicket
from callcenter.dispatch.handover import Links, digest
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("crew_lists")


@dataclass(frozen=True, slots=True)
class CrewList:
    """A crew and what it has to do, the most urgent first; last what it did today."""

    name: str
    language: str
    company: str
    tickets: Sequence[CrewTicket]


class CrewLists:
    """Over an open pool."""

    def __init__(self, pool: asyncpg.Pool, attempts: Attempts, links: Links) -> None:
        self._pool = pool
        self._attempts = attempts
        self._links = links

    async def url(self, connection: Connection, crew: int) -> str | None:
        """The link that works now, if there is one."""
        row = await connection.fetchrow(SQL["current"], crew)
        return None if row is None else self._links.list_url(row["list"])

    async def url_of_ticket(self, connection: Connection, ticket: int) -> str | None:
        """The link of one ticket to its crew that works now, if there is one."""
        row = await connection.fetchrow(SQL["of_ticket"], ticket)
        return None if row is None else self._links.url(row["assignment"])

    async def renew(self, person: Person, company: int, crew: int, address: str) -> None:
        """Make a link; the one before ends."""
        made = uuid4().hex
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["end"], crew)
            token = digest(self._links.list_token(made))
            await connection.execute(SQL["add"], made, token, crew, person.id, self._links.lasts)
            await audit(
                connection, AuditAction.MADE_CREW_LINK, person=person, company=company, subject=AuditSubject.CREW,
                subject_id=crew, address=address,
            )  # fmt: skip

    async def find(self, token: str, address: str) -> CrewList | None:
        """What is behind a link; None for a wrong one. Raises `TooManyAttempts` when too many were wrong."""
        crew = await self._pool.fetchrow(SQL["crew"], digest(token))
        if crew is None:
            await self._attempts.wrong_link(address)
            return None
        rows = await self._pool.fetch(SQL["tickets"], crew["id"])
        tickets = [CrewTicket.of(row) for row in rows]
        return CrewList(crew["name"], crew["language"], crew["company"], tickets)

    async def ticket(self, token: str, ticket: int, address: str) -> CrewTicket | None:
        """One ticket of the list; None as in `find`, or when it is the crew's no more."""
        row = await self._pool.fetchrow(SQL["ticket"], digest(token), ticket)
        if row is None:
            await self._attempts.wrong_link(address)
            return None
        return CrewTicket.of(row)


CREW_LISTS = web.AppKey("crew_lists", CrewLists)
