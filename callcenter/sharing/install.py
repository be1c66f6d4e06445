"""Links by which an external person can hear a ticket's recordings."""

from aiohttp import web

from callcenter.common.attempts import ATTEMPTS
from callcenter.common.passwords import PASSWORDS
from callcenter.sharing import pages, visit_pages
from callcenter.sharing.links import SHARE_LINKS, ShareLinks
from callcenter.sharing.section import SECTION
from callcenter.sharing.visits import LINK_VISITS, LinkVisits
from callcenter.tickets.sections import TICKET_SECTIONS
from callcenter.web.keys import POOL


def install(app: web.Application) -> None:
    pool, passwords = app[POOL], app[PASSWORDS]
    app[SHARE_LINKS] = ShareLinks(pool, passwords)
    app[LINK_VISITS] = LinkVisits(pool, passwords, app[ATTEMPTS])
    app[TICKET_SECTIONS].append(SECTION)
    for part in (pages, visit_pages):
        app.add_routes(part.routes)
