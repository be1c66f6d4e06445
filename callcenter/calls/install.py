"""The operator's page, the board, and the socket that keeps both up to date."""

from aiohttp import web

from callcenter.calls import card_pages, pages, recent_pages, socket, telephone_pages
from callcenter.calls.presence import PageWatch
from callcenter.common.browser_telephones import BROWSER_TELEPHONES, BrowserTelephones, TelephoneSweep
from callcenter.common.requests import RequestSweep
from callcenter.common.secret_box import SECRET_BOX
from callcenter.domain.access import Permission, Role
from callcenter.errors import gettext_noop
from callcenter.web.keys import POOL, SERVICES, SETTINGS
from callcenter.web.navigation import NAVIGATION, NavigationEntry


def install(app: web.Application) -> None:
    app[socket.POPPED] = {}
    app[BROWSER_TELEPHONES] = BrowserTelephones(app[POOL], app[SECRET_BOX])
    app[NAVIGATION] += [
        NavigationEntry("/board", gettext_noop("Board"), Permission.SEE_BOARD, 10, frozenset({Role.SUPERVISOR})),
        NavigationEntry("/workplace", gettext_noop("Workplace"), Permission.TAKE_CALLS, 20, frozenset({Role.OPERATOR})),
    ]
    database = app[SETTINGS].database
    app[SERVICES] += [RequestSweep(database), PageWatch(database), TelephoneSweep(database, app[SECRET_BOX])]
    for part in (card_pages, pages, recent_pages, socket, telephone_pages):
        app.add_routes(part.routes)
