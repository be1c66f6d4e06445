"""The operator's page and the supervisor's board."""

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.storage import queries
from callcenter.web.auth import needs
from callcenter.web.keys import POOL
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()
SQL = queries("web")


@routes.get("/workplace")
@needs(Permission.TAKE_CALLS)
async def operator_page(request: web.Request) -> web.Response:
    """Where an operator works."""
    return render(request, "calls/operator.html", lines=await lines(request))


@routes.get("/board")
@needs(Permission.SEE_BOARD)
async def board(request: web.Request) -> web.Response:
    """Where a supervisor watches."""
    people = [
        {"id": row["id"], "login": row["login"], "name": row["name"], "has_phone": row["endpoint"] is not None}
        for row in await request.app[POOL].fetch(SQL["operators"])
    ]
    return render(request, "calls/board.html", lines=await lines(request), people=people)


async def lines(request: web.Request) -> dict[str, dict[str, str]]:
    """The company behind each queue."""
    return {
        row["number"]: {"company": row["company"], "zone": row["zone"]}
        for row in await request.app[POOL].fetch(SQL["lines"])
    }
