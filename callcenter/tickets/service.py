"""The journal's tickets: opened, changed, moved and commented, each in one transaction, with an entry in the history."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Literal

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, audit, scoped, scoped_to
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.person import Person
from callcenter.domain.ticket import (
    CREW_STEPS,
    Step,
    StepRefused,
    TicketEventKind,
    TicketSource,
    move,
)
from callcenter.storage import queries
from callcenter.tickets.checks import changes_of
from callcenter.tickets.rows import (
    Labels,
    events,
    labels_of,
    lock,
    note,
    pairs,
    read,
    require_newest,
    set_deadlines,
    write,
)
from callcenter.tickets.steps import consequences, settle_deadlines
from callcenter.tickets.ticket import (
    BadEdit,
    Conflict,
    Deadline,
    NoTicket,
    Ticket,
    TicketEdit,
    TicketEvent,
)

__all__ = [
    "BadEdit",
    "Conflict",
    "Deadline",
    "NoTicket",
    "Ticket",
    "TicketEdit",
    "TicketEvent",
    "Tickets",
]

SQL = queries("tickets")
LONGEST_COMMENT = 10_000
MET_BY = {TicketEventKind.TOLD: LimitStep.TELL, TicketEventKind.LOCALISED: LimitStep.LOCALISE}

TicketChange = TicketEventKind | Step
OnChange = Callable[[Connection, Ticket, TicketChange], Awaitable[None]]


class Tickets:
    """Tickets over PostgreSQL.

    `on_change(connection, ticket, what)` is called inside each transaction before it ends, with the ticket as it will
    be; `what`: the step, or the kind of the event. What it raises undoes the change.

    A person of a company sees that company's tickets, one of a crew the crew's. Methods raise `NoTicket` for others,
    and may raise `OSError` or an `asyncpg` error.
    """

    def __init__(self, pool: asyncpg.Pool, on_change: OnChange | None = None) -> None:
        self._pool = pool
        self._on_change = on_change

    def also(self, on_change: OnChange) -> "Tickets":
        """The same tickets, with a further `on_change` inside each transaction."""

        async def both(connection: Connection, ticket: Ticket, what: TicketChange) -> None:
            if self._on_change is not None:
                await self._on_change(connection, ticket, what)
            await on_change(connection, ticket, what)

        return Tickets(self._pool, both)

    async def get(self, person: Person, ticket_id: int) -> Ticket | None:
        """The ticket, if there is one that this person may see."""
        async with scoped(self._pool, person) as connection:
            return await read(connection, person, ticket_id)

    async def view(self, person: Person, ticket_id: int, address: str = "") -> Ticket | None:
        """As `get`, with the access audited. `address`: where it came from."""
        async with scoped(self._pool, person) as connection:
            ticket = await read(connection, person, ticket_id)
            if ticket is not None:
                await audit(
                    connection, AuditAction.VIEWED_TICKET, person=person, company=ticket.company_id,
                    subject=AuditSubject.TICKET, subject_id=ticket.id, address=address,
                )  # fmt: skip
            return ticket

    async def history(self, person: Person, ticket_id: int) -> list[TicketEvent]:
        """What happened to it, oldest first; nothing when there is no such ticket for this person."""
        async with scoped(self._pool, person) as connection:
            if await read(connection, person, ticket_id) is None:
                return []
            return await events(connection, ticket_id)

    async def labels(self, person: Person, changes: Mapping[str, tuple[object, object]]) -> Labels:
        """The names of the rows that changes refer to, by field and id: in Russian and in English."""
        async with scoped(self._pool, person) as connection:
            return await labels_of(connection, [changes])

    async def create(
        self,
        person: Person,
        company_id: int,
        edit: TicketEdit,
        *,
        caller: str = "",
        source: TicketSource = TicketSource.OTHER,
    ) -> Ticket:
        """Open a ticket by hand, with the company's next number. Raises `BadEdit`.

        `caller`: the telephone number it came from, E.164, if any.
        """
        async with scoped(self._pool, person) as connection:
            return await self.create_in(connection, person, company_id, edit, caller=caller, source=source)

    async def create_in(
        self,
        connection: Connection,
        person: Person,
        company_id: int,
        edit: TicketEdit,
        *,
        caller: str = "",
        source: TicketSource = TicketSource.OTHER,
    ) -> Ticket:
        """As `create`, inside the caller's transaction."""
        foreign = person.company_id is not None and person.company_id != company_id
        number = None if foreign else await connection.fetchval(SQL["next_number"], company_id)
        if number is None:
            raise BadEdit({"company_id": "unknown"})
        ticket_id = await connection.fetchval(SQL["open"], company_id, number, caller, person.id, source)
        blank = await _known(connection, ticket_id)
        changes = await changes_of(connection, blank, edit)
        await write(connection, blank, changes)
        if "category_id" not in changes:
            await set_deadlines(connection, await _known(connection, ticket_id))
        made, version = pairs(blank, changes), blank.version + 1
        await note(connection, blank, TicketEventKind.OPENED, person=person, changes=made, version=version)
        return await self.changed_in(connection, ticket_id, TicketEventKind.OPENED)

    async def edit(self, person: Person, ticket_id: int, version: int, edit: TicketEdit) -> Ticket:
        """Change the fields given. Raises `Conflict` unless `version` is the newest, and `BadEdit`.

        Values that the ticket has already change nothing and add nothing to the history.
        """
        async with scoped(self._pool, person) as connection:
            return await self.edit_in(connection, person, ticket_id, version, edit)

    async def edit_in(
        self, connection: Connection, person: Person, ticket_id: int, version: int | None, edit: TicketEdit
    ) -> Ticket:
        """As `edit`, inside the caller's transaction; without a version it conflicts with nothing."""
        before = await lock(connection, person, ticket_id)
        await require_newest(connection, before, version)
        changes = await changes_of(connection, before, edit)
        if not changes:
            return before
        await write(connection, before, changes)
        kind = TicketEventKind.LINKED if changes.keys() == {"parent_id"} else TicketEventKind.EDITED
        await note(connection, before, kind, person=person, changes=pairs(before, changes), version=before.version + 1)
        return await self.changed_in(connection, ticket_id, TicketEventKind.EDITED)

    async def step(
        self,
        person: Person | None,
        ticket_id: int,
        version: int | None,
        step: Step,
        *,
        crew_id: int | None = None,
        responsible_id: int | None = None,
        comment: str = "",
        by_crew: int | None = None,
    ) -> Ticket:
        """Take a step. Raises `StepRefused`, `Conflict` when a version is given that is not the newest, `BadEdit`.

        `crew_id`, and `responsible_id` if known, belong to an assignment. `by_crew`: the crew that does it by its
        link, instead of a person; it can take `CREW_STEPS` of its own tickets.
        """
        async with self._scope(person, by_crew) as connection:
            before = await lock(connection, person, ticket_id, by_crew)
            await require_newest(connection, before, version)
            if by_crew is not None and step not in CREW_STEPS:
                raise StepRefused("state")
            return await self.step_in(
                connection, person, before, step, crew_id=crew_id, responsible_id=responsible_id, comment=comment, by_crew=by_crew
            )  # fmt: skip

    async def step_in(
        self,
        connection: Connection,
        person: Person | None,
        before: Ticket,
        step: Step,
        *,
        crew_id: int | None = None,
        responsible_id: int | None = None,
        comment: str = "",
        by_crew: int | None = None,
    ) -> Ticket:
        """As `step`, of a ticket that the caller's transaction has locked."""
        comment = words(comment)
        state = move(before.state, step, comment=comment, crew=crew_id)
        changes = await consequences(connection, before, step, comment, crew_id, responsible_id)
        await write(connection, before, {**changes, "state": state.value})
        await settle_deadlines(connection, before, step)
        await note(
            connection,
            before,
            TicketEventKind.MOVED,
            person=person,
            crew=by_crew,
            comment=comment,
            states=(before.state, state),
            changes=pairs(before, changes),
            version=before.version + 1,
        )
        return await self.changed_in(connection, before.id, step)

    async def comment(self, person: Person | None, ticket_id: int, text: str, *, by_crew: int | None = None) -> None:
        """Add a comment, without a new version, so it conflicts with no edit. Raises `BadEdit` for an empty one."""
        async with self._scope(person, by_crew) as connection:
            await self.comment_in(connection, person, ticket_id, text, by_crew=by_crew)

    async def comment_in(
        self, connection: Connection, person: Person | None, ticket_id: int, text: str, *, by_crew: int | None = None
    ) -> None:
        """As `comment`, inside the caller's transaction."""
        text = words(text)
        if not text:
            raise BadEdit({"comment": "words"})
        ticket = await lock(connection, person, ticket_id, by_crew)
        await note(connection, ticket, TicketEventKind.COMMENT, person=person, crew=by_crew, comment=text)
        await self.changed_in(connection, ticket_id, TicketEventKind.COMMENT)

    async def mark(
        self, person: Person, ticket_id: int, what: Literal[TicketEventKind.TOLD, TicketEventKind.LOCALISED]
    ) -> Ticket:
        """Note that the resident was notified, or the damage localised; only the first time counts."""
        async with scoped(self._pool, person) as connection:
            before = await lock(connection, person, ticket_id)
            met = await connection.execute(SQL["met"], ticket_id, [MET_BY[what]])
            # That a resident was told counts before there is a limit for it: the category may be chosen afterwards.
            first = what is TicketEventKind.TOLD and not await connection.fetchval(SQL["told"], ticket_id)
            if met == "UPDATE 0" and not first:
                return before
            await note(connection, before, what, person=person)
            return await self.changed_in(connection, ticket_id, what)

    def _scope(self, person: Person | None, by_crew: int | None) -> AbstractAsyncContextManager[Connection]:
        if person is not None:
            return scoped(self._pool, person)
        if by_crew is None:
            raise ValueError("a person or a crew does it")
        return scoped_to(self._pool, None)

    async def changed_in(self, connection: Connection, ticket_id: int, what: TicketChange) -> Ticket:
        """Tell of a change that the caller's transaction, which has locked the ticket, has made and noted."""
        await connection.execute(SQL["touch"], ticket_id)
        ticket = await _known(connection, ticket_id)
        if self._on_change is not None:
            await self._on_change(connection, ticket, what)
        await connection.execute(SQL["notify"], ticket.id, ticket.company_id)
        return ticket


TICKETS = web.AppKey("tickets", Tickets)


async def _known(connection: Connection, ticket_id: int) -> Ticket:
    """A ticket that this transaction has already locked."""
    ticket = await read(connection, None, ticket_id)
    if ticket is None:
        raise NoTicket
    return ticket


def words(text: str) -> str:
    """What was typed, as it is kept. Raises `BadEdit`."""
    text = text.replace("\r\n", "\n").strip()
    if "\0" in text or len(text) > LONGEST_COMMENT:
        raise BadEdit({"comment": "too long" if len(text) > LONGEST_COMMENT else "zero byte"})
    return text
