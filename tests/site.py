"""The real pages on a real PostgreSQL, with people who can log in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher

from callcenter.app import create_app
from callcenter.common import passwords
from callcenter.common.secret_box import SecretBox
from callcenter.errors import StoreError
from callcenter.push.codec import entry
from callcenter.push.hub import Hub
from callcenter.push.shapes import Shown
from callcenter.settings import (
    AmiSettings,
    DatabaseSettings,
    EvidenceSettings,
    HandoverSettings,
    S3Settings,
    SecretsSettings,
    Settings,
    WebSettings,
)
from callcenter.storage import connect, open_pool
from tests.conftest import emptied

T = TypeVar("T")
PASSWORD = "correct horse"
SECRETS = SecretsSettings(keys=["22" * 32])
BOX = SecretBox(SECRETS)
SLOW_LIMIT = 16
NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)


@dataclass
class Shelf:
    """A store of recordings and files in memory. A version of an object is kept as `KEY@VERSION`."""

    objects: dict[str, bytes] = field(default_factory=dict)
    broken: bool = False

    async def put(self, key: str, path: Path, _sha256: bytes, _media_type: str) -> None:
        if self.broken:
            raise StoreError("out of reach")
        self.objects[key] = path.read_bytes()

    async def remove(self, key: str) -> None:
        if self.broken:
            raise StoreError("out of reach")
        self.objects.pop(key, None)

    async def open(self, key: str, offset: int, length: int, version: str | None = None) -> AsyncIterator[bytes]:
        if self.broken:
            raise StoreError("out of reach")
        body = self.objects[key if version is None else f"{key}@{version}"][
            offset : offset + length if length else None
        ]
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]


@dataclass
class Browser:
    """One person's browser: its cookies, and the origin it sends."""

    http: aiohttp.ClientSession
    origin: str

    async def get(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        return await self.http.get(path, headers={"Accept": "text/html", **headers}, allow_redirects=False)

    async def post(self, path: str, origin: str | None = "own", **form: str) -> aiohttp.ClientResponse:
        headers = {} if origin is None else {"Origin": self.origin if origin == "own" else origin}
        return await self.http.post(path, data=form, headers=headers, allow_redirects=False)

    async def log_in(self, login: str, password: str = PASSWORD) -> aiohttp.ClientResponse:
        return await self.post("/login", login=login, password=password)

    async def socket(self, origin: str | None = None) -> aiohttp.ClientWebSocketResponse:
        return await self.http.ws_connect("/ws", headers={"Origin": origin or self.origin})


@dataclass
class Site:
    """Everything a test of the pages holds."""

    pool: asyncpg.Pool
    hub: Hub
    shelf: Shelf
    server: TestServer
    ids: dict[str, int]
    serve: Callable[[int | None], Awaitable[TestServer]]
    asterisk: Callable[[], object] = lambda: True

    async def reopen(self, port: int | None) -> None:
        """Serve again, where it was before, after the server was closed."""
        self.server = await self.serve(port)

    @asynccontextmanager
    async def browser(self, login: str | None = None) -> AsyncIterator[Browser]:
        url = self.server.make_url("/")
        async with aiohttp.ClientSession(base_url=url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            browser = Browser(http, f"http://{url.host}:{url.port}")
            if login is not None:
                assert (await browser.log_in(login)).status == 303
            yield browser

    async def push(self, audience: str, body: Shown, kind: str | None = None) -> int:
        return int(await self.pool.fetchval("select push($1)", [entry(audience, body, kind)]))


def settings_for(url: str) -> Settings:
    return Settings(
        database=DatabaseSettings(url=url),
        ami=AmiSettings(events_secret="x", actions_secret="x"),
        s3=S3Settings(endpoint="127.0.0.1:1", access_key="x", secret_key="x"),
        web=WebSettings(cookie_secure=False),
        handover=HandoverSettings(secret="x" * 32),
        evidence=EvidenceSettings(key="11" * 32),
        secrets=SECRETS,
    )


async def fill(pool: asyncpg.Pool) -> dict[str, int]:
    """People, a company with a house; returns the people's ids by login."""
    await pool.execute(emptied("companies", "operators", "nodes", "push_log", "screens", "login_attempts"))
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    company = await pool.fetchval("insert into companies (name) values ('УК «Заречье»') returning id")
    crew = await pool.fetchval("insert into crews (company_id, name) values ($1, 'Сантехники') returning id", company)
    people = [
        ("anna", "Анна Петрова", "operator", "op-01", None, None),
        ("boris", "Борис Волков", "operator", "op-02", None, None),
        ("vera", "Вера Старшая", "supervisor", None, None, None),
        ("maria", "Мария Управляющая", "manager", None, company, None),
        ("kirill", "Кирилл Сантехник", "crew", None, company, crew),
        ("alla", "Алла Администратор", "administrator", None, None, None),
    ]
    for login, name, role, endpoint, of_company, of_crew in people:
        await pool.execute(
            "insert into operators (login, name, role, password_hash, endpoint, sip_secret, company_id, crew_id)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8)",
            login,
            name,
            role,
            hashed,
            endpoint,
            endpoint and "secret",
            of_company,
            of_crew,
        )
    await pool.execute("insert into numbers values ('74951234567', $1)", company)
    await pool.execute("insert into nodes (name) values ('node1')")
    return {row["login"]: row["id"] for row in await pool.fetch("select login, id from operators")}


def put_in_place(app: web.Application, key: web.AppKey[T], value: T) -> None:
    """Let the running application use another service or other settings; aiohttp itself forbids that once it runs."""
    app._state[key] = value


@asynccontextmanager
async def open_site(url: str) -> AsyncIterator[Site]:
    settings = settings_for(url)
    pool = await open_pool(settings.database)
    hub = Hub(pool, lambda: connect(settings.database), SLOW_LIMIT)
    shelf = Shelf()
    ids = await fill(pool)
    running = asyncio.create_task(hub.run())
    checks = {"asterisk": lambda: site.asterisk()}

    async def serve(port: int | None) -> TestServer:
        app = create_app(settings=settings, pool=pool, hub=hub, store=shelf, checks=checks)
        server = TestServer(app, port=port)
        await server.start_server(shutdown_timeout=0.1)
        return server

    site = Site(pool, hub, shelf, await serve(None), ids, serve)
    try:
        yield site
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await site.server.close()
        pool.terminate()


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hashes of the lowest price: what they cost is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture
async def site(database_url: str) -> AsyncIterator[Site]:
    async with open_site(database_url) as site:
        yield site
