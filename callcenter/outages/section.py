"""The section of a ticket's page with its outage: what the caller heard of it, and whose telephone it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection
from callcenter.domain.access import Permission
from callcenter.domain.outage import OutageState
from callcenter.outages.flats import Unsettled
from callcenter.outages.outage import Outage, OutageFigures
from callcenter.outages.rows import read, read_figures
from callcenter.outages.texts import outage_states
from callcenter.storage import queries
from callcenter.tickets.sections import TicketSection
from callcenter.tickets.ticket import Ticket
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of

SQL = queries("outage_flats")


@dataclass(frozen=True, slots=True)
class OutageSection:
    """The section. `figures`: on the page of the incident; `heard`: rows of `heard` in `outage_flats.sql`."""

    outage: Outage
    figures: OutageFigures | None
    heard: Sequence[asyncpg.Record]
    unsettled: Unsettled
    states: Mapping[OutageState, str]


async def outage_section(
    request: web.Request, connection: Connection, ticket: Ticket, _answer: object
) -> OutageSection | None:
    """The section, for those who may see outages, of a ticket that belongs to one."""
    person = request[PERSON]
    if not person.may(Permission.SEE_OUTAGES):
        return None
    outage_id = await connection.fetchval(SQL["of_incident"], ticket.id, ticket.parent_id)
    found = [] if outage_id is None else await read(connection, person, [outage_id])
    if not found:
        return None
    [outage] = found
    incident = outage.incident_id == ticket.id
    return OutageSection(
        outage=outage,
        figures=(await read_figures(connection, [outage.id]))[outage.id] if incident else None,
        heard=await connection.fetch(SQL["heard"], ticket.id),
        unsettled=Unsettled() if incident else await _unsettled(connection, outage.id, ticket),
        states=outage_states(language_of(request)),
    )


async def _unsettled(connection: Connection, outage_id: int, ticket: Ticket) -> Unsettled:
    """What is to be decided of this ticket: its flat, and the telephones of which it was keyed in."""
    return Unsettled(
        tickets=await connection.fetch(SQL["without_flat"], outage_id, ticket.id),
        telephones=await connection.fetch(SQL["candidates"], outage_id, ticket.caller, ticket.premises_id),
    )


SECTION = TicketSection("outage", "outages/ticket_section.html", outage_section, style="outages/outages.css")
