"""The operator's page, the board, and the socket that keeps both up to date."""

from aiohttp import web

from callcenter.calls import pages, recent_pages, socket


def install(app: web.Application) -> None:
    """Add this subject to the application."""
    app[socket.POPPED] = {}
    for part in (pages, recent_pages, socket):
        app.add_routes(part.routes)
