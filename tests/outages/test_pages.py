"""The pages of outages on a real PostgreSQL: opened in a form, moved, changed, seen by a company's own people."""

import re

import pytest

from tests.site import Site


@pytest.fixture
async def house(site: Site) -> int:
    company = await site.pool.fetchval("select id from companies")
    house: int = await site.pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, 'Заречный', 'ул. Мира', '7') returning id",
        company,
    )
    await site.pool.execute(
        "insert into premises (house_id, flat) select $1, n::text from generate_series(1, 9) n", house
    )
    return house


def form(at: int, **changes: str) -> dict[str, str]:
    return {
        "kind": "cold_water",
        "house": str(at),
        "since": "2026-03-05T12:20",
        "until": "2026-03-05T18:30",
        **changes,
    }


async def test_an_operator_opens_an_outage_and_sees_what_callers_hear(site: Site, house: int) -> None:
    company = await site.pool.fetchval("select id from companies")
    async with site.browser("anna") as anna:
        empty = await (await anna.get("/outages")).text()
        assert "Отключений нет." in empty
        opened = await anna.post("/outages/new", company=str(company), **form(house))
        assert opened.status == 303
        page = await (await anna.get(opened.headers["Location"])).text()
        # As it is spoken, without the city.
        assert "По адресу ул. Мира, 7: нет холодной воды с 12:20 5 марта." in page
        assert "Холодная вода" in page
        assert "Холодная вода" in await (await anna.get("/outages")).text()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"house": ""}, "Выберите хотя бы одно."),
        ({"house": "999999999"}, "Это не относится к компании."),
        ({"kind": ""}, "Выберите хотя бы одно."),
        ({"since": "вчера"}, "Укажите дату и время."),
        ({"until": "2026-03-05T11:00"}, "Окончание раньше начала."),
        ({"flats": "сорок"}, "Пишите квартиры номерами"),
        ({"entrances": "первый"}, "Пишите номера подъездов"),
        ({"message": "я" * 5_000}, "Слишком длинно"),
    ],
)
async def test_a_wrong_form_says_what_is_wrong_and_keeps_what_was_typed(
    site: Site, house: int, wrong: dict[str, str], said: str
) -> None:
    company = await site.pool.fetchval("select id from companies")
    async with site.browser("vera") as vera:
        answer = await vera.post("/outages/new", company=str(company), **form(house, cause="Прорыв трубы", **wrong))
        page = await answer.text()
    assert answer.status == 422
    assert said in page
    assert "Прорыв трубы" in page
    assert await site.pool.fetchval("select count(*) from outages") == 0


async def test_a_step_without_its_reason_is_refused_and_the_last_one_closes_all(site: Site, house: int) -> None:
    company = await site.pool.fetchval("select id from companies")
    async with site.browser("vera") as vera:
        opened = await vera.post("/outages/new", company=str(company), **form(house))
        path = opened.headers["Location"]
        refused = await vera.post(path + "/step", step="cancel")
        assert (refused.status, "Напишите причину." in await refused.text()) == (409, True)
        edited = await vera.post(path + "/edit", version="2", cause="Прорыв", since="2026-03-05T12:20", until="")
        assert edited.status == 303
        stale = await vera.post(path + "/edit", version="2", cause="Другое", since="2026-03-05T12:20", until="")
        assert stale.status == 409
        assert (await vera.post(path + "/step", step="close", comment="Вода дана")).status == 303
        page = await (await vera.get(path)).text()
    assert "Вода дана" in page
    assert "Ожидаемое окончание: 5 мар., 18:30 → –" in page
    assert "Что слышат звонящие" not in page
    assert await site.pool.fetchval("select count(*) from tickets where state <> 'closed'") == 0


@pytest.mark.parametrize(
    ("step", "before", "state", "ticket"),
    [
        ("close", [], "closed", "closed"),
        ("cancel", [], "cancelled", "cancelled"),
        ("cancel", ["restore"], "closed", "cancelled"),
    ],
)
async def test_whoever_ends_the_incident_on_its_page_ends_the_outage(
    site: Site, house: int, step: str, before: list[str], state: str, ticket: str
) -> None:
    company = await site.pool.fetchval("select id from companies")
    async with site.browser("anna") as anna:
        path = (await anna.post("/outages/new", company=str(company), **form(house))).headers["Location"]
        for each in before:
            await anna.post(path + "/step", step=each)
        incident = await site.pool.fetchrow(
            "select t.id, t.version from outages o join tickets t on t.id = o.incident_id"
        )
        flat = await site.pool.fetchval(
            "insert into tickets (company_id, number, caller, opened_at, parent_id) values ($1, 900, '', now(), $2) returning id",
            company,
            incident["id"],
        )
        closed = await anna.post(
            f"/tickets/{incident['id']}/step", version=str(incident["version"]), step=step, comment="Вода есть"
        )
        assert closed.status == 303
        page = await (await anna.get(path)).text()
    assert await site.pool.fetchval("select state from outages") == state
    assert await site.pool.fetchval("select state from tickets where id = $1", flat) == ticket
    assert "Вода есть" in page
    assert "Анна Петрова" in page


async def test_a_company_sees_its_own_outages_and_changes_none(site: Site, house: int) -> None:
    company = await site.pool.fetchval("select id from companies")
    other = await site.pool.fetchval("insert into companies (name) values ('Другая') returning id")
    foreign = await site.pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, '', 'Чужая', '1') returning id", other
    )
    async with site.browser("vera") as vera:
        own = (await vera.post("/outages/new", company=str(company), **form(house))).headers["Location"]
        theirs = (await vera.post("/outages/new", company=str(other), **form(foreign))).headers["Location"]
    async with site.browser("maria") as maria:
        listed = await (await maria.get("/outages")).text()
        assert re.findall(r'href="(/outages/\d+)"', listed) == [own]
        assert (await maria.get(own)).status == 200
        assert (await maria.get(theirs)).status == 404
        assert (await maria.post(own + "/step", step="close")).status == 403
        assert "Открыть отключение" not in listed


async def test_the_page_says_why_an_outage_is_suspected(site: Site, house: int) -> None:
    path = await suspected(site, house)
    evidence = {"calls": 6, "flats": 5, "seconds": 240, "usual": 0.125}
    await site.pool.execute("update outages set evidence = $1", evidence)
    async with site.browser("anna") as anna:
        page = await (await anna.get(path)).text()
    assert "6 звонков из 5 квартир: ул. Мира, 7 за 4 минуты; обычно 0,12" in page


async def suspected(site: Site, house: int, *, kind: str | None = None) -> str:
    """A suspected outage of the house, as the watcher writes it; its address."""
    outage = await site.pool.fetchval(
        "insert into outages (company_id, kind, state, since, evidence, suggested_as)"
        " select company_id, $2, 'suspected', now(), '{}', 'house:1:1:1' from houses where id = $1 returning id",
        house,
        kind,
    )
    await site.pool.execute("insert into outage_places (outage_id, house_id) values ($1, $2)", outage, house)
    return f"/outages/{outage}"


async def test_a_suspected_outage_is_confirmed_by_choosing_what_is_off(site: Site, house: int) -> None:
    path = await suspected(site, house)
    async with site.browser("anna") as anna:
        page = await (await anna.get(path)).text()
        assert re.search(r"<h1>Возможно, отключение</h1>", page)
        assert '<button class="quiet" name="kind" value="cold_water">Холодная вода</button>' in page
        assert 'value="confirm"' not in page
        assert "Возможно, отключение" in await (await anna.get("/outages")).text()
        # Without what is off there is nothing to tell callers.
        assert (await anna.post(path + "/step", step="confirm")).status == 409
        assert (await anna.post(path + "/confirm", kind="nothing")).status == 409
        assert (await anna.post(path + "/confirm", kind="cold_water")).status == 204
        assert (await anna.post(path + "/confirm", kind="hot_water")).status == 409
        assert (await anna.post(path + "/dismiss")).status == 409
        assert "нет холодной воды" in await (await anna.get(path)).text()
    assert await site.pool.fetchval("select count(*) from outage_numbers") == 9


async def test_a_suspected_outage_is_dismissed_without_a_reason(site: Site, house: int) -> None:
    path = await suspected(site, house)
    async with site.browser("anna") as anna:
        assert (await anna.post(path + "/dismiss")).status == 204
        assert "Не подтвердилось" in await (await anna.get(path)).text()
    who = await site.pool.fetchval("select operator_id from outage_events where to_state = 'cancelled'")
    assert who == site.ids["anna"]


async def test_one_of_which_no_house_is_known_is_opened_in_the_form(site: Site, house: int) -> None:
    path = await suspected(site, house)
    await site.pool.execute("delete from outage_places")
    company = await site.pool.fetchval("select id from companies")
    async with site.browser("anna") as anna:
        page = await (await anna.get(path)).text()
        assert f'href="/outages/new?company={company}"' in page
        assert 'name="kind"' not in page
        assert (await anna.post(path + "/confirm", kind="cold_water")).status == 409


async def test_a_company_confirms_and_dismisses_nothing(site: Site, house: int) -> None:
    path = await suspected(site, house)
    async with site.browser("maria") as maria:
        page = await (await maria.get(path)).text()
        assert "Возможно, отключение" in page
        assert 'name="kind"' not in page
        for step in ("confirm", "dismiss", "join"):
            assert (await maria.post(f"{path}/{step}", kind="cold_water")).status == 403


async def test_the_link_of_a_card_fills_in_company_and_house(site: Site, house: int) -> None:
    company = await site.pool.fetchval("select id from companies")
    async with site.browser("anna") as anna:
        page = await (await anna.get(f"/outages/new?company={company}&house={house}")).text()
    assert f'<option value="{house}" selected>' in page


async def test_the_form_counts_the_houses_that_are_chosen(site: Site, house: int) -> None:
    async with site.browser("vera") as vera:
        page = await (await vera.get("/outages/new")).text()
    assert 'data-text="Выбрано: {count}"' in page
    assert f'<option value="{house}">' in page
