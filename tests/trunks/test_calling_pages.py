"""The button that calls somebody: decided before anything rings, about one ticket."""

from collections.abc import AsyncIterator

import pytest

from callcenter.trunks.judging import judge
from tests.conftest import by_owner
from tests.site import Browser, Site

NUMBER = "+79165550011"


@pytest.fixture
async def anna(site: Site) -> AsyncIterator[Browser]:
    """An operator with a telephone of her own; nobody may call anybody yet."""
    for table in ("planned_calls", "outbound_rules", "outbound_attempts", "trunks", "requests"):
        await site.pool.execute(f"delete from {table}")
    async with site.browser("anna") as browser:
        yield browser


async def allow(site: Site) -> None:
    await site.pool.execute("insert into trunks (name, server, calls_out) values ('city', '203.0.113.5', true)")
    await site.pool.execute("insert into outbound_rules (purpose, prefix) values ('any', '+7')")


async def ticket(site: Site, company: int | None = None) -> int:
    """A ticket of whoever has this number, with a number of its own."""
    made: int = await site.pool.fetchval(
        "insert into tickets (company_id, number, caller, opened_at) select c.id,"
        " (select coalesce(max(number), 0) + 1 from tickets where company_id = c.id), $1, now()"
        " from companies c where c.id = coalesce($2, (select min(id) from companies)) returning id",
        NUMBER,
        company,
    )
    return made


async def requests(site: Site) -> list[tuple[str, dict[str, str]]]:
    rows = await site.pool.fetch("select kind, body from requests order by id")
    return [(row["kind"], row["body"]) for row in rows]


async def test_what_no_rule_allows_is_refused_with_words_and_nothing_rings(site: Site, anna: Browser) -> None:
    answer = await anna.post("/calls-out", number="8 916 555-00-11")
    decided = await answer.json()
    assert (answer.status, decided["allowed"], decided["number"]) == (200, False, NUMBER)
    assert decided["words"] == "нет: ни одно правило этого не разрешает"
    assert await requests(site) == []


async def test_a_telephone_of_its_own_rings_first_and_the_call_shows_the_tickets_company(
    site: Site, anna: Browser
) -> None:
    await allow(site)
    other = await site.pool.fetchval("insert into companies (name) values ('УК «Вторая»') returning id")
    await site.pool.execute("insert into numbers values ('74959999977', $1)", other)
    answer = await anna.post("/calls-out", number=NUMBER, ticket=str(await ticket(site, other)))
    decided = await answer.json()
    assert (decided["allowed"], decided["here"]) == (True, False)
    assert await requests(site) == [("call_out", {"number": NUMBER})]
    async with site.pool.acquire() as connection:
        shown = [
            (await judge(connection, "node1", operator, number))[1]
            for operator, number in ((site.ids["anna"], NUMBER), (site.ids["anna"], "+79165550099"), (None, NUMBER))
        ]
    assert shown[0] == "74959999977"
    assert "74959999977" not in shown[1:]
    await site.pool.execute(by_owner(f"delete from tickets where company_id = {other}"))
    await site.pool.execute(by_owner(f"delete from numbers where company_id = {other}"))


async def test_a_telephone_in_the_browser_is_left_to_its_page(site: Site, anna: Browser) -> None:
    await allow(site)
    known = await site.pool.fetchval("select endpoint from operators where id = $1", site.ids["anna"])
    await site.pool.execute("update operators set endpoint = 'web-anna' where id = $1", site.ids["anna"])
    try:
        decided = await (await anna.post("/calls-out", number=NUMBER)).json()
    finally:
        await site.pool.execute("update operators set endpoint = $2 where id = $1", site.ids["anna"], known)
    assert (decided["allowed"], decided["here"]) == (True, True)
    assert await requests(site) == []


async def test_the_call_is_of_the_ticket_from_which_it_was_made_not_of_the_newest(site: Site, anna: Browser) -> None:
    older, newer = await ticket(site), await ticket(site)
    assert (await anna.post("/calls-out", number=NUMBER, ticket=str(older))).status == 200
    await site.pool.execute("insert into nodes (name) values ('node1') on conflict do nothing")
    interface = "PJSIP/" + await site.pool.fetchval("select endpoint from operators where id = $1", site.ids["anna"])
    for number, expected in (("node1-77.1", older), ("node1-77.2", newer)):
        await site.pool.execute(
            "insert into calls (id, direction, node, did, caller, state, arrived_at)"
            " values ($1, 'out', 'node1', '74951234567', $2, 'talking', now())",
            number,
            NUMBER,
        )
        wanted = {
            "call_id": number,
            "direction": "out",
            "did": "74951234567",
            "caller": NUMBER,
            "opened_at": "2026-03-05T12:00:00Z",
            "interface": interface,
        }
        await site.pool.execute("select open_tickets($1::jsonb)", [wanted])
        assert await site.pool.fetchval("select ticket_id from joined_calls where call_id = $1", number) == expected
        # What was planned is about the calls of the next minutes.
        await site.pool.execute("update planned_calls set at = now() - interval '6 minutes'")


async def test_the_button_is_on_the_tickets_page_of_whoever_has_a_telephone(site: Site, anna: Browser) -> None:
    made = await ticket(site)
    assert f'data-call-out="{NUMBER}" data-ticket="{made}"' in await (await anna.get(f"/tickets/{made}")).text()
    async with site.browser("alla") as alla:
        assert "data-call-out" not in await (await alla.get(f"/tickets/{made}")).text()


async def test_a_ticket_that_is_not_there_and_a_person_without_a_telephone(site: Site, anna: Browser) -> None:
    assert (await anna.post("/calls-out", number=NUMBER, ticket="999999")).status == 404
    async with site.browser("alla") as alla:
        assert (await alla.post("/calls-out", number=NUMBER)).status == 409
