"""The operator's page, the supervisor's board, and the pages that say what went wrong."""

import asyncpg
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter.domain.access import Permission
from callcenter.storage import queries
from callcenter.web.auth import needs
from callcenter.web.parts import parts_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()
SQL = queries("web")
UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)


@routes.get("/")
@needs(Permission.TAKE_CALLS)
async def operator_page(request: web.Request) -> web.Response:
    """Where an operator works."""
    return render(request, "operator.html", lines=await lines(request))


@routes.get("/board")
@needs(Permission.SEE_BOARD)
async def board(request: web.Request) -> web.Response:
    """Where a supervisor watches."""
    people = [
        {"id": row["id"], "login": row["login"], "name": row["name"]}
        for row in await parts_of(request).pool.fetch(SQL["operators"])
    ]
    return render(request, "board.html", lines=await lines(request), people=people)


async def lines(request: web.Request) -> dict[str, dict[str, str]]:
    """The company behind each queue."""
    return {
        row["number"]: {"company": row["company"], "zone": row["zone"]}
        for row in await parts_of(request).pool.fetch(SQL["lines"])
    }


@web.middleware
async def show_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a refusal or a failure into a page for people and a line for programs."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if refusal.status < 400:
            raise
        return _refusal(request, refusal.status)
    except UNREACHABLE as problem:
        log.error("request failed", route=_route(request), problem=type(problem).__name__)
        return _refusal(request, 503)
    except Exception:
        log.exception("request failed", route=_route(request))
        return _refusal(request, 500)


def _refusal(request: web.Request, status: int) -> web.Response:
    if "text/html" in request.headers.get("Accept", ""):
        return render(request, "error.html", status)
    return web.Response(status=status, text=f"{status}\n")


def _route(request: web.Request) -> str | None:
    resource = request.match_info.route.resource
    return None if resource is None else resource.canonical
