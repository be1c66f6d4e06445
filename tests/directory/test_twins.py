"""Twins in the directory: found, and merged with all that hangs on them."""

import re
from dataclasses import dataclass

import pytest

from callcenter.common.address_keys import fill_keys
from tests.site import Site

REFERENCES = {
    "houses": {"call_cards.house_id", "house_companies.house_id", "outage_places.house_id", "premises.house_id", "tickets.house_id"},
    "premises": {
        "call_cards.premises_id",
        "outage_numbers.premises_id",
        "phone_candidates.premises_id",
        "residents.premises_id",
        "tickets.premises_id",
    },
    "residents": {
        "call_cards.resident_id",
        "calls.resident_id",
        "resident_phones.resident_id",
        "tickets.resident_id",
    },
}  # fmt: skip


@dataclass
class Rows:
    """One house twice: ids of houses, of flats 1 and 2 in each, of residents."""

    site: Site
    houses: tuple[int, int]
    flats: tuple[int, int, int, int]
    residents: tuple[int, int, int]

    async def value(self, query: str, *values: object) -> object:
        return await self.site.pool.fetchval(query, *values)


@pytest.fixture
async def rows(site: Site) -> Rows:
    pool = site.pool
    company = await pool.fetchval("select min(id) from companies")
    insert = "insert into houses (company_id, city, street, building, key, entrances) values ($1, 'Тверь', $2, '7', $3, $4) returning id"
    one = await pool.fetchval(insert, company, "Склизкова", None, 4)
    other = await pool.fetchval(insert, None, "Склискова", "k7", None)
    flat = "insert into premises (house_id, flat, entrance) values ($1, $2, $3) returning id"
    flats = [
        await pool.fetchval(flat, *values)
        for values in ((one, "1", None), (one, "2", 1), (other, "кв. 1", 2), (other, "3", 1))
    ]
    person = "insert into residents (premises_id, name, account, note) values ($1, $2, $3, $4) returning id"
    anna = await pool.fetchval(person, flats[0], "Иванова Анна", None, "собака")
    twin = await pool.fetchval(person, flats[2], "иванова анна", "100", "домофон 5")
    initials = await pool.fetchval(person, flats[2], "Иванова А.", None, "")
    for phone, resident in (("+79000000001", anna), ("+79000000001", twin), ("+79000000002", twin)):
        await pool.execute("insert into resident_phones values ($1, $2)", phone, resident)
    await pool.execute(
        "insert into calls (id, node, resident_id, did, caller, state, arrived_at) values ('c', 'node1', $1, '7', '', 'arrived', now())",
        twin,
    )
    await pool.execute(
        "insert into call_cards (call_id, resident_id, premises_id, house_id) values ('c', $1, $2, $3)",
        twin,
        flats[2],
        other,
    )
    await pool.execute(
        "insert into tickets (company_id, number, caller, opened_at, house_id, premises_id, resident_id)"
        " values ($1, 1, '', now(), $2, $3, $4), ($1, 2, '', now(), $2, $5, null)",
        company,
        other,
        flats[2],
        twin,
        flats[3],
    )
    async with pool.acquire() as connection:
        await fill_keys(connection)
    return Rows(site, (one, other), tuple(flats), (anna, twin, initials))  # type: ignore[arg-type]


async def test_every_reference_to_the_directory_is_one_that_merging_knows(site: Site):
    found = await site.pool.fetch(
        "select r.relname as of, format('%s.%s', t.relname, a.attname) as place from pg_constraint c"
        " join pg_class r on r.oid = c.confrelid join pg_class t on t.oid = c.conrelid"
        " join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]"
        " where c.contype = 'f' and c.conparentid = 0 and r.relname in ('houses', 'premises', 'residents')"
    )
    by_table = {name: {row["place"] for row in found if row["of"] == name} for name in REFERENCES}
    assert by_table == REFERENCES, "new: storage/functions/twins.sql must give it to the row that stays"


async def test_twins_are_found(rows: Rows):
    async with rows.site.browser("vera") as vera:
        text = await (await vera.get("/directory/twins")).text()
        one, other = rows.houses
        assert f"/directory/twins/house/{one}/{other}" in text
        _, twin, initials = rows.residents
        assert f"/directory/twins/resident/{twin}/{initials}" in text
        sides = await (await vera.get(f"/directory/twins/house/{one}/{other}")).text()
    assert re.findall(r"Заявки</th><td>(\d+)</td><td>(\d+)</td>", sides) == [("0", "2")]


async def test_merged_houses_are_one_with_all_that_hung_on_them(rows: Rows):
    (one, other), (anna, twin, initials) = rows.houses, rows.residents
    first, second, _, third = rows.flats
    async with rows.site.browser("vera") as vera:
        answer = await vera.post(f"/directory/twins/house/{one}/{other}")
        assert (answer.status, answer.headers["Location"]) == (303, f"/directory/houses/{one}")
    pool = rows.site.pool
    house = await pool.fetchrow("select key, entrances, street from houses where id = $1", one)
    assert tuple(house) == ("k7", 4, "Склизкова")
    assert await rows.value("select count(*) from houses where id = $1", other) == 0
    flats = await pool.fetch("select id, flat, entrance from premises where house_id = $1 order by id", one)
    assert [tuple(row) for row in flats] == [(first, "1", 2), (second, "2", 1), (third, "3", 1)]
    people = await pool.fetch("select id, premises_id, account, note from residents order by id")
    assert [tuple(row) for row in people] == [(anna, first, "100", "собака\nдомофон 5"), (initials, first, None, "")]
    phones = await pool.fetch("select phone, resident_id from resident_phones order by phone")
    assert [tuple(row) for row in phones] == [("+79000000001", anna), ("+79000000002", anna)]
    assert await rows.value("select resident_id from calls") == anna
    card = await pool.fetchrow("select house_id, premises_id, resident_id from call_cards")
    assert tuple(card) == (one, first, anna)
    tickets = await pool.fetch("select house_id, premises_id, resident_id from tickets order by number")
    assert [tuple(row) for row in tickets] == [(one, first, anna), (one, third, None)]
    entry = await pool.fetchrow("select subject_id, details from audit_log where action = 'merged house'")
    assert (entry["subject_id"], entry["details"]) == (str(one), {"gone": other, "tickets": 2})
    assert twin not in {row["id"] for row in people}


async def test_residents_of_one_flat_are_merged_and_a_second_account_is_kept_in_the_note(rows: Rows):
    _, twin, initials = rows.residents
    await rows.site.pool.execute("update residents set account = '200' where id = $1", initials)
    async with rows.site.browser("vera") as vera:
        assert (await vera.post(f"/directory/twins/resident/{twin}/{initials}")).status == 303
    row = await rows.site.pool.fetchrow("select name, account, note from residents where id = $1", twin)
    assert tuple(row) == ("иванова анна", "100", "домофон 5\n№ 200")


async def test_rows_in_different_places_are_not_merged(rows: Rows):
    anna, twin, _ = rows.residents
    async with rows.site.browser("vera") as vera:
        for path in (f"resident/{anna}/{twin}", f"premises/{rows.flats[0]}/{rows.flats[2]}"):
            answer = await vera.post(f"/directory/twins/{path}")
            assert (answer.status, "объедините дома или квартиры" in await answer.text()) == (409, True)
        assert (await vera.post(f"/directory/twins/house/{rows.houses[0]}/{rows.houses[0]}")).status == 404
    assert await rows.value("select count(*) from residents") == 3


async def test_a_house_with_an_outage_is_merged_when_it_is_over(rows: Rows):
    one, other = rows.houses
    pool = rows.site.pool
    outage = await pool.fetchval(
        "insert into outages (company_id, state, since) select min(id), 'suspected', now() from companies returning id"
    )
    for house, entrances in ((one, [1]), (other, [2])):
        await pool.execute(
            "insert into outage_places (outage_id, house_id, entrances) values ($1, $2, $3)", outage, house, entrances
        )
    async with rows.site.browser("vera") as vera:
        answer = await vera.post(f"/directory/twins/house/{one}/{other}")
        assert (answer.status, "объедините, когда" in await answer.text()) == (409, True)
        await pool.execute("update outages set state = 'cancelled', finished_at = now()")
        assert (await vera.post(f"/directory/twins/house/{one}/{other}")).status == 303
    places = await pool.fetch("select house_id, entrances from outage_places")
    assert [tuple(row) for row in places] == [(one, [1, 2])]


async def test_who_may_not_edit_the_directory_merges_nothing(rows: Rows):
    one, other = rows.houses
    async with rows.site.browser("anna") as anna:
        assert (await anna.get("/directory/twins")).status == 403
        assert (await anna.post(f"/directory/twins/house/{one}/{other}")).status == 403
    assert await rows.value("select count(*) from houses where id = $1", other) == 1
