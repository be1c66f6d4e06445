"""A company with one of everything, for the tests of the ticket's pages."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.tickets.service import Ticket, TicketEdit, Tickets
from tests.site import Browser, Site


@dataclass
class Work:
    """A company with one of everything, a browser, and the desk behind the pages."""

    site: Site
    vera: Browser
    person: Person
    tickets: Tickets
    ids: dict[str, int]

    async def ticket(self, **fields: object) -> Ticket:
        return await self.tickets.create(self.person, self.ids["company"], TicketEdit(**fields))

    async def now(self, ticket: Ticket) -> Ticket:
        found = await self.tickets.get(self.person, ticket.id)
        assert found is not None
        return found

    async def form(self, ticket: Ticket) -> dict[str, str]:
        """What a browser would send if nothing was typed."""
        text = await (await self.vera.get(f"/tickets/{ticket.id}")).text()
        [form] = re.findall(rf'<form method="post" action="/tickets/{ticket.id}" .*?</form>', text, re.DOTALL)
        sent = {
            name: value
            for name, value in re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form)
            if name != "common_property"
        }
        sent |= {"version": str(ticket.version)}
        sent |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL))
        for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
            chosen = re.findall(r'<option value="([^"]*)" selected', options)
            sent[name] = chosen[0] if chosen else re.findall(r'<option value="([^"]*)"', options)[0]
        return sent


async def add_directory(site: Site) -> dict[str, int]:
    ids: dict[str, int] = {"company": await site.pool.fetchval("select id from companies")}
    rows = await site.pool.fetch("select code, id from categories where company_id = $1", ids["company"])
    ids |= {row["code"]: row["id"] for row in rows}
    for name, statement, parent in (
        ("house", "insert into houses (company_id, city, street, building) values ($1, 'М', 'Лесная', '3')", "company"),
        ("flat", "insert into premises (house_id, flat) values ($1, '12А')", "house"),
        ("resident", "insert into residents (premises_id, name) values ($1, 'Иванова')", "flat"),
        ("responsible", "insert into responsibles (company_id, name) values ($1, 'Петров')", "company"),
    ):
        ids[name] = await site.pool.fetchval(f"{statement} returning id", ids[parent])
    ids["crew"] = await site.pool.fetchval("select id from crews")
    return ids


@asynccontextmanager
async def open_work(site: Site) -> AsyncIterator[Work]:
    ids = await add_directory(site)
    person = Person(OperatorId(site.ids["vera"]), "vera", "Вера", Role.SUPERVISOR, "ru", has_phone=False)
    async with site.browser("vera") as vera:
        yield Work(site, vera, person, Tickets(site.pool), ids)


@pytest.fixture
async def work(site: Site) -> AsyncIterator[Work]:
    async with open_work(site) as work:
        yield work
