"""For machines: liveness, readiness, metrics."""

import asyncio
import inspect
from collections.abc import Mapping
from ipaddress import ip_address

import asyncpg
import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from callcenter.domain.access import Permission
from callcenter.errors import NotReady
from callcenter.storage import queries
from callcenter.web.auth import needs
from callcenter.web.keys import HEALTH_CHECKS, HealthCheck

log = structlog.get_logger()
routes = web.RouteTableDef()
SQL = queries("web")
CHECK_WITHIN_S = 3.0


def database(pool: asyncpg.Pool) -> HealthCheck:
    """Whether PostgreSQL answers."""
    return lambda: pool.fetchval(SQL["alive"], timeout=CHECK_WITHIN_S)


@routes.get("/healthz")
@needs(Permission.ANYONE)
async def alive(_request: web.Request) -> web.Response:
    """The process runs and its event loop is not blocked."""
    return web.json_response({"alive": True})


@routes.get("/readyz")
@needs(Permission.ANYONE)
async def ready(request: web.Request) -> web.Response:
    """Every part by name, and the reason why one is not ready if known; 503 unless all are ready."""
    checks = request.app[HEALTH_CHECKS]
    answers = await look(checks)
    parts = {name: answer is None for name, answer in answers.items()}
    state: dict[str, object] = {"ready": all(parts.values()), "parts": parts}
    if words := {name: answer for name, answer in answers.items() if answer}:
        state["words"] = words
    return web.json_response(state, status=200 if state["ready"] else 503)


@routes.get("/metrics")
@needs(Permission.ANYONE)
async def figures(request: web.Request) -> web.Response:
    """Prometheus metrics, for addresses of our own network that connect without a proxy."""
    address = ip_address(request.remote or "0.0.0.0")
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if proxied or not (address.is_loopback or address.is_private):
        raise web.HTTPForbidden
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def look(checks: Mapping[str, HealthCheck]) -> dict[str, str | None]:
    """Ask every part. None when it is ready, otherwise the reason, which may be empty."""
    answers = await asyncio.gather(*(_ask(name, check) for name, check in checks.items()))
    return dict(zip(checks, answers, strict=True))


async def _ask(name: str, check: HealthCheck) -> str | None:
    """None when the part is ready, otherwise the reason, which may be empty.

    A check that returns False, fails or times out means not ready.
    """
    try:
        answer = check()
        if inspect.isawaitable(answer):
            async with asyncio.timeout(CHECK_WITHIN_S):
                answer = await answer
    except NotReady as reason:
        log.warning("not ready", part=name, problem=str(reason))
        return str(reason)
    except Exception as problem:
        log.warning("not ready", part=name, problem=type(problem).__name__)
        return ""
    return "" if answer is False else None
