"""A ticket's recordings under legal hold: placed with a reason, and released."""

from dataclasses import dataclass

import structlog
from aiohttp import web

from callcenter.common.scope import Connection
from callcenter.domain.access import Permission
from callcenter.retention.legal_holds import LEGAL_HOLDS, BadReason, TicketRetention, retention_of
from callcenter.tickets.pages import PAGE, need_ticket, page, ticket_id_of
from callcenter.tickets.sections import TicketSection
from callcenter.tickets.ticket import Ticket
from callcenter.web.auth import needs
from callcenter.web.forms import form_texts
from callcenter.web.keys import PERSON

log = structlog.get_logger()
routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class RetentionSection:
    """The section's content. `problem`: what was wrong with the reason of a hold."""

    keeping: TicketRetention
    problem: str


async def content(
    request: web.Request, connection: Connection, ticket: Ticket, problem: str | None
) -> RetentionSection | None:
    """The section of the ticket's page, for those who may place holds."""
    if not request[PERSON].may(Permission.KEEP_RECORDINGS):
        return None
    return RetentionSection(await retention_of(connection, ticket.id), problem or "")


SECTION = TicketSection("keeping", "retention/ticket_section.html", content)


@routes.post(PAGE + "/hold")
@needs(Permission.KEEP_RECORDINGS)
async def place(request: web.Request) -> web.Response:
    """Place a hold. Idempotent."""
    person, ticket = request[PERSON], await need_ticket(request)
    typed = await form_texts(request)
    try:
        if await request.app[LEGAL_HOLDS].place(person, ticket.id, typed.get("reason", ""), request.remote or ""):
            log.info("legal hold placed", ticket=ticket.id, operator=person.id)
    except BadReason as bad:
        return await page(request, ticket.id, 422, answers={SECTION.name: bad.code})
    raise web.HTTPSeeOther(f"/tickets/{ticket.id}#keeping")


@routes.post(PAGE + "/hold/release")
@needs(Permission.KEEP_RECORDINGS)
async def release(request: web.Request) -> web.Response:
    """Release the active hold."""
    person, ticket_id = request[PERSON], ticket_id_of(request)
    if await request.app[LEGAL_HOLDS].release(person, ticket_id, request.remote or ""):
        log.info("legal hold released", ticket=ticket_id, operator=person.id)
    raise web.HTTPSeeOther(f"/tickets/{ticket_id}#keeping")
