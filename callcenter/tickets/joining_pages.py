"""A ticket's page: the ticket is the same as another one, or a call was about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection
from callcenter.domain.access import Permission
from callcenter.domain.ticket import is_open
from callcenter.storage import queries
from callcenter.tickets.call_tickets import CallTicketRefused, CallTickets
from callcenter.tickets.choices import TICKET_CHOICES
from callcenter.tickets.merging import SQL, MergeRefused, Merging
from callcenter.tickets.pages import PAGE, need_ticket, page
from callcenter.tickets.sections import TicketSection
from callcenter.tickets.service import TICKETS
from callcenter.tickets.ticket import Ticket
from callcenter.web.auth import needs
from callcenter.web.forms import chosen_id, form_texts
from callcenter.web.keys import PERSON, POOL

OF_CALLS = queries("call_tickets")
routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Refused:
    """What was not done, and what had been typed. `what`: `merge` or `call`."""

    what: str
    code: str
    typed: str = ""


@dataclass(frozen=True, slots=True)
class JoiningSection:
    """The section's content: the tickets that became part of this one, and calls that may be about it."""

    merged: Sequence[asyncpg.Record]
    calls: Sequence[asyncpg.Record] = ()
    can: bool = False
    refused: Refused = field(default_factory=lambda: Refused("", ""))


async def content(
    request: web.Request, connection: Connection, ticket: Ticket, refused: Refused | None
) -> JoiningSection | None:
    """The section, for those who may change tickets, and for all when something was merged."""
    merged = await connection.fetch(SQL["parts"], ticket.id)
    if not (request[PERSON].may(Permission.EDIT_TICKETS) and is_open(ticket.state)):
        return JoiningSection(merged) if merged else None
    calls = await connection.fetch(OF_CALLS["attachable"], ticket.id)
    return JoiningSection(merged, calls, True, refused or Refused("", ""))


SECTION = TicketSection("joining", "tickets/joining.html", content)


@routes.post(PAGE + "/merge")
@needs(Permission.EDIT_TICKETS)
async def merge(request: web.Request) -> web.Response:
    """Merge the ticket into the one of this number, whose page is shown then."""
    app, person, ticket = request.app, request[PERSON], await need_ticket(request)
    typed = (await form_texts(request)).get("number", "")
    number = chosen_id(typed.strip().lstrip("№# "))
    other = None if number is None else await app[TICKET_CHOICES].by_number(person, ticket.company_id, number)
    try:
        kept = await Merging(app[POOL], app[TICKETS]).merge(person, ticket.id, other, request.remote or "")
    except MergeRefused as refused:
        return await page(request, ticket.id, 409, answers={SECTION.name: Refused("merge", refused.code, typed)})
    raise web.HTTPSeeOther(f"/tickets/{kept.id}")


@routes.post(PAGE + "/calls")
@needs(Permission.EDIT_TICKETS)
async def attach(request: web.Request) -> web.Response:
    """The chosen call was about this ticket."""
    app, person, ticket = request.app, request[PERSON], await need_ticket(request)
    call = (await form_texts(request)).get("call", "")
    try:
        await CallTickets(app[POOL], app[TICKETS]).join(person, call.replace("\0", ""), ticket.id)
    except CallTicketRefused as refused:
        return await page(request, ticket.id, 409, answers={SECTION.name: Refused("call", refused.code)})
    raise web.HTTPSeeOther(f"/tickets/{ticket.id}#timeline")
