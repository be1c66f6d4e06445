import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser import chromium
from tests.site import NOW, PASSWORD, Browser, Site


async def company_of(site: Site, name: str) -> int:
    return int(await site.pool.fetchval("select id from companies where name = $1", name))


async def open_ticket(site: Site, number: int, company: str = "УК «Заречье»", **values: object) -> int:
    columns = {
        "company_id": await company_of(site, company),
        "number": number,
        "caller": "+79161234567",
        "opened_at": NOW + timedelta(minutes=number),
        **values,
    }
    blanks = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    statement = f"insert into tickets ({', '.join(columns)}) values ({blanks}) returning id"
    return int(await site.pool.fetchval(statement, *columns.values()))


async def be_due(site: Site, ticket: int, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    await site.pool.execute(
        "insert into ticket_deadlines (ticket_id, step, due_at, warn_at) values ($1, 'clear', $2, $3)",
        ticket,
        at,
        at - timedelta(minutes=30),
    )


@pytest.fixture
async def journal(site: Site) -> Site:
    await site.pool.execute("insert into companies (name) values ('УК «Северная»')")
    await open_ticket(site, 101, subject="Протечка кровли", contact_name="Иванов Пётр")
    late = await open_ticket(site, 102, subject="Засор канализации", state="in_progress")
    await be_due(site, late, -90)
    soon = await open_ticket(site, 103, subject="Нет света", state="assigned")
    await be_due(site, soon, 20)
    await open_ticket(site, 104, subject="Вопрос о квитанции", state="closed")
    await open_ticket(site, 205, "УК «Северная»", subject="Протечка стояка")
    return site


async def numbers(browser: Browser, path: str, status: int = 200) -> list[int]:
    answer = await browser.get(path)
    assert answer.status == status
    return [int(number) for number in re.findall(r'<a href="/tickets/\d+">(\d+)</a>', await answer.text())]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [205, 104, 103, 102, 101]),
        ("?q=протечки", [205, 101]),
        ("?q=4567&state=closed", [104]),
        ("?state=open", [205, 103, 102, 101]),
        ("?due=late", [102]),
        ("?due=soon&state=assigned", [103]),
        ("?since=2026-03-05&until=2026-03-05", [205, 104, 103, 102, 101]),
        ("?since=2026-03-06", []),
        ("?q=&state=&due=&company=", [205, 104, 103, 102, 101]),
        ("?unknown=1", [205, 104, 103, 102, 101]),
    ],
)
async def test_the_address_says_what_is_shown(journal: Site, query: str, found: list[int]):
    async with journal.browser("anna") as browser:
        assert await numbers(browser, f"/tickets{query}") == found
        assert await numbers(browser, f"/tickets/list{query}") == found


@pytest.mark.parametrize(
    ("query", "field", "found"),
    [
        ("since=yesterday&q=протечка", "since", [205, 101]),
        ("state=lost&due=late", "state", [102]),
        ("since=2026-03-05&until=2026-03-04", "until", [205, 104, 103, 102, 101]),
        ("q=%3F%21&state=closed", "q", [104]),
        ("house=Нигде+5", "house", []),
        ("company=-1&state=closed", "company", [104]),
        ("crew=99999999999999999999&operator=%00&state=closed", "crew", [104]),
        ("until=0001-01-01&state=closed", "until", [104]),
        ("category=%D9%A3&state=closed", "category", [104]),
    ],
)
async def test_an_invalid_field_is_reported_beside_it_and_the_rest_counts(
    journal: Site, query: str, field: str, found: list[int]
):
    async with journal.browser("anna") as browser:
        answer = await browser.get(f"/tickets?{query}")
        text = await answer.text()
        assert f'id="{field}-problem"' in text
        assert f'aria-describedby="{field}-problem"' in text
        assert await numbers(browser, f"/tickets?{query}", 400) == found


async def test_what_was_typed_is_kept_and_escaped(journal: Site):
    async with journal.browser("anna") as browser:
        text = await (await browser.get("/tickets?q=%22%3E%3Cscript%3E&house=%3Cb%3E")).text()
        assert "<script>" not in text.replace('<script type="module"', "")
        assert 'value="&#34;&gt;&lt;script&gt;"' in text
        assert 'value="&lt;b&gt;"' in text


async def test_pages_follow_one_another_by_their_links(journal: Site):
    for number in range(300, 420):
        await open_ticket(journal, number)
    async with journal.browser("anna") as browser:
        seen, path = [], "/tickets?state=open"
        while path:
            text = await (await browser.get(path)).text()
            seen += [int(number) for number in re.findall(r'<a href="/tickets/\d+">(\d+)</a>', text)]
            link = re.search(r'rel="next" href="([^"]+)"', text)
            path = link[1].replace("&amp;", "&") if link else ""
            assert "state=open" in path or not path
        assert seen == [*range(419, 299, -1), 205, 103, 102, 101]
        assert await numbers(browser, "/tickets?before=no-such-place") == seen[:50]


async def test_a_manager_sees_the_own_company_s_journal(journal: Site):
    foreign = await company_of(journal, "УК «Северная»")
    async with journal.browser("maria") as browser:
        assert await numbers(browser, "/tickets") == [104, 103, 102, 101]
        assert await numbers(browser, f"/tickets?company={foreign}") == [104, 103, 102, 101]
        assert await numbers(browser, "/tickets?q=протечка") == [101]
        text = await (await browser.get("/tickets")).text()
        assert "Северная" not in text


async def test_a_filter_is_kept_shown_and_deleted(journal: Site):
    async with journal.browser("anna") as browser:
        kept = await browser.post("/tickets/filters", name=" Просрочено ", query="due=late&before=1-1&unknown=2")
        assert (kept.status, kept.headers["Location"]) == (303, "/tickets?due=late")
        assert (
            'href="/tickets?due=late" aria-current="true">Просрочено</a>'
            in await (await browser.get("/tickets?due=late")).text()
        )
        nameless = await browser.post("/tickets/filters", name=" ", query="due=soon")
        assert nameless.status == 400
        assert 'id="name-problem"' in await nameless.text()
        gone = await browser.post("/tickets/filters/delete", name="Просрочено", query="due=late")
        assert gone.headers["Location"] == "/tickets?due=late"
        assert await journal.pool.fetchval("select count(*) from saved_filters") == 0


async def heard(answer: object) -> str:
    async with asyncio.timeout(5):
        while True:
            line = (await answer.content.readline()).decode().strip()  # type: ignore[attr-defined]
            if line.startswith("event: "):
                return line.removeprefix("event: ")


async def test_a_change_is_sent_to_those_who_may_see_it(journal: Site):
    own, foreign = await company_of(journal, "УК «Заречье»"), await company_of(journal, "УК «Северная»")
    tell = "select pg_notify('tickets', json_build_object('ticket', 1, 'company', $1::integer)::text)"
    async with journal.browser("maria") as browser, browser.http.get("/tickets/live") as answer:
        assert answer.content_type == "text/event-stream"
        # The first may come of the listener's own beginning.
        hearing = asyncio.create_task(heard(answer))
        while not hearing.done():
            await journal.pool.execute(tell, own)
            await asyncio.sleep(0.05)
        assert await hearing == "changed"
        await asyncio.sleep(1.1)
        await journal.pool.execute(tell, foreign)
        hearing = asyncio.create_task(heard(answer))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await hearing


async def test_a_ticket_that_a_call_opens_appears_by_itself(journal: Site):
    async with chromium(str(journal.server.make_url("")), "anna", PASSWORD) as page:
        await page.goto(f"{journal.server.make_url('/tickets')}")
        await expect(page.locator(".records .no")).to_have_text(["205", "104", "103", "102", "101"])
        await journal.pool.execute(
            "insert into calls (id, node, did, caller, state, arrived_at) values ('node1-1.1', 'node1', '1', '', 'arrived', now())"
        )
        await open_ticket(journal, 500, call_id="node1-1.1")
        await expect(page.locator(".records .no").first).to_have_text("500")
        await page.fill("#q", "протеч")
        await expect(page.locator(".records .no")).to_have_text(["205", "101"])
        assert "q=" in page.url
