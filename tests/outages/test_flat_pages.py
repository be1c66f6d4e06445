"""What a ticket's page and an outage's page show of callers without a flat, and their forms."""

import re
from html import unescape

import asyncpg
import pytest

from tests.outages.test_pages import form, house
from tests.site import Site

__all__ = ["house"]
STRANGER = "+79990000001"


class Told:
    """An outage opened in its form, and two strangers who heard it: one keyed in flat 4, the other one nothing."""

    def __init__(self, site: Site, path: str, outage: int, rows: dict[str, int]) -> None:
        self.site, self.path, self.outage, self.rows = site, path, outage, rows


async def hear(pool: asyncpg.Pool, outage: int, number: int, phone: str, *, whole: bool) -> None:
    """One caller hears of the outage, with this number."""
    call = f"node1-1.{number}"
    await pool.execute(
        "insert into calls (id, node, did, caller, state, arrived_at) values ($1, 'node1', '1', $2, 'arrived', now())",
        call, phone,
    )  # fmt: skip
    await pool.execute(
        "insert into announcements (call_id, began_at, outage_id, number, caller, ended_at, whole)"
        " values ($1, '2026-03-05 09:30:05Z', $2, $3, $4, '2026-03-05 09:30:31Z', $5)",
        call, outage, number, phone, whole,
    )  # fmt: skip
    await pool.execute("select open_outage_tickets($1)", [call])


async def tell(site: Site, house: int) -> Told:
    pool = site.pool
    company = await pool.fetchval("select company_id from houses where id = $1", house)
    async with site.browser("vera") as vera:
        path = (await vera.post("/outages/new", company=str(company), **form(house))).headers["Location"]
    outage = await pool.fetchrow("select id, spare_from, incident_id from outages")
    keyed = await pool.fetchval(
        "select number from outage_numbers n join premises p on p.id = n.premises_id where p.flat = '4'"
    )
    rows = {"incident": outage["incident_id"]}
    for name, number, phone, whole in (
        ("four", keyed, STRANGER, True),
        ("spare", outage["spare_from"], "+79990000002", False),
    ):
        await hear(pool, outage["id"], number, phone, whole=whole)
        rows[name] = await pool.fetchval("select id from tickets where number = $1", number)
        rows[f"{name} number"] = number
    return Told(site, path, outage["id"], rows)


@pytest.fixture
async def told(site: Site, house: int) -> Told:
    return await tell(site, house)


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ").split())


async def test_a_ticket_shows_its_outage_and_what_the_caller_heard_to_which_second(told: Told) -> None:
    async with told.site.browser("vera") as vera:
        four = words(await (await vera.get(f"/tickets/{told.rows['four']}")).text())
        spare = words(await (await vera.get(f"/tickets/{told.rows['spare']}")).text())
    number = told.rows["four number"]
    assert f"5 мар., 12:30:05 прослушано 0:26, до конца, с номером заявки {number} · +7 999 000‑00‑01" in four
    assert "+7 999 000‑00‑01: набрана квартира 4." in four
    assert "прослушано 0:26 · +7 999 000‑00‑02" in spare
    assert "Пока неизвестно, какая это квартира." in spare
    assert "Холодная вода Подтверждено" in spare


async def test_who_was_told_of_an_outage_without_a_kind_has_a_ticket_too(told: Told) -> None:
    pool = told.site.pool
    await pool.execute("update outages set kind = null, state = 'suspected'")
    number = told.rows["spare number"] + 1
    await hear(pool, told.outage, number, "+79990000003", whole=True)
    assert await pool.fetchval("select subject from tickets where number = $1", number) == ""


async def test_an_incident_shows_figures_and_leads_to_the_outage(told: Told) -> None:
    async with told.site.browser("vera") as vera:
        page = await (await vera.get(f"/tickets/{told.rows['incident']}")).text()
    assert f'href="{told.path}"' in page
    assert "Заявки этой аварии (2)" in words(page)
    assert "Звонящие слышат срок, указанный в отключении" in page


async def test_a_person_confirms_a_telephone_on_the_tickets_page(told: Told) -> None:
    async with told.site.browser("anna") as anna:
        page = await (await anna.get(f"/tickets/{told.rows['four']}")).text()
        [sent] = re.findall(r'<form class="settle".*?</form>', page, re.DOTALL)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', sent))
        answer = await anna.post(f"{told.path}/telephone", **fields | {"right": "yes", "name": "Мария"})
        assert (answer.status, answer.headers["Location"]) == (303, f"/tickets/{told.rows['four']}")
        assert "набрана квартира" not in await (await anna.get(f"/tickets/{told.rows['four']}")).text()
        again = await anna.post(f"{told.path}/telephone", **fields | {"right": "no"})
        assert again.status == 422
        assert "Это уже кто-то решил." in await again.text()
    name = await told.site.pool.fetchval(
        "select r.name from resident_phones p join residents r on r.id = p.resident_id where p.phone = $1", STRANGER
    )
    assert name == "Мария"


async def test_a_person_says_the_flat_on_the_outages_page(told: Told, house: int) -> None:
    async with told.site.browser("anna") as anna:
        page = words(await (await anna.get(told.path)).text())
        assert f"№ {told.rows['spare number']} · +7 999 000‑00‑02 · квартира неизвестна" in page
        values = {"ticket": str(told.rows["spare"]), "house": str(house)}
        wrong = await anna.post(f"{told.path}/flat", **values, flat="99")
        assert "В этом отключении нет такой квартиры." in await wrong.text()
        right = await anna.post(f"{told.path}/flat", **values, flat="7")
        assert (right.status, right.headers["Location"]) == (303, f"{told.path}#unsettled")
        assert "квартира неизвестна" not in await (await anna.get(told.path)).text()
    flat = await told.site.pool.fetchval(
        "select p.flat from tickets t join premises p on p.id = t.premises_id where t.id = $1", told.rows["spare"]
    )
    assert flat == "7"


async def test_a_company_reads_it_and_decides_nothing(told: Told) -> None:
    async with told.site.browser("maria") as maria:
        page = await (await maria.get(f"/tickets/{told.rows['four']}")).text()
        assert "прослушано" in page
        assert 'class="settle"' not in page + await (await maria.get(told.path)).text()
        for place in ("flat", "telephone"):
            assert (await maria.post(f"{told.path}/{place}", right="yes")).status == 403
