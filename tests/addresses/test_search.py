"""Every way in which sixty addresses are written finds its one house, wherever houses are looked for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from callcenter.common.address_keys import fill_keys
from callcenter.common.house_search import find_houses, houses_at
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.conftest import emptied

LINES = [
    [part.strip() for part in line.split("|")]
    for line in (Path(__file__).parent / "written_forms.txt").read_text().splitlines()
    if not line.startswith("#")
]


@dataclass
class Town:
    pool: asyncpg.Pool
    ids: dict[tuple[str, ...], int]
    other_company: int


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    await pool.execute(emptied("companies", "operators"))
    company, other = [
        await pool.fetchval("insert into companies (name) values ($1) returning id", name) for name in "ab"
    ]
    ids = {
        (city, street, building): await pool.fetchval(
            "insert into houses (company_id, city, street, building) values ($1, $2, $3, $4) returning id",
            company,
            city,
            street,
            building,
        )
        for city, street, building, *_ in LINES
    }
    await pool.execute("insert into premises (house_id, flat) select id, n || '' from houses, generate_series(1, 20) n")
    await fill_keys(pool)
    yield Town(pool, ids, other)
    await pool.close()


def test_there_are_300_forms_of_60_houses() -> None:
    assert len({tuple(line[:3]) for line in LINES}) == 60
    assert sum(len(set(line[3:])) for line in LINES) == 300


async def test_each_form_finds_its_one_house(town: Town) -> None:
    wrong = {}
    for *house, _, _, _, _, _ in LINES:
        line = next(each for each in LINES if each[:3] == house)
        for typed in line[3:]:
            for complete in (False, True):
                found = await find_houses(town.pool, None, typed, 50, complete=complete)
                ids = [row["id"] for row in found.rows]
                if ids != [town.ids[tuple(house)]] or found.flat_named:
                    wrong[typed, complete] = [(row["street"], row["building"]) for row in found.rows]
    assert wrong == {}


@pytest.mark.parametrize(
    ("typed", "street", "building", "flat"),
    [
        ("мира 7 12", "Мира", "7", "12"),
        ("Мира 7-12", "Мира", "7", "12"),
        ("ул. Мира, д. 7 корп. 2, кв. 12", "Мира", "7 корп. 2", "12"),
        ("Мира 14/16 кв 3", "Мира", "14/16", "3"),
        ("8 марта 15 №4", "8 Марта", "15", "4"),
        ("королёва 12А 5", "Королева", "12А", "5"),
        ("Vbhf 7 rd 12", "Мира", "7", "12"),
    ],
)
async def test_a_flat_may_be_typed_with_it(town: Town, typed: str, street: str, building: str, flat: str) -> None:
    found = await find_houses(town.pool, None, typed, 50)
    assert [(row["street"], row["building"], row["flat"]) for row in found.rows] == [(street, building, flat)]
    assert found.flat_named


async def test_a_flat_that_the_house_lacks_leaves_the_house(town: Town) -> None:
    found = await find_houses(town.pool, None, "мира 7 99", 50)
    assert [(row["street"], row["building"]) for row in found.rows] == [("Мира", "7")]
    assert not found.flat_named


@pytest.mark.parametrize("typed", ["Мира 70", "пер. Мира 7", "Мирная 7", "", "  ", "%", "' or 1=1 --", ".*", "((("])
async def test_what_is_no_house_finds_none(town: Town, typed: str) -> None:
    assert (await find_houses(town.pool, None, typed, 50, complete=True)).rows == []


async def test_while_it_is_typed_all_that_begin_so_are_found(town: Town) -> None:
    found = await find_houses(town.pool, None, "победы 1", 50)
    assert [(row["street"], row["building"]) for row in found.rows] == [("пл. Победы", "1")]
    found = await find_houses(town.pool, None, "ленина 1", 50)
    assert {row["building"] for row in found.rows} == {"12/5", "125"}
    assert (await find_houses(town.pool, None, "ленина 1", 50, complete=True)).rows == []


async def test_another_company_s_houses_are_not_found(town: Town) -> None:
    assert (await find_houses(town.pool, town.other_company, "Мира 7", 50)).rows == []


async def test_a_street_is_all_of_its_houses(town: Town) -> None:
    ids = await houses_at(town.pool, None, "ул. Дзержинского")
    assert sorted(ids) == sorted(town.ids["Тверь", "Дзержинского", each] for each in ("1", "1а", "1б"))
