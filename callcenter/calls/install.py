"""The operator's page, the board, and the socket that keeps both up to date."""

from aiohttp import web

from callcenter.calls import pages, recent_pages, socket
from callcenter.calls.presence import PageWatch
from callcenter.common.requests import RequestSweep
from callcenter.domain.access import Permission, Role
from callcenter.errors import gettext_noop
from callcenter.web.keys import SERVICES, SETTINGS
from callcenter.web.navigation import NAVIGATION, NavigationEntry


def install(app: web.Application) -> None:
    app[socket.POPPED] = {}
    app[NAVIGATION] += [
        NavigationEntry("/board", gettext_noop("Board"), Permission.SEE_BOARD, 10, frozenset({Role.SUPERVISOR})),
        NavigationEntry("/workplace", gettext_noop("Workplace"), Permission.TAKE_CALLS, 20, frozenset({Role.OPERATOR})),
    ]
    app[SERVICES] += [RequestSweep(app[SETTINGS].database), PageWatch(app[SETTINGS].database)]
    for part in (pages, recent_pages, socket):
        app.add_routes(part.routes)
