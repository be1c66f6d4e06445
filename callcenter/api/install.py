"""The programming interface, `/api/v1`."""

from aiohttp import web

from callcenter import api


def install(app: web.Application) -> None:
    app.add_routes(api.routes)
