"""The real interface on a real PostgreSQL: two companies, people who may use it, and their tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest

from callcenter.common.sessions import person_of
from callcenter.common.tokens import Tokens
from callcenter.domain.access import Scope
from callcenter.domain.person import Person
from callcenter.tickets.service import Tickets
from callcenter.tickets.ticket import TicketEdit
from tests.site import Site, open_site

PROBLEM = "application/problem+json"
API = "/api/v1"
DAY = timedelta(days=1)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: Any

    @property
    def problem(self) -> dict[str, Any]:
        """The body, which must be problem details about this status."""
        assert self.headers["Content-Type"].startswith(PROBLEM)
        assert self.body["status"] == self.status
        assert self.body["title"]
        return dict(self.body)


@dataclass
class Program:
    """A client with a token, or without one."""

    http: aiohttp.ClientSession
    token: str | None

    async def ask(self, method: str, path: str, body: object = None, **options: Any) -> Answer:
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **options.pop("headers", {})}
        if body is not None:
            options["json"] = body
        async with self.http.request(method, API + path, headers=headers, **options) as answer:
            is_json = "json" in answer.headers.get("Content-Type", "")
            return Answer(answer.status, answer.headers, await answer.json(content_type=None) if is_json else None)

    async def get(self, path: str, **query: object) -> Answer:
        return await self.ask("GET", path, params={name: str(value) for name, value in query.items()})

    async def post(self, path: str, body: object, key: str | None = None) -> Answer:
        return await self.ask("POST", path, body, headers={"Idempotency-Key": key} if key else {})


@dataclass
class Desk:
    """Two companies, `zarechye` and `luch`, and what is in them."""

    site: Site
    companies: dict[str, int]
    people: dict[str, Person]
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def pool(self) -> asyncpg.Pool:
        return self.site.pool

    async def token(self, login: str, *scopes: Scope, lasts: timedelta = DAY) -> str:
        return await Tokens(self.pool).make(self.people[login], "test", scopes or tuple(Scope), lasts)

    @asynccontextmanager
    async def program(self, login: str | None, *scopes: Scope, token: str | None = None) -> AsyncIterator[Program]:
        known = await self.token(login, *scopes) if login else token
        async with aiohttp.ClientSession(base_url=self.site.server.make_url("/")) as http:
            yield Program(http, known)

    async def ticket(self, company: str = "zarechye", **fields: object) -> int:
        edit = TicketEdit(**{"subject": "Течёт кран", **fields})
        made = await Tickets(self.pool).create(self.people["ada"], self.companies[company], edit, caller="+79161234567")
        return made.id


PEOPLE = """
    insert into operators (login, name, role, company_id) values
        ('ada', 'Ада Иванова', 'administrator', null),
        ('max', 'Максим Орлов', 'manager', $1),
        ('lena', 'Елена Лучева', 'manager', $2),
        ('olga', 'Ольга Диспетчер', 'operator', null)
    returning id, login, name, role, language, endpoint, company_id
"""


async def furnish(site: Site) -> Desk:
    """Fill both companies."""
    pool = site.pool
    companies = {"zarechye": await pool.fetchval("select id from companies")}
    companies["luch"] = await pool.fetchval("insert into companies (name) values ('УК «Луч»') returning id")
    rows = await pool.fetch(PEOPLE, companies["zarechye"], companies["luch"])
    desk = Desk(site, companies, {row["login"]: person_of(row) for row in rows})
    for name, company in companies.items():
        house = await pool.fetchval(
            "insert into houses (company_id, city, street, building, entrances)"
            " values ($1, 'Москва', 'Садовая', $2, 4) returning id",
            company,
            name,
        )
        flat = await pool.fetchval("insert into premises (house_id, flat) values ($1, '12') returning id", house)
        crew = await pool.fetchval("insert into crews (company_id, name) values ($1, 'Слесари') returning id", company)
        desk.ids |= {f"{name} house": house, f"{name} flat": flat, f"{name} crew": crew}
        desk.ids[f"{name} category"] = await pool.fetchval(
            "select id from categories where company_id = $1 and code = 'repair'", company
        )
    return desk


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_site(database_url) as site:
        yield await furnish(site)
