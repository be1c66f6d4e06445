"""The operator's page, the board, and the socket that keeps both up to date."""

from aiohttp import web

from callcenter.calls import pages, recent_pages, socket
from callcenter.common.requests import RequestSweep
from callcenter.web.keys import SERVICES, SETTINGS


def install(app: web.Application) -> None:
    """Add this subject to the application."""
    app[socket.POPPED] = {}
    app[SERVICES].append(RequestSweep(app[SETTINGS].database))
    for part in (pages, recent_pages, socket):
        app.add_routes(part.routes)
