"""How fast pages are at the server, over a generated journal in a database of its own: of `ROWS` tickets, a million by default.

The database `bench_<tickets>` is on the stack's server and is kept, so that it is made once. The time measured is the
application's whole handling of a request over loopback, from its first middleware to its response.
"""

import math
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import SecretStr

from callcenter.app import create_app
from callcenter.common.passwords import digest, new_token
from callcenter.push.hub import Hub
from callcenter.reports.tallies import count_closed_days
from callcenter.settings import (
    AmiSettings,
    DatabaseSettings,
    HandoverSettings,
    S3Settings,
    SecretsSettings,
    Settings,
    WebSettings,
)
from callcenter.storage import connect, migrate, open_pool, require_schema
from callcenter.web.auth import COOKIE
from stack.errors import StackError
from stack.generate import Size, generate

USUAL_ROWS = 1_000_000
HOST = "127.0.0.1"
WARM = 20
STAFF, MANAGER, ADMINISTRATOR = "staff", "manager", "administrator"


@dataclass(frozen=True, slots=True)
class Look:
    """One request: who sends it (`STAFF`, `MANAGER`, `ADMINISTRATOR`), and its path."""

    who: str
    path: str


Looks = Callable[[asyncpg.Connection, int], Awaitable[Mapping[str, Sequence[Look]]]]
"""Makes the requests of each figure from what is in the database; gets the manager's company too."""


def rows() -> int:
    """How many tickets are made, from `ROWS`."""
    return int(os.environ.get("ROWS") or USUAL_ROWS)


def calls_of(tickets: int) -> int:
    """How many calls are made with so many tickets."""
    return tickets * 5 // 3


async def measure(postgres: Mapping[str, str], looks: Sequence[Looks]) -> dict[str, dict[str, object]]:
    """The 95th percentile in milliseconds of each figure. `postgres`: the DSNs that the stack's description has."""
    url = await prepared(postgres["dsn"], rows())
    connection = await connect(DatabaseSettings(url=SecretStr(url)))
    try:
        company, tokens = await _let_in(connection)
        figures: dict[str, Sequence[Look]] = {}
        for each in looks:
            figures |= await each(connection, company)
    finally:
        await connection.close()
    times: list[float] = []
    results: dict[str, dict[str, object]] = {}
    served = urlunsplit(urlsplit(postgres["service_dsn"])._replace(path=urlsplit(url).path))
    async with _served(served, times) as base, aiohttp.ClientSession(base) as http:
        for name, wanted in figures.items():
            for look in wanted[:WARM]:
                await _look(http, look, tokens)
            times.clear()
            for look in wanted:
                await _look(http, look, tokens)
            results[name] = {"value": round(percentile(times, 95) * 1000, 1), "unit": "ms"}
    return results


async def prepared(dsn: str, tickets: int) -> str:
    """The DSN of a database with so many tickets and the calls that come with them, made now unless it was made before."""
    name = f"bench_{tickets}"
    url = urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))
    server = await asyncpg.connect(dsn)
    try:
        if await server.fetchval("select exists (select from pg_database where datname = $1)", name):
            if await _is_whole(url, tickets):
                return url
            await server.execute(f"drop database {name} with (force)")
        await server.execute(f"create database {name}")
    finally:
        await server.close()
    print(f"making {tickets} tickets and {calls_of(tickets)} calls in the database {name}, once", flush=True)
    connection = await connect(DatabaseSettings(url=SecretStr(url)))
    try:
        await migrate(connection)
        await generate(
            connection, Size(tickets, calls_of(tickets)), sure=True, tell=lambda line: print(f"  {line}", flush=True)
        )
        await count_closed_days(connection)
    finally:
        await connection.close()
    return url


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


async def _is_whole(url: str, tickets: int) -> bool:
    connection = await connect(DatabaseSettings(url=SecretStr(url)))
    try:
        await migrate(connection)
        await require_schema(connection)
        await count_closed_days(connection)
        # Of an earlier version, whose calls came without their talks.
        talks = await connection.fetchval("select exists (select from talks)")
        return bool(talks) and int(await connection.fetchval("select count(*) from tickets")) >= tickets
    except Exception as problem:
        print(f"the kept database is of another version and is made again: {problem}", flush=True)
        return False
    finally:
        await connection.close()


async def _let_in(connection: asyncpg.Connection) -> tuple[int, dict[str, str]]:
    """Sessions for a supervisor, an administrator and the manager of the largest company; that company's id."""
    company = await connection.fetchval(
        "select company_id from tickets group by company_id order by count(*) desc limit 1"
    )
    staff, administrator = [
        await connection.fetchval(
            "insert into operators (login, name, role) values ($1, 'Bench', $2)"
            " on conflict (login) do update set active = true returning id",
            login,
            role,
        )
        for login, role in (("bench", "supervisor"), ("bench-administrator", "administrator"))
    ]
    manager = await connection.fetchval(
        "select id from operators where role = 'manager' and company_id = $1 limit 1", company
    )
    tokens = {}
    for who, operator in ((STAFF, staff), (MANAGER, manager), (ADMINISTRATOR, administrator)):
        tokens[who] = new_token()
        await connection.execute(
            "insert into sessions (token_hash, operator_id, ends_at, expires_at)"
            " values ($1, $2, now() + $3::interval, now() + $3::interval)",
            digest(tokens[who]),
            operator,
            timedelta(hours=1),
        )
    return company, tokens


@asynccontextmanager
async def _served(url: str, times: list[float]) -> AsyncIterator[str]:
    settings = Settings(
        database=DatabaseSettings(url=SecretStr(url)),
        ami=AmiSettings(events_secret=SecretStr("-"), actions_secret=SecretStr("-")),
        s3=S3Settings(endpoint=f"{HOST}:1", access_key="-", secret_key=SecretStr("-")),
        handover=HandoverSettings(secret=SecretStr("-" * 32)),
        secrets=SecretsSettings(keys=(SecretStr("0" * 64),)),
        web=WebSettings(cookie_secure=False),
    )
    pool = await open_pool(settings.database)
    hub = Hub(pool, lambda: connect(settings.database), settings.web.slow_client_messages)
    no_sounds: Any = None
    app = create_app(settings=settings, pool=pool, hub=hub, store=no_sounds, checks={})

    @web.middleware
    async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        try:
            return await handler(request)
        finally:
            times.append(time.perf_counter() - began)

    app.middlewares.insert(0, timed)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        pool.terminate()


async def _look(http: aiohttp.ClientSession, look: Look, tokens: Mapping[str, str]) -> None:
    headers = {"Accept": "text/html", "Cookie": f"{COOKIE}={tokens[look.who]}"}
    async with http.get(look.path, headers=headers, allow_redirects=False) as answer:
        await answer.read()
        if answer.status != 200:
            raise StackError(f"{look.path} answered {answer.status}")
