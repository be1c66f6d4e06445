"""A telephone of its own is worked by the page of the workplace, through a real Asterisk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest
from playwright.async_api import Page, expect

from callcenter.domain.events import Presence
from stack.instance import Instance
from tests.browser import chromium
from tests.e2e.browser_operator import calling, on_the_line, phase, until
from tests.e2e.telephone import Registrar, Telephone
from tests.e2e.telephones import RESIDENT, SCREENS, database

pytestmark = pytest.mark.e2e

LOGIN, COLLEAGUE = "op-07", "op-08"
TALKS = """
select o.login, t.kind from talks t join calls c on c.id = t.call_id join operators o on o.id = t.operator_id
where c.caller = $1 order by t.began_at
"""


@dataclass
class Desk:
    description: dict
    pool: asyncpg.Pool
    page: Page
    telephone: Telephone
    colleagues: Telephone

    async def click(self, name: str) -> None:
        await self.page.locator("#telephone").get_by_role("button", name=name).click()

    async def talks(self, phone: str) -> list[tuple[str, str]]:
        return [tuple(row) for row in await self.pool.fetch(TALKS, phone)]


def rings() -> tuple[str, ...]:
    return ("180 Ringing",)


@pytest.fixture
async def desk(stack: Instance) -> AsyncIterator[Desk]:
    """An operator on the line whose telephone rings until it is told to answer, and a colleague's that answers at once."""
    async with at_the_desk(stack) as made:
        yield made


@asynccontextmanager
async def at_the_desk(stack: Instance) -> AsyncIterator[Desk]:
    description = stack.description()
    assert description is not None
    SCREENS.mkdir(exist_ok=True)
    logins = {person["login"]: person for person in description["logins"]}
    sip = description["sip"]
    secrets = {person["endpoint"]: person["sip_secret"] for person in description["logins"] if person.get("endpoint")}
    registrar = Registrar((sip["host"], sip["port"]), secrets)
    with ExitStack() as ends:
        mine, other = (
            ends.enter_context(Telephone(registrar, logins[login]["endpoint"], host=sip["phones_address"]))
            for login in (LOGIN, COLLEAGUE)
        )
        for each in (mine, other):
            assert await asyncio.to_thread(each.register) == 200
            ends.callback(each.register, expires=0)
        mine.answer = rings
        password = logins[LOGIN]["password"]
        async with (
            database(description) as pool,
            chromium(description["web"]["url"], LOGIN, password) as page,
        ):
            await page.get_by_role("button", name="На линии").click()
            await expect(page.locator("#state")).to_have_class("state available", timeout=15_000)
            yield Desk(description, pool, page, mine, other)
            await page.get_by_role("button", name="Не в сети").click()
            await expect(page.locator("#state")).to_have_class("state offline", timeout=15_000)


async def test_it_is_answered_put_on_hold_and_hung_up_from_the_page(desk: Desk) -> None:
    _, _, phone, number, _ = await desk.pool.fetchrow(RESIDENT)
    async with calling(desk.description, phone, number) as caller:
        await phase(desk.page, "ringing")
        await desk.page.screenshot(path=SCREENS / "own-telephone-ringing.png")
        await desk.click("Ответить")
        await phase(desk.page, "talking")
        assert await desk.talks(phone) == [(LOGIN, "queue")]
        await desk.click("Удержание")
        await expect(desk.page.locator("#telephone")).to_have_attribute("data-aside", "held", timeout=15_000)
        await desk.click("Удержание")
        await expect(desk.page.locator("#telephone")).to_have_attribute("data-aside", "", timeout=15_000)
        assert caller.up
        await desk.click("Положить трубку")
        await asyncio.to_thread(caller.wait_for_bye, 15.0)
        await phase(desk.page, "")


async def test_a_caller_who_is_rejected_on_the_page_stays_and_gets_a_colleague(desk: Desk) -> None:
    _, _, phone, number, _ = await desk.pool.fetchrow(RESIDENT)
    async with calling(desk.description, phone, number) as caller:
        await phase(desk.page, "ringing")
        await on_the_line(desk.description, COLLEAGUE)
        await desk.click("Отклонить")
        await until(lambda: desk.colleagues.invites(), "the colleague's telephone")
        assert caller.up
        await until(lambda: desk.talks(phone), "the talk")
        assert await desk.talks(phone) == [(COLLEAGUE, "queue")]
        caller.hang_up()
    await on_the_line(desk.description, COLLEAGUE, Presence.OFFLINE)


async def test_a_colleague_is_asked_and_given_the_caller_from_the_page(desk: Desk) -> None:
    _, _, phone, number, _ = await desk.pool.fetchrow(RESIDENT)
    async with calling(desk.description, phone, number) as caller:
        await phase(desk.page, "ringing")
        await desk.click("Ответить")
        await phase(desk.page, "talking")
        await desk.page.locator("#telephone-to").select_option(value=COLLEAGUE)
        await desk.click("Сначала спросить")
        await expect(desk.page.locator("#telephone")).to_have_attribute("data-aside", "asking", timeout=15_000)
        shown = await desk.page.locator("#telephone-caller").inner_text()
        assert "".join(filter(str.isdigit, shown)) == phone.removeprefix("+")
        await desk.page.screenshot(path=SCREENS / "own-telephone-asking.png")
        await desk.click("Передать абонента")
        await phase(desk.page, "")
        assert caller.up

        async def both() -> bool:
            return [login for login, _ in await desk.talks(phone)] == [LOGIN, COLLEAGUE]

        await until(both, "the colleague's part")
        caller.hang_up()
