"""The list of the last calls: a page, and the part of the board that is fetched again after each change."""

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.storage import queries
from callcenter.web.auth import needs
from callcenter.web.keys import POOL
from callcenter.web.render import render

routes = web.RouteTableDef()
SQL = queries("web")


@routes.get("/calls")
@needs(Permission.SEE_BOARD)
async def calls(request: web.Request) -> web.Response:
    """The last calls, newest first, each in its company's time zone."""
    return await _show(request, "calls/calls.html")


@routes.get("/calls/list")
@needs(Permission.SEE_BOARD)
async def calls_list(request: web.Request) -> web.Response:
    """The list alone, for the board."""
    return await _show(request, "calls/calls_list.html")


async def _show(request: web.Request, template: str) -> web.Response:
    return render(request, template, calls=await request.app[POOL].fetch(SQL["calls"]))
