"""From a telephone in the browser: a colleague asked while the caller hears music, a conference, calls out, another network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, expect

from stack.instance import Instance
from tests.browser import chromium
from tests.e2e.browser_operator import (
    OPERATORS_TONE,
    calling,
    cli,
    give_browser_telephone,
    hang_up,
    listened,
    microphone,
    operator,
    phase,
    pick_up,
    ready,
    recordings,
    share,
    until,
    workplace,
)
from tests.e2e.caller import Caller
from tests.e2e.outside import outside
from tests.e2e.telephones import RESIDENT, SCREENS, database, telephone

pytestmark = [pytest.mark.e2e, pytest.mark.long]

LOGIN, COLLEAGUE, OWN = "op-11", "op-12", "op-13"
NOTE = "просит мастера после шести"
STORY = """
select o.login, t.kind from talks t join calls c on c.id = t.call_id join operators o on o.id = t.operator_id
where c.caller = $1 order by t.began_at
"""
TICKETS = "select count(*) from tickets t join calls c on c.id = t.call_id where c.caller = $1"


@pytest.fixture(scope="module")
def description(stack: Instance) -> dict:
    found = stack.description()
    assert found is not None
    for login in (LOGIN, COLLEAGUE):
        asyncio.run(give_browser_telephone(found, login))
    SCREENS.mkdir(exist_ok=True)
    return found


@asynccontextmanager
async def two(description: dict, folder: Path) -> AsyncIterator[tuple[Page, Page]]:
    """The operator, on the line, and a colleague, whose telephone is ready."""
    async with operator(description, LOGIN, folder) as page, workplace(description, COLLEAGUE, folder) as other:
        await until(lambda: "Avail" in cli(description, f"pjsip show aor web-{COLLEAGUE}"), "the colleague", 30)
        yield page, other


async def aside(page: Page, wanted: str) -> None:
    await expect(page.locator("#telephone")).to_have_attribute("data-aside", wanted, timeout=15_000)


async def consult(page: Page, whom: str, note: str = "") -> None:
    await page.locator("#telephone-to").select_option(value=whom)
    await page.locator("#telephone-handed-note").fill(note)
    await page.get_by_role("button", name="Сначала спросить").click()


async def asking(page: Page, other: Page) -> None:
    """The colleague has picked up."""
    await consult(page, f"web-{COLLEAGUE}", NOTE)
    await pick_up(other)
    await aside(page, "asking")


async def assert_music(caller: Caller) -> None:
    heard = await listened(caller)
    assert np.abs(heard).max() > 300
    assert share(heard, OPERATORS_TONE) < 0.2


async def test_a_caller_hears_music_while_a_colleague_is_asked_and_is_then_handed_over(
    description: dict, tmp_path: Path
) -> None:
    async with database(description) as pool, two(description, tmp_path) as (page, other):
        name, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            await consult(page, f"web-{COLLEAGUE}", NOTE)
            await aside(page, "ringing")
            await phase(other, "ringing")
            await expect(other.locator("#handed")).to_contain_text(NOTE)
            await expect(other.locator("#handed")).to_contain_text(name)
            await other.screenshot(path=SCREENS / "transfer-rings.png")
            await pick_up(other)
            await aside(page, "asking")
            await expect(other.locator("#handed")).to_contain_text(NOTE)
            await page.screenshot(path=SCREENS / "transfer-asking.png")
            await assert_music(caller)
            await page.get_by_role("button", name="Передать абонента").click()
            await phase(page, "")
            await aside(page, "")
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            await expect(other.get_by_role("heading", name=name)).to_be_visible()
            await hang_up(other, caller)
        assert [tuple(talk) for talk in await pool.fetch(STORY, phone)] == [(LOGIN, "queue"), (COLLEAGUE, "transfer")]
        assert await pool.fetchval(TICKETS, phone) == 1
        await until(lambda: recordings(pool, phone), "the recordings in the store", 40)
        assert len(await recordings(pool, phone)) == 2


async def test_all_three_talk_and_the_caller_stays_with_the_colleague(description: dict, tmp_path: Path) -> None:
    async with database(description) as pool, two(description, tmp_path) as (page, other):
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            await asking(page, other)
            await page.get_by_role("button", name="Говорить втроём").click()
            await aside(page, "conference")
            await page.screenshot(path=SCREENS / "transfer-conference.png")
            for silent in (page, other):
                await silent.keyboard.press("F8")
                assert share(await listened(caller), OPERATORS_TONE) > 0.5, "the other one is heard"
                await silent.keyboard.press("F8")
            await page.keyboard.press("F4")
            await phase(page, "")
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            await hang_up(other, caller)
        assert [tuple(talk) for talk in await pool.fetch(STORY, phone)] == [(LOGIN, "queue"), (COLLEAGUE, "transfer")]


async def test_an_operator_goes_back_to_the_caller_and_a_colleague_who_refuses_is_told_of(
    description: dict, tmp_path: Path
) -> None:
    async with database(description) as pool, two(description, tmp_path) as (page, other):
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            await asking(page, other)
            await page.get_by_role("button", name="Вернуться к абоненту").click()
            await phase(other, "")
            await aside(page, "")
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            await consult(page, f"web-{COLLEAGUE}")
            await phase(other, "ringing")
            await other.keyboard.press("F4")
            await aside(page, "")
            await expect(page.locator("#telephone-note")).to_contain_text("абонент снова с вами")
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            await hang_up(page, caller)
        story = [tuple(talk) for talk in await pool.fetch(STORY, phone)]
        assert story == [(LOGIN, "queue"), (COLLEAGUE, "consultation")]


async def test_a_caller_is_not_lost_when_the_page_dies_in_a_consultation(description: dict, tmp_path: Path) -> None:
    async with database(description) as pool, two(description, tmp_path) as (page, other):
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            await asking(page, other)
            await page.reload()
            await phase(page, "talking", 15)
            await phase(other, "")
            assert caller.up
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            await hang_up(page, caller)
        story = [tuple(talk) for talk in await pool.fetch(STORY, phone)]
        assert story == [(LOGIN, "queue"), (COLLEAGUE, "consultation"), (LOGIN, "transfer")]
        assert await pool.fetchval(TICKETS, phone) == 1


async def test_a_ticket_calls_its_resident_and_the_call_is_recorded_and_on_it(
    description: dict, tmp_path: Path
) -> None:
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            await hang_up(page, caller)
        ticket = await pool.fetchval(
            "select t.id from tickets t join calls c on c.id = t.call_id where c.caller = $1", phone
        )
        form = await page.context.new_page()
        await form.goto(f"{description['web']['url']}/tickets/{ticket}")
        await form.get_by_role("button", name="Позвонить").first.click()
        await expect(form.locator(".call-out-says")).to_contain_text("правил")
        await form.screenshot(path=SCREENS / "call-out-refused.png")
        async with outside(description, pool, tmp_path):
            await form.get_by_role("button", name="Позвонить").first.click()
            await phase(page, "talking")
            await page.screenshot(path=SCREENS / "call-out-talk.png")
            await expect(page.locator("#telephone-quality")).to_have_text("Слышно хорошо", timeout=15_000)
            await page.keyboard.press("F4")
            await phase(page, "")
        ended = "select id, did, outcome from calls where caller = $1 and direction = 'out' and outcome is not null"
        await until(lambda: pool.fetchrow(ended, phone), "the end of the call", 20)
        call = await pool.fetchrow(ended, phone)
        assert (call["did"], call["outcome"]) == (number, "answered")
        assert await pool.fetchval("select ticket_id from joined_calls where call_id = $1", call["id"]) == ticket
        await until(lambda: recordings(pool, phone), "the recordings in the store", 40)
        assert len(await recordings(pool, phone)) == 2


async def test_a_crew_outside_is_asked_and_gets_the_caller(description: dict, tmp_path: Path) -> None:
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, company = await pool.fetchrow(RESIDENT)
        await pool.execute(
            "insert into crews (company_id, name, phone) values ($1, 'Лифтёры', '+74951112233')", company
        )
        async with outside(description, pool, tmp_path):
            await page.reload()
            await ready(page)
            async with calling(description, phone, number) as caller:
                await pick_up(page)
                await consult(page, "+74951112233")
                await aside(page, "asking")
                await assert_music(caller)
                await page.get_by_role("button", name="Передать абонента").click()
                await phase(page, "")
                await asyncio.to_thread(caller.listen, 1.0)
                assert caller.up
        story = [tuple(talk) for talk in await pool.fetch(STORY, phone)]
        assert story == [(LOGIN, "queue"), (LOGIN, "transfer")]


async def test_another_network_is_another_way_for_the_same_talk(description: dict, tmp_path: Path) -> None:
    """The browser says that it is on line again: Asterisk is offered new ICE credentials, and answers with its own."""
    remembered = """
        window.connections = [];
        const Native = RTCPeerConnection;
        window.RTCPeerConnection = class extends Native {
            constructor(...all) { super(...all); window.connections.push(this); }
        };
    """
    ufrags = """() => [connections.at(-1).localDescription.sdp, connections.at(-1).remoteDescription.sdp]
        .map((sdp) => /a=ice-ufrag:(\\S+)/.exec(sdp)[1])"""
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        await page.add_init_script(remembered)
        await page.reload()
        await ready(page)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            before = await page.evaluate(ufrags)
            await page.evaluate("dispatchEvent(new Event('online'))")

            async def changed() -> bool:
                now = await page.evaluate(ufrags)
                return bool(now[0] != before[0] and now[1] != before[1])

            await until(changed, "new credentials on both sides")
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            await expect(page.locator("#telephone-quality")).to_have_text("Слышно хорошо", timeout=15_000)
            await hang_up(page, caller)
        assert [tuple(talk) for talk in await pool.fetch(STORY, phone)] == [(LOGIN, "queue")]


async def test_the_same_buttons_work_a_telephone_of_its_own(description: dict, tmp_path: Path) -> None:
    person = next(each for each in description["logins"] if each["login"] == OWN)
    url = description["web"]["url"]
    async with database(description) as pool, chromium(url, OWN, person["password"], microphone(tmp_path)) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        with telephone(description, person, tmp_path, talk_s=60):
            await page.get_by_role("button", name="На линии").click()
            await expect(page.locator("#state")).to_contain_text("На линии", timeout=10_000)
            async with calling(description, phone, number) as caller:
                await phase(page, "talking", 30)
                await page.keyboard.press("F9")
                await aside(page, "held")
                await page.screenshot(path=SCREENS / "own-telephone-held.png")
                heard = await listened(caller)
                assert np.abs(heard).max() > 300
                await page.keyboard.press("F9")
                await aside(page, "")
                await page.keyboard.press("F4")
                await asyncio.to_thread(caller.wait_for_bye, 10.0)
                await phase(page, "")
            await page.get_by_role("button", name="Не в сети").click()
            await expect(page.locator("#state")).to_contain_text("Не в сети", timeout=10_000)
        ended = "select t.ended_by from talks t join calls c on c.id = t.call_id where c.caller = $1"
        await until(lambda: pool.fetchval(ended, phone), "the end of the talk")
        assert await pool.fetchval(ended, phone) == "operator"
