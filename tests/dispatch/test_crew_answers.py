"""What a crew says by its link, and that the desk hears of it."""

import re

import asyncpg
import pytest
from pydantic import SecretStr

from callcenter.dispatch.crew_answers import CrewAnswers
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect
from tests.dispatch.crew import Row, add_ticket
from tests.dispatch.test_crew_pages import assigned, press
from tests.site import Browser, Site


async def row_of(site: Site, ticket: Row) -> asyncpg.Record:
    row = await site.pool.fetchrow("select * from tickets where id = $1", ticket.id)
    assert row is not None
    return row


async def last_event(site: Site, ticket: Row) -> tuple[str, str, int | None]:
    row = await site.pool.fetchrow(
        "select * from ticket_events where ticket_id = $1 order by id desc limit 1", ticket.id
    )
    return row["kind"], row["comment"], row["crew_id"]


async def journal(site: Site, query: str = "") -> str:
    async with site.browser("vera") as vera:
        return " ".join((await (await vera.get(f"/tickets{query}")).text()).split())


async def test_a_crew_refuses_with_a_reason_and_the_ticket_is_the_dispatchers_again(site: Site):
    ticket, path = await assigned(site)
    async with site.browser() as phone:
        answer = await press(phone, f"{path}/refuse", text=" ")
        assert answer.status == 422
        assert "Напишите причину." in await answer.text()
        assert (await row_of(site, ticket))["state"] == "assigned"
        answer = await press(phone, f"{path}/refuse", text="Нужна автовышка")
        assert answer.status == 200
        assert "Диспетчер получил отказ, заявка снова у него." in await answer.text()
        # Its link is a dead one from now on.
        assert (await phone.get(path)).status == 404
    row = await row_of(site, ticket)
    assert (row["state"], row["crew_id"], row["crew_said"]) == ("new", None, "refused")
    assert await last_event(site, ticket) == ("moved", "Нужна автовышка", ticket.crew_id)
    assert "бригада отказалась" in await journal(site, "?due=crew")


async def test_nobody_at_home_stops_the_clock_and_is_told_to_the_desk(site: Site):
    ticket, path = await assigned(site)
    async with site.browser() as phone:
        answer = await press(phone, f"{path}/absent", text="")
        assert "Диспетчер получил сообщение." in await answer.text()
    row = await row_of(site, ticket)
    assert (row["state"], row["crew_said"], row["waiting_since"] is not None) == ("assigned", "absent", True)
    assert await last_event(site, ticket) == ("waiting", "Никого нет дома", ticket.crew_id)
    text = await journal(site, "?due=waiting")
    assert "никого нет дома" in text
    assert "ждёт жителя" in text
    async with site.browser() as phone:
        # On the way again: it waits no more.
        await press(phone, f"{path}/start")
    assert (await row_of(site, ticket))["waiting_since"] is None


async def test_a_crews_comment_is_in_the_history_and_marked_until_somebody_has_seen_it(site: Site):
    ticket, path = await assigned(site)
    async with site.browser() as phone:
        assert (await press(phone, f"{path}/comment", text="")).status == 422
        assert (await press(phone, f"{path}/comment", text="Код домофона?")).status == 200
        assert (await press(phone, f"{path}/comment", text="x" * 10_001)).status == 422
    assert await last_event(site, ticket) == ("comment", "Код домофона?", ticket.crew_id)
    assert "бригада написала" in await journal(site)
    async with site.browser("vera") as vera:
        assert "бригада написала" in await (await vera.get(f"/tickets/{ticket.id}")).text()
        assert (await vera.post(f"/tickets/{ticket.id}/mark", what="heard")).status == 303
    assert "бригада написала" not in await journal(site)
    assert (await row_of(site, ticket))["crew_said"] is None


async def test_whatever_the_desk_does_with_the_ticket_says_that_it_was_seen(site: Site):
    ticket, path = await assigned(site)
    async with site.browser() as phone:
        await press(phone, f"{path}/accept")
        assert (await row_of(site, ticket))["crew_said"] is None
        await press(phone, f"{path}/done", comment="Прочистили")
    assert (await row_of(site, ticket))["crew_said"] == "done"
    async with site.browser("vera") as vera:
        version = str((await row_of(site, ticket))["version"])
        assert (await vera.post(f"/tickets/{ticket.id}/step", step="close", version=version)).status == 303
    assert (await row_of(site, ticket))["crew_said"] is None


async def test_the_desks_screens_are_told_of_done_and_refused(site: Site, database_url: str):
    ticket, path = await assigned(site)
    answers = CrewAnswers(DatabaseSettings(url=SecretStr(database_url)))
    connection = await connect(DatabaseSettings(url=SecretStr(database_url)))

    async def shown() -> list[tuple[int, str, str]]:
        await answers.check(connection)
        body = await site.pool.fetchval("select body from screens where audience = 'all' and kind = 'crews'")
        assert body["count"] == len(body["newest"])
        return [(row["ticket"], row["said"], row["crew"]) for row in body["newest"]]

    try:
        assert await shown() == []
        async with site.browser() as phone:
            await press(phone, f"{path}/refuse", text="Нужна автовышка")
        # The crew is named, though the ticket is not its any more.
        assert await shown() == [(ticket.id, "refused", "Дежурные")]
        before = await site.pool.fetchval("select max(seq) from push_log")
        assert await shown() == [(ticket.id, "refused", "Дежурные")]
        assert await site.pool.fetchval("select max(seq) from push_log") == before
        async with site.browser("vera") as vera:
            await vera.post(f"/tickets/{ticket.id}/mark", what="heard")
        assert await shown() == []
    finally:
        await connection.close()


async def list_link(vera: Browser, ticket: Row) -> str:
    """The path of the link that the dispatcher copies from the ticket's page."""
    text = await (await vera.get(f"/tickets/{ticket.id}")).text()
    [found] = re.findall(r'id="crew-list-link" readonly value="([^"]+)"', text)
    return "/crew/" + found.rpartition("/crew/")[2]


async def test_one_link_opens_all_that_a_crew_has_and_each_ticket_behind_it(site: Site):
    ticket, _ = await assigned(site)
    company = await site.pool.fetchval("select id from companies")
    assert ticket.crew_id is not None
    second = await add_ticket(site.pool, company, ticket.crew_id, number=1054)
    others = await site.pool.fetchval("select id from crews where id <> $1", ticket.crew_id)
    foreign = await add_ticket(site.pool, company, others, number=1055)
    async with site.browser("vera") as vera, site.browser() as phone:
        assert (await vera.post(f"/tickets/{ticket.id}/crew-list")).status == 303
        link = await list_link(vera, ticket)
        text = await (await phone.get(link)).text()
        assert "2 заявки в работе" in text
        assert f'href="{link}/{second.id}"' in text
        assert f"{link}/{foreign.id}" not in text
        assert (await phone.get(f"{link}/{foreign.id}")).status == 404
        answer = await press(phone, f"{link}/{second.id}/accept")
        assert (answer.status, answer.headers["Location"]) == (303, f"{link}/{second.id}")
        assert "Все заявки бригады" in await (await phone.get(f"{link}/{second.id}")).text()
        await press(phone, f"{link}/{second.id}/done", comment="Прочистили")
        text = await (await phone.get(link)).text()
        assert "1 заявка в работе" in text
        assert "№ 1054" in text
        # A new link ends the one before.
        assert (await vera.post(f"/tickets/{ticket.id}/crew-list")).status == 303
        assert (await phone.get(link)).status == 404
        assert (await phone.get(f"{link}/{ticket.id}")).status == 404
        assert (await phone.get(await list_link(vera, ticket))).status == 200
    assert await site.pool.fetchval("select count(*) from audit_log where action = 'created crew link'") == 2


async def test_the_dispatcher_sees_the_link_that_the_crew_has(site: Site):
    ticket, path = await assigned(site)
    async with site.browser("vera") as vera:
        text = await (await vera.get(f"/tickets/{ticket.id}")).text()
        [found] = re.findall(r'id="crew-link" readonly value="([^"]+)"', text)
        assert found.endswith(path)
    async with site.browser("maria") as maria:
        assert "crew-link" not in await (await maria.get(f"/tickets/{ticket.id}")).text()


@pytest.mark.parametrize("said", ["refuse", "absent", "comment"])
async def test_what_is_said_of_a_ticket_that_went_elsewhere_is_not_heard(site: Site, said: str):
    ticket, path = await assigned(site)
    async with site.browser("vera") as vera, site.browser() as phone:
        version = str((await row_of(site, ticket))["version"])
        form = {"step": "cancel", "comment": "Ошибка", "version": version}
        assert (await vera.post(f"/tickets/{ticket.id}/step", **form)).status == 303
        assert (await press(phone, f"{path}/{said}", text="x")).status == 404
    assert (await row_of(site, ticket))["crew_said"] is None
