"""The list of the last calls: a piece of the board, fetched again whenever it changed."""

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.storage import queries
from callcenter.web.auth import needs
from callcenter.web.keys import POOL
from callcenter.web.render import render

routes = web.RouteTableDef()
SQL = queries("web")
SHOWN = 50


@routes.get("/calls")
@needs(Permission.SEE_BOARD)
async def calls(request: web.Request) -> web.Response:
    """The last calls, newest first, each in its company's time zone."""
    return render(request, "calls/calls.html", calls=await request.app[POOL].fetch(SQL["calls"], SHOWN))
