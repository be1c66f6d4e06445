"""Callers of whom the robot did not know the flat: a person says which it is, or whether what was keyed in is right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, audit, scoped
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.domain.ticket import TicketEventKind, TicketState, is_open
from callcenter.outages.outage import BadOutage
from callcenter.outages.rows import one
from callcenter.outages.texts import resident_of_flat, same_flat
from callcenter.storage import queries
from callcenter.tickets import rows

SQL, OUTAGES_SQL = queries("outage_flats"), queries("outages")


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Rows of `without_flat` and `candidates` in `storage/queries/outage_flats.sql`."""

    tickets: Sequence[asyncpg.Record] = ()
    telephones: Sequence[asyncpg.Record] = ()


async def unsettled(connection: Connection, outage_id: int) -> Unsettled:
    """What a person is to decide in this outage."""
    return Unsettled(
        tickets=await connection.fetch(SQL["without_flat"], outage_id, None),
        telephones=await connection.fetch(SQL["candidates"], outage_id, None, None),
    )


class OutageFlats:
    """What a person decides, each in one transaction. Methods may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def unsettled(self, person: Person, outage_id: int) -> Unsettled:
        """Raises `NoOutage`."""
        async with scoped(self._pool, person) as connection:
            await one(connection, person, outage_id)
            return await unsettled(connection, outage_id)

    async def decide(
        self,
        person: Person,
        outage_id: int,
        phone: str,
        premises: int,
        *,
        right: bool,
        resident: int | None = None,
        name: str = "",
    ) -> None:
        """Whether this telephone is of this flat. If it is, the directory has it from now on, as the resident's.

        `resident`: of that flat; None: the first one, or a new one with the name that is given. Raises `NoOutage`, and
        `BadOutage` when it is decided already.
        """
        async with scoped(self._pool, person) as connection:
            await one(connection, person, outage_id)
            if await connection.fetchval(SQL["decide"], outage_id, phone, premises, right, person.id) is None:
                raise BadOutage("decided", "telephone")
            if right:
                await _add_phone(connection, person, phone, premises, resident, name)
                await _notify(connection, person, outage_id)
                for row in await connection.fetch(SQL["to_settle"], phone, premises):
                    await _give_flat(connection, person, row["outage_id"], row["ticket_id"], premises)

    async def say_flat(
        self,
        person: Person,
        outage_id: int,
        ticket_id: int,
        house: int,
        flat: str,
        *,
        resident: int | None = None,
        name: str = "",
    ) -> int:
        """Say whose ticket it is: it becomes that flat's, or is merged into the one that the flat has. The id of that one.

        The telephone becomes the flat's too. Raises `NoOutage`, `BadOutage`.
        """
        async with scoped(self._pool, person) as connection:
            await one(connection, person, outage_id)
            premises = await connection.fetchval(SQL["flat_named"], outage_id, house, flat.strip())
            if premises is None:
                raise BadOutage("no flat", "flat")
            waiting = await connection.fetchrow(SQL["without_flat"], outage_id, ticket_id)
            if waiting is None:
                raise BadOutage("decided", "flat")
            kept = await _give_flat(connection, person, outage_id, ticket_id, premises)
            if waiting["caller"].startswith("+"):
                await connection.execute(SQL["say"], waiting["caller"], premises, person.id)
                await _add_phone(connection, person, waiting["caller"], premises, resident, name)
            await _notify(connection, person, outage_id)
            return kept


OUTAGE_FLATS = web.AppKey("outage flats", OutageFlats)


async def _add_phone(
    connection: Connection, person: Person, phone: str, premises: int, resident: int | None, name: str
) -> None:
    """Note the telephone in the directory."""
    [flat] = await connection.fetch(SQL["flat"], premises)
    chosen = None if name else await connection.fetchval(SQL["resident"], premises, resident)
    if resident is not None and chosen is None and not name:
        raise BadOutage("unknown", "resident")
    added = chosen is None
    if added:
        chosen = await connection.fetchval(
            SQL["add_resident"], premises, name or resident_of_flat(flat["language"], flat["flat"])
        )
    await connection.execute(SQL["give_phone"], phone, chosen)
    await audit(
        connection, AuditAction.ADDED_RESIDENT if added else AuditAction.CHANGED_RESIDENT, person=person,
        company=flat["company_id"], subject=AuditSubject.RESIDENT, subject_id=chosen,
    )  # fmt: skip


async def _notify(connection: Connection, person: Person, outage_id: int) -> None:
    """What this telephone hears is written anew."""
    outage = await one(connection, person, outage_id)
    await connection.execute(OUTAGES_SQL["notify"], outage.id, outage.company_id)


async def _give_flat(connection: Connection, person: Person, outage_id: int, ticket_id: int, premises: int) -> int:
    """The ticket becomes the flat's, with its own number; or is cancelled for the one that the flat has already."""
    ticket = await rows.lock(connection, None, ticket_id)
    unknown, of_flat = await connection.fetch(SQL["lock_number"], outage_id, ticket_id, premises)
    if of_flat["ticket_id"] is None:
        await connection.execute(SQL["forget_number"], outage_id, of_flat["number"])
        await connection.execute(SQL["now_of_flat"], outage_id, unknown["number"], premises, of_flat["number"])
        [flat] = await connection.fetch(SQL["flat"], premises)
        changes: dict[str, object] = {"house_id": flat["house_id"], "premises_id": premises}
        await rows.write(connection, ticket, changes)
        made, version = rows.pairs(ticket, changes), ticket.version + 1
        await rows.note(connection, ticket, TicketEventKind.EDITED, person=person, changes=made, version=version)
        return ticket.id
    await connection.execute(SQL["now_of_ticket"], outage_id, unknown["number"], of_flat["ticket_id"])
    kept = await rows.lock(connection, None, of_flat["ticket_id"])
    await rows.note(connection, kept, TicketEventKind.CALLED, person=person, comment=ticket.caller)
    if is_open(ticket.state):
        reason = same_flat(ticket.language, kept.number)
        over = {"state": TicketState.CANCELLED.value, "closed_at": datetime.now(UTC), "cancel_reason": reason}
        await rows.write(connection, ticket, over)
        await rows.note(
            connection, ticket, TicketEventKind.MOVED, person=person, comment=reason,
            states=(ticket.state, TicketState.CANCELLED), version=ticket.version + 1,
        )  # fmt: skip
    return kept.id
