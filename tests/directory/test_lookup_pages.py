"""Addresses as operators type them while somebody talks."""

from typing import Any

import pytest

from callcenter.common.address_keys import fill_keys
from tests.site import Site


@pytest.fixture
async def company(site: Site) -> int:
    pool = site.pool
    company: int = await pool.fetchval("select id from companies")
    for street, building in (("Мира", "7"), ("Мира", "12"), ("Набережная", "12"), ("Набережная", "12/5")):
        house = await pool.fetchval(
            "insert into houses (company_id, city, street, building) values ($1, 'Калуга', $2, $3) returning id",
            company, street, building,
        )  # fmt: skip
        for flat in ("7", "12"):
            premises = await pool.fetchval(
                "insert into premises (house_id, flat) values ($1, $2) returning id", house, flat
            )
            await pool.execute("insert into residents (premises_id, name) values ($1, $2)", premises, f"Житель {flat}")
    other = await pool.fetchval("insert into companies (name) values ('Другая') returning id")
    await pool.execute(
        "insert into houses (company_id, city, street, building) values ($1, 'Тула', 'Мира', '7')", other
    )
    await fill_keys(pool)
    return company


async def look(site: Site, query: str, company: object) -> Any:
    async with site.browser("anna") as anna:
        answer = await anna.http.get("/directory/lookup", params={"q": query, "company": str(company)})
        assert answer.status == 200
        return await answer.json()


async def test_a_street_a_house_and_a_flat_are_enough(site: Site, company: int):
    found = await look(site, "мира 7 12", company)
    assert next((each["address"], each["flat"]) for each in found["people"]) == ("Калуга, Мира, 7", "12")
    found = await look(site, "мира 12 7", company)
    assert next((each["address"], each["flat"]) for each in found["people"]) == ("Калуга, Мира, 12", "7")


async def test_the_beginning_of_a_street_is_enough(site: Site, company: int):
    found = await look(site, "набереж 12", company)
    assert [each["address"] for each in found["houses"]] == ["Калуга, Набережная, 12"]
    found = await look(site, "набереж 12/", company)
    assert [each["address"] for each in found["houses"]] == ["Калуга, Набережная, 12/5"]


async def test_only_the_callers_company_is_looked_through(site: Site, company: int):
    assert len((await look(site, "мира 7", company))["houses"]) == 1
    for nothing in ("", "999999", "x", "9" * 30):
        assert (await look(site, "мира 7", nothing)) == {"houses": [], "people": [], "more": False}
    assert (await look(site, "м", company))["houses"] == []
