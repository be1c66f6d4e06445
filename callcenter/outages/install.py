"""Outages."""

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.errors import gettext_noop
from callcenter.outages import pages, public_pages
from callcenter.outages.choices import OUTAGE_CHOICES, OutageChoices
from callcenter.outages.public_board import PUBLIC_BOARD, PublicBoard
from callcenter.outages.service import OUTAGES, Outages
from callcenter.tickets.service import TICKETS
from callcenter.web.keys import POOL, SETTINGS
from callcenter.web.navigation import NAVIGATION, NavigationEntry
from callcenter.web.throttle import Throttle


def install(app: web.Application) -> None:
    app[OUTAGES] = Outages(app[POOL], app[TICKETS])
    app[OUTAGE_CHOICES] = OutageChoices(app[POOL])
    app[NAVIGATION].append(NavigationEntry("/outages", gettext_noop("Outages"), Permission.SEE_OUTAGES, 25))
    app[PUBLIC_BOARD] = PublicBoard(app[POOL])
    app[public_pages.THROTTLE] = Throttle(app[SETTINGS].web.public_requests_per_minute)
    for part in (pages, public_pages):
        app.add_routes(part.routes)
