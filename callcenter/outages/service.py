"""Outages over PostgreSQL: opened, moved, changed, each in one transaction with what follows from it for the tickets."""

from collections.abc import Awaitable, Callable

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, scoped, scoped_to
from callcenter.domain.outage import (
    OVER,
    OutageEventKind,
    OutageState,
    OutageStep,
    OutageStepRefused,
    move,
    steps_from,
)
from callcenter.domain.person import Person
from callcenter.domain.ticket import Step
from callcenter.outages.columns import check_changes, check_kind, insert, set_columns
from callcenter.outages.outage import (
    BadOutage,
    NewOutage,
    NoOutage,
    Outage,
    OutageChange,
    OutageConflict,
    OutageEdit,
    OutageEvent,
    OutageFigures,
    PlaceEdit,
)
from callcenter.outages.places import put_places, reserve_numbers
from callcenter.outages.rows import note, one, read, read_events, read_figures
from callcenter.storage import queries
from callcenter.tickets import incidents
from callcenter.tickets.service import TicketChange, Tickets
from callcenter.tickets.ticket import Ticket, TicketEdit

SQL = queries("outages")
OnChange = Callable[[Connection, Outage, OutageChange], Awaitable[None]]


class Outages:
    """Outages as a person may see and change them. Methods may raise `OSError` or an `asyncpg` error.

    Every change is sent on the channel `outages` when it is committed: the nodes then write what callers hear.
    `on_change` is called inside each transaction before it ends, with the outage as it will be; what it raises undoes
    the change.
    """

    def __init__(self, pool: asyncpg.Pool, tickets: Tickets, on_change: OnChange | None = None) -> None:
        self._pool = pool
        self._tickets = tickets
        self._on_change = on_change

    def also(self, on_change: OnChange) -> "Outages":
        """The same outages, with a further `on_change` inside each transaction."""

        async def both(connection: Connection, outage: Outage, change: OutageChange) -> None:
            if self._on_change is not None:
                await self._on_change(connection, outage, change)
            await on_change(connection, outage, change)

        return Outages(self._pool, self._tickets, both)

    async def all(self, person: Person, *, only_open: bool = True) -> list[Outage]:
        """The newest first, of all companies that this person may see; at most 500."""
        async with scoped(self._pool, person) as connection:
            return await read(connection, person, only_open=only_open)

    async def get(self, person: Person, outage_id: int) -> Outage:
        """Raises `NoOutage`."""
        async with scoped(self._pool, person) as connection:
            return await one(connection, person, outage_id)

    async def figures(self, person: Person, outages: list[int]) -> dict[int, OutageFigures]:
        """How many callers each of these outages has, by its id."""
        async with scoped(self._pool, person) as connection:
            return await read_figures(connection, outages)

    async def history(self, person: Person, outage_id: int) -> list[OutageEvent]:
        """What happened to it, oldest first. Raises `NoOutage`."""
        async with scoped(self._pool, person) as connection:
            await one(connection, person, outage_id)
            return await read_events(connection, outage_id)

    async def open(self, person: Person, new: NewOutage, *, suspected: bool = False) -> Outage:
        """Open an outage, confirmed unless it is only `suspected`. Raises `BadOutage`, `BadFlats`."""
        async with scoped(self._pool, person) as connection:
            return await self.open_in(connection, person, new, suspected=suspected)

    async def open_in(
        self, connection: Connection, person: Person, new: NewOutage, *, suspected: bool = False
    ) -> Outage:
        """As `open`, inside the caller's transaction."""
        if person.company_id not in (None, new.company_id):
            raise BadOutage("unknown", "company_id")
        outage_id = await insert(connection, person, new)
        await put_places(connection, outage_id, new.company_id, new.places)
        await note(connection, outage_id, person, OutageEventKind.OPENED, states=(None, OutageState.SUSPECTED))
        if not suspected:
            await self._confirm(connection, person, outage_id)
        return await self._changed(connection, person, outage_id, OutageChange(before=None))

    async def step(
        self, person: Person | None, outage_id: int, step: OutageStep, *, comment: str = "", version: int | None = None
    ) -> Outage:
        """Take a step; by nobody when the time has come. Raises `NoOutage`, `OutageConflict`, `OutageStepRefused`.

        The last step closes, or cancels, the incident and every ticket below it.
        """
        async with scoped_to(self._pool, None if person is None else person.company_id) as connection:
            before = await _lock(connection, person, outage_id, version)
            state = move(before, step, comment)
            if step is OutageStep.CONFIRM:
                if person is None:
                    raise ValueError("an outage is confirmed by somebody")
                await self._confirm(connection, person, outage_id)
            else:
                await connection.execute(SQL["move"], outage_id, state)
                await note(
                    connection, outage_id, person, OutageEventKind.MOVED, states=(before, state), comment=comment
                )
            if state in OVER:
                await _finish(connection, person, await one(connection, person, outage_id), comment)
            return await self._changed(connection, person, outage_id, OutageChange(before=before))

    async def end_with_incident(self, connection: Connection, ticket: Ticket, what: TicketChange) -> None:
        """End the outage whose incident is closed or cancelled, with all its tickets: for `Tickets.also`.

        Otherwise callers would go on hearing it, and get tickets below one that is over.
        """
        if what not in (Step.CLOSE, Step.CANCEL):
            return
        row = await connection.fetchrow(SQL["of_ended_incident"], ticket.id)
        if row is None:
            return
        before = OutageState(row["state"])
        # Once the supply is back there was an outage, whatever is said of the ticket.
        none = what is Step.CANCEL and OutageStep.CANCEL in steps_from(before)
        state = OutageState.CANCELLED if none else OutageState.CLOSED
        await connection.execute(SQL["move"], row["id"], state)
        await connection.execute(
            SQL["note"], row["id"], row["operator_id"], OutageEventKind.MOVED, before, state, row["comment"], {}
        )
        await incidents.finish(connection, row["operator_id"], ticket.id, Step(what), row["comment"])
        await self._changed(connection, None, row["id"], OutageChange(before=before))

    async def confirm(self, person: Person, outage_id: int, kind: str) -> Outage:
        """Say what is off, of one that is suspected. Raises `NoOutage`, `BadOutage`, `OutageStepRefused`."""
        async with scoped(self._pool, person) as connection:
            move(await _lock(connection, person, outage_id, None), OutageStep.CONFIRM)
            await check_kind(connection, kind)
            await connection.execute(SQL["of_kind"], outage_id, kind)
            await self._confirm(connection, person, outage_id)
            return await self._changed(connection, person, outage_id, OutageChange(before=OutageState.SUSPECTED))

    async def edit(self, person: Person, outage_id: int, edit: OutageEdit, *, version: int | None = None) -> Outage:
        """Change the fields given. Raises `NoOutage`, `OutageConflict`, `BadOutage`.

        A new expected end goes to the incident and every open ticket below it.
        """
        async with scoped(self._pool, person) as connection:
            if await _lock(connection, person, outage_id, version) in OVER:
                raise BadOutage("over")
            before = await one(connection, person, outage_id)
            changes = {name: value for name, value in edit.given().items() if value != getattr(before, name)}
            if not changes:
                return before
            await check_changes(connection, before, changes)
            await set_columns(connection, outage_id, changes)
            both = {name: (getattr(before, name), value) for name, value in changes.items()}
            await note(connection, outage_id, person, OutageEventKind.EDITED, changes=both)
            if "until" in changes and before.incident_id is not None:
                await incidents.expect(connection, person, before.incident_id, edit.until)
            change = OutageChange(before=before.state, fields=frozenset(changes))
            return await self._changed(connection, person, outage_id, change)

    async def put_places(
        self, person: Person, outage_id: int, places: tuple[PlaceEdit, ...], *, version: int | None = None
    ) -> Outage:
        """Say anew where it is. Flats that it grew by get numbers; those that it lost keep theirs, and hear nothing more.

        Raises `NoOutage`, `OutageConflict`, `BadOutage`, `BadFlats`.
        """
        async with scoped(self._pool, person) as connection:
            if await _lock(connection, person, outage_id, version) in OVER:
                raise BadOutage("over")
            before = await one(connection, person, outage_id)
            await put_places(connection, outage_id, before.company_id, places)
            await set_columns(connection, outage_id, {})
            was, now = len(before.places), len(places)
            await note(connection, outage_id, person, OutageEventKind.PLACES, changes={"houses": (was, now)})
            if before.incident_id is not None:
                await reserve_numbers(connection, before.company_id, outage_id)
            change = OutageChange(before=before.state, fields=frozenset({"places"}))
            return await self._changed(connection, person, outage_id, change)

    async def touch_in(self, connection: Connection, person: Person, outage_id: int) -> None:
        """Lock one that is not over, and let the nodes write anew what callers hear, once this is committed.

        Raises `NoOutage`, `BadOutage`.
        """
        if await _lock(connection, person, outage_id, None) in OVER:
            raise BadOutage("over")
        outage = await one(connection, person, outage_id)
        await connection.execute(SQL["notify"], outage.id, outage.company_id)

    async def end_planned(self) -> list[int]:
        """Close the planned works of which the end has come; which they were."""
        ended = []
        for row in await self._pool.fetch(SQL["due"]):
            try:
                await self.step(None, row["id"], OutageStep.CLOSE)
            except (NoOutage, OutageStepRefused):
                # Somebody was quicker.
                continue
            ended.append(row["id"])
        return ended

    async def _changed(
        self, connection: Connection, person: Person | None, outage_id: int, change: OutageChange
    ) -> Outage:
        outage = await one(connection, person, outage_id)
        await connection.execute(SQL["notify"], outage.id, outage.company_id)
        if self._on_change is not None:
            await self._on_change(connection, outage, change)
        return outage

    async def _confirm(self, connection: Connection, person: Person, outage_id: int) -> None:
        """Open the incident, and keep a ticket number for each flat and for callers whose flat is not known."""
        outage = await one(connection, person, outage_id)
        if outage.kind is None:
            raise BadOutage("missing", "kind")
        if not outage.places:
            raise BadOutage("missing", "places")
        category = await connection.fetchval(SQL["category"], outage.company_id, outage.kind, outage.planned)
        house = outage.places[0].house_id if len(outage.places) == 1 else None
        addresses = "; ".join(place.address for place in outage.places[:5])
        subject = f"{outage.names[outage.language]}: {addresses}"[:200]
        edit = {"category_id": category, "subject": subject, "common_property": True, "house_id": house}
        if outage.until is not None:
            edit["planned_until"] = outage.until
        incident = await self._tickets.create_in(connection, person, outage.company_id, TicketEdit.model_validate(edit))
        await connection.execute(SQL["incident"], outage_id, incident.id)
        await reserve_numbers(connection, outage.company_id, outage_id)
        await connection.execute(SQL["move"], outage_id, OutageState.CONFIRMED)
        states = (OutageState.SUSPECTED, OutageState.CONFIRMED)
        await note(connection, outage_id, person, OutageEventKind.MOVED, states=states)


OUTAGES = web.AppKey("outages", Outages)


async def _lock(connection: Connection, person: Person | None, outage_id: int, version: int | None) -> OutageState:
    row = await connection.fetchrow(SQL["lock"], outage_id, None if person is None else person.company_id)
    if row is None:
        raise NoOutage
    if version is not None and version != row["version"]:
        raise OutageConflict("version")
    return OutageState(row["state"])


async def _finish(connection: Connection, person: Person | None, outage: Outage, comment: str) -> None:
    if outage.incident_id is None:
        return
    step = Step.CLOSE if outage.state is OutageState.CLOSED else Step.CANCEL
    operator = None if person is None else person.id
    await incidents.finish(connection, operator, outage.incident_id, step, comment)
