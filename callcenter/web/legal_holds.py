"""A ticket's recordings under legal hold: placed with a reason, and released."""

import structlog
from aiohttp import web

from callcenter.desk.ticket import NoTicket
from callcenter.domain.access import Permission
from callcenter.web.auth import needs
from callcenter.web.parts import PERSON, parts_of
from callcenter.web.tickets import PAGE, need_ticket, page, ticket_id_of, typed_in

log = structlog.get_logger()
routes = web.RouteTableDef()


@routes.post(PAGE + "/hold")
@needs(Permission.KEEP_RECORDINGS)
async def place(request: web.Request) -> web.Response:
    """Place a hold; placed twice, it is one."""
    person, ticket = request[PERSON], await need_ticket(request)
    typed = await typed_in(request)
    try:
        if await parts_of(request).legal_holds.place(person, ticket.id, typed.get("reason", ""), request.remote or ""):
            log.info("legal hold placed", ticket=ticket.id, operator=person.id)
    except ValueError:
        return await page(request, ticket, 422, hold_problem="words")
    raise web.HTTPSeeOther(f"/tickets/{ticket.id}#keeping")


@routes.post(PAGE + "/hold/release")
@needs(Permission.KEEP_RECORDINGS)
async def release(request: web.Request) -> web.Response:
    """Release the hold that stands."""
    person, ticket_id = request[PERSON], ticket_id_of(request)
    try:
        if await parts_of(request).legal_holds.release(person, ticket_id, request.remote or ""):
            log.info("legal hold released", ticket=ticket_id, operator=person.id)
    except NoTicket:
        raise web.HTTPNotFound from None
    raise web.HTTPSeeOther(f"/tickets/{ticket_id}#keeping")
