"""An outage that grows: houses, and parts of them, added and taken out on a page."""

import pytest

from tests.outages.test_pages import form, house
from tests.site import Browser, Site

__all__ = ["house"]


async def places(site: Site) -> list[tuple[str, list[int], str, str]]:
    rows = await site.pool.fetch(
        "select h.building, p.entrances, p.flats, p.riser from outage_places p join houses h on h.id = p.house_id"
        " order by h.building"
    )
    return [tuple(row) for row in rows]


async def more(site: Site, *buildings: str) -> list[int]:
    """More houses of the company, of three flats each."""
    rows = await site.pool.fetch(
        "insert into houses (company_id, city, street, building)"
        " select c.id, 'Заречный', 'ул. Мира', b from companies c, unnest($1::text[]) b returning id",
        buildings,
    )
    await site.pool.execute(
        "insert into premises (house_id, flat) select h, n::text from unnest($1::integer[]) h, generate_series(1, 3) n",
        [row["id"] for row in rows],
    )
    return [row["id"] for row in rows]


async def opened(site: Site, browser: Browser, house: int) -> str:
    company = await site.pool.fetchval("select id from companies")
    return str((await browser.post("/outages/new", company=str(company), **form(house))).headers["Location"])


async def version(site: Site) -> str:
    return str(await site.pool.fetchval("select version from outages"))


async def test_an_outage_grows_by_houses_and_a_part_of_one_and_loses_one_again(site: Site, house: int) -> None:
    nine, eleven = await more(site, "9", "11")
    async with site.browser("anna") as anna:
        path = await opened(site, anna, house)
        assert f'href="{path}/places"' in await (await anna.get(path)).text()
        page = await (await anna.get(f"{path}/places")).text()
        assert "Заречный, ул. Мира, 7" in page
        # Its only house cannot be taken out.
        assert "/places/remove" not in page
        answer = await anna.post(f"{path}/places", version=await version(site), house=[str(nine), str(eleven)])
        assert (answer.status, answer.headers["Location"]) == (303, path)
        assert await places(site) == [("11", [], "", ""), ("7", [], "", ""), ("9", [], "", "")]
        part = {"entrances": "2", "flats": "1, 3", "riser": "стояк 1"}
        assert (await anna.post(f"{path}/places", version=await version(site), house=str(nine), **part)).status == 303
        page = await (await anna.get(f"{path}/places")).text()
        assert "ул. Мира, 9 · Подъезды: 2 · Квартиры: 1, 3 · стояк 1" in page
        assert page.count("/places/remove") == 3
        gone = await anna.post(f"{path}/places/remove", version=await version(site), house=str(eleven))
        assert gone.status == 303
        assert await places(site) == [("7", [], "", ""), ("9", [2], "1, 3", "стояк 1")]
        shown = await (await anna.get(path)).text()
        assert shown.count("Другие дома") == 3
    # Each flat keeps the number it once got.
    assert await site.pool.fetchval("select count(*) from outage_numbers where premises_id is not null") == 9 + 3 + 3


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Выберите хотя бы одно."),
        ({"house": "999999999"}, "Это не относится к компании."),
        ({"house": "1", "flats": "сорок"}, "Пишите квартиры номерами"),
        ({"house": "1", "entrances": "первый"}, "Пишите номера подъездов"),
        ({"house": "1", "riser": "с" * 301}, "Слишком длинно"),
    ],
)
async def test_what_makes_no_sense_is_said_beside_its_field_and_changes_nothing(
    site: Site, house: int, sent: dict[str, str], said: str
) -> None:
    async with site.browser("vera") as vera:
        path = await opened(site, vera, house)
        answer = await vera.post(f"{path}/places", version=await version(site), **sent)
        assert (answer.status, said in await answer.text()) == (422, True)
        alone = await vera.post(f"{path}/places/remove", version=await version(site), house=str(house))
        assert (alone.status, "Выберите хотя бы одно." in await alone.text()) == (422, True)
    assert await places(site) == [("7", [], "", "")]


async def test_of_two_who_change_the_houses_the_second_is_told(site: Site, house: int) -> None:
    nine, eleven = await more(site, "9", "11")
    async with site.browser("anna") as anna, site.browser("vera") as vera:
        path = await opened(site, anna, house)
        seen = await version(site)
        assert (await anna.post(f"{path}/places", version=seen, house=str(nine))).status == 303
        assert (await vera.post(f"{path}/places", version=seen, house=str(eleven))).status == 409
        assert [building for building, *_ in await places(site)] == ["7", "9"]
        assert (await vera.post(f"{path}/step", step="close", comment="Вода дана")).status == 303
        late = await vera.post(f"{path}/places", version=await version(site), house=str(eleven))
        assert (late.status, "Этого уже нельзя сделать" in await late.text()) == (422, True)
        assert (await vera.get(f"{path}/places")).headers["Location"] == path
