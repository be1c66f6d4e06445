"""Outages."""

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.errors import gettext_noop
from callcenter.outages import flat_pages, pages
from callcenter.outages.choices import OUTAGE_CHOICES, OutageChoices
from callcenter.outages.flats import OUTAGE_FLATS, OutageFlats
from callcenter.outages.joining import JOINING, Joining
from callcenter.outages.section import SECTION
from callcenter.outages.service import OUTAGES, Outages
from callcenter.outages.watcher import OutageWatcher
from callcenter.tickets.sections import TICKET_SECTIONS
from callcenter.tickets.service import TICKETS
from callcenter.web.keys import POOL, SERVICES, SETTINGS
from callcenter.web.navigation import NAVIGATION, NavigationEntry


def install(app: web.Application) -> None:
    app[OUTAGES] = Outages(app[POOL], app[TICKETS])
    app[JOINING] = Joining(app[POOL], app[TICKETS])
    app[SERVICES].append(OutageWatcher(app[SETTINGS].database))
    app[OUTAGE_CHOICES] = OutageChoices(app[POOL])
    app[NAVIGATION].append(NavigationEntry("/outages", gettext_noop("Outages"), Permission.SEE_OUTAGES, 25))
    app[OUTAGE_FLATS] = OutageFlats(app[POOL])
    app[TICKET_SECTIONS].insert(0, SECTION)
    app.add_routes(pages.routes)
    app.add_routes(flat_pages.routes)
