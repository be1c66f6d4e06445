"""A ticket's page: the links of its crew, to be copied into whatever the crew reads."""

from dataclasses import dataclass

from aiohttp import web

from callcenter.common.scope import Connection
from callcenter.dispatch.crew_lists import CREW_LISTS
from callcenter.domain.access import Permission
from callcenter.tickets.pages import PAGE, need_ticket
from callcenter.tickets.sections import TicketSection
from callcenter.tickets.ticket import Ticket
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class LinkSection:
    """The link to the ticket, and the one to everything that its crew has; None when there is none that works."""

    ticket: str | None
    everything: str | None


async def content(request: web.Request, connection: Connection, ticket: Ticket, _answer: object) -> LinkSection | None:
    """The section, for the desk and while the ticket has a crew."""
    if ticket.crew_id is None or not request[PERSON].may(Permission.EDIT_TICKETS):
        return None
    lists = request.app[CREW_LISTS]
    return LinkSection(await lists.url_of_ticket(connection, ticket.id), await lists.url(connection, ticket.crew_id))


SECTION = TicketSection("links", "dispatch/link_section.html", content, "dispatch/dispatch.css")


@routes.post(PAGE + "/crew-list")
@needs(Permission.EDIT_TICKETS)
async def renew(request: web.Request) -> web.Response:
    """A new link to everything that the ticket's crew has; the one before ends."""
    ticket = await need_ticket(request)
    if ticket.crew_id is not None:
        await request.app[CREW_LISTS].renew(request[PERSON], ticket.company_id, ticket.crew_id, request.remote or "")
    raise web.HTTPSeeOther(f"/tickets/{ticket.id}#crew-links")
