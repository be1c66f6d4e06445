"""The page of the first start says what is missing, from facts, and does what it offers."""

import re

from callcenter.domain.operator import OperatorStatus
from tests.messages import presence_of
from tests.site import NOW, Site

READY = presence_of(NOW, OperatorStatus.AVAILABLE)


async def points(site: Site, path: str) -> dict[str, str]:
    """Each point's heading, with what its tag says."""
    async with site.browser("alla") as alla:
        text = await (await alla.get(path)).text()
    found = re.findall(r"<h2>(.*?)</h2>", text, re.DOTALL)
    plain = (re.sub(r"<[^>]+>|\s+", " ", each).split("  ") for each in found)
    return {parts[0].strip(): " ".join(parts[1:]).strip() for parts in plain}


async def test_a_new_company_has_its_points_and_what_is_done_of_them(site: Site):
    async with site.browser("alla") as alla:
        assert "За какую компанию" in await (await alla.get("/start/new")).text()
        form = {"name": "УК «Новая»", "numbers": "+7 495 765-43-21", "zone": "Europe/Moscow", "language": "ru"}
        answer = await alla.post("/start/new", **form)
        assert answer.status == 303
        path = answer.headers["Location"]
        assert (await alla.get("/start")).headers["Location"] == path
    assert await points(site, path) == {
        "Номер телефона": "осталось",
        "Категории заявок": "готово",
        "Бригады": "осталось",
        "Дома и жители": "можно позже",
        "Кто отвечает на звонки": "готово",
        "Проверочный звонок": "осталось",
    }


async def company(site: Site) -> int:
    return int(await site.pool.fetchval("select id from companies"))


async def test_the_usual_crews_are_added_with_their_addresses(site: Site):
    id_ = await company(site)
    async with site.browser("alla") as alla:
        wrong = await alla.post(f"/start/{id_}/crews", crew0="on", email0="nobody")
        assert wrong.status == 400
        assert 'id="email0-problem"' in await wrong.text()
        assert (await alla.post(f"/start/{id_}/crews")).status == 400
        answer = await alla.post(f"/start/{id_}/crews", crew0="on", email0="help@example.org", crew2="on")
        assert answer.status == 303
    rows = await site.pool.fetch("select name, email from crews where company_id = $1 order by name", id_)
    assert [tuple(row) for row in rows] == [
        ("Аварийная бригада", "help@example.org"),
        ("Сантехники", None),
        ("Электрики", None),
    ]
    assert (await points(site, f"/start/{id_}"))["Бригады"] == "готово"


async def test_an_operator_is_added_with_a_telephone_in_the_browser_and_the_link_is_shown_once(site: Site):
    id_ = await company(site)
    async with site.browser("alla") as alla:
        answer = await alla.post(f"/start/{id_}/people", login="olga", name="Ольга Новая")
        text = await answer.text()
        assert answer.status == 200
        assert re.search(r"/invite/[\w-]+", text)
        assert "/invite/" not in await (await alla.get(f"/start/{id_}")).text()
        assert (await alla.post(f"/start/{id_}/people", login="olga", name="Ольга Новая")).status == 400
    assert await site.pool.fetchval("select endpoint from operators where login = 'olga'") == "web-olga"


async def test_the_administrator_may_answer_too(site: Site):
    id_ = await company(site)
    async with site.browser("alla") as alla:
        assert "Или отвечайте сами" in await (await alla.get(f"/start/{id_}")).text()
        assert (await alla.post(f"/start/{id_}/telephone")).status == 303
        assert "Или отвечайте сами" not in await (await alla.get(f"/start/{id_}")).text()
    assert await site.pool.fetchval("select endpoint from operators where login = 'alla'") == "web-alla"


async def test_the_number_is_called_only_while_somebody_is_on_the_line(site: Site):
    id_ = await company(site)
    async with site.browser("alla") as alla:
        assert (await alla.post(f"/start/{id_}/call")).status == 400
        assert await site.pool.fetchval("select count(*) from requests") == 0
        await site.push(f"operator:{site.ids['anna']}", READY)
        assert (await alla.post(f"/start/{id_}/call")).status == 303
    row = await site.pool.fetchrow("select kind, body, asked_by, operator_id, node from requests")
    assert tuple(row) == ("try_number", {"number": "74951234567"}, site.ids["alla"], site.ids["anna"], "node1")


async def test_it_is_done_when_a_call_was_answered_and_its_ticket_filed(site: Site):
    id_ = await company(site)
    await site.pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, arrived_at) "
        "values ('node1-1790000000.1', 'node1', $1, '74951234567', '', 'talking', now())",
        id_,
    )
    ticket = await site.pool.fetchval(
        "insert into tickets (company_id, number, call_id, caller, opened_at) "
        "values ($1, 1, 'node1-1790000000.1', '', now()) returning id",
        id_,
    )
    assert (await points(site, f"/start/{id_}"))["Проверочный звонок"] == "осталось"
    await site.pool.execute("update tickets set subject = 'Проверка' where id = $1", ticket)
    assert (await points(site, f"/start/{id_}"))["Проверочный звонок"] == "готово"


async def test_a_number_is_done_when_asterisk_knows_it(site: Site):
    id_ = await company(site)
    assert (await points(site, f"/start/{id_}"))["Номер телефона"] == "осталось"
    await site.pool.execute("insert into node_configurations (node) values ('node1') on conflict do nothing")
    await site.pool.execute(
        "insert into asterisk_entries (node, kind, name, value) select 'node1', kind, name, value"
        " from asterisk_wanted('node1') where kind = 'number'"
    )
    assert (await points(site, f"/start/{id_}"))["Номер телефона"] == "готово"
