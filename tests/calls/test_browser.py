"""The pages in a real Chromium: what the scripts make of the messages."""

import asyncio
import re
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.async_api import Page, expect

from callcenter.calls import socket as web_socket
from callcenter.common import requests
from callcenter.common.secret_box import SECRET_BOX
from callcenter.domain.commands import FinishRequest
from callcenter.domain.events import Presence, PresenceReason
from callcenter.domain.operator import OperatorStatus
from callcenter.domain.request import RefusalReason, RequestState
from callcenter.push.messages import DeadlinesMessage, JournalMessage, QueuesMessage, SilentMessage
from tests import browser
from tests.messages import NUMBER, card, limit, operator, presence_of, queue, ringing
from tests.site import PASSWORD, Site

pytestmark = [pytest.mark.e2e, pytest.mark.long]

HOSTILE = "<img src=x onerror=document.title='owned'> Иванова & {n} %s"


def chromium(site: Site, login: str) -> AbstractAsyncContextManager[Page]:
    return browser.chromium(str(site.server.make_url("")).rstrip("/"), login, PASSWORD)


async def test_an_operators_day(site: Site):
    me = f"operator:{site.ids['anna']}"
    now = datetime.now(UTC)
    async with chromium(site, "anna") as page:
        await expect(page.get_by_role("heading", name="Вы не в сети")).to_be_visible()
        await page.get_by_role("button", name="На линии").click()
        async with asyncio.timeout(10):
            while await site.pool.fetchval("select body ->> 'wanted' from requests") != "available":
                await asyncio.sleep(0.01)
        await site.push(
            me,
            presence_of(now, OperatorStatus.AVAILABLE),
        )
        await expect(page.get_by_role("heading", name="Вы на линии")).to_be_visible()
        await expect(page.get_by_role("button", name="На линии")).to_have_attribute("aria-pressed", "true")

        await site.push("all", queue(22, oldest=now))
        await expect(page.locator("#waiting")).to_have_text("22")
        await expect(page.locator("#waiting-word")).to_have_text("звонящих ждут")
        await site.push(me, ringing(now))
        await expect(page.locator("[aria-live=assertive]")).to_contain_text("+7 900 123‑45‑67")
        await expect(page.locator("[aria-live=assertive]")).to_contain_text("УК «Заречье»")

        await site.push(me, SilentMessage())
        await site.push(me, card(now, HOSTILE))
        await expect(page.get_by_text("Открыта заявка № 1053")).to_be_visible()
        await expect(page.locator(".notice")).to_have_count(0)
        await expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
        await expect(page.get_by_text("На этом номере ещё 2 жителя")).to_be_visible()
        await expect(page.locator("#card img")).to_have_count(0)
        assert "owned" not in await page.title()
        await site.push(me, card(now, HOSTILE, talk_ended_at=now))
        await expect(page.get_by_text("Разговор окончен")).to_be_visible()

        await site.push(me, card(now, "", call="y", caller="", past_calls=(), others=0))
        await expect(page.get_by_role("heading", name="Неизвестный абонент")).to_be_visible()
        await expect(page.get_by_text("Номер скрыт")).to_be_visible()


async def test_a_telephone_that_is_gone_is_said_to_its_operator_and_on_the_board(site: Site):
    now = datetime.now(UTC)
    mine = presence_of(now, OperatorStatus.AVAILABLE)
    me, kind = f"operator:{site.ids['anna']}", f"operator/{site.ids['anna']}"
    seen = operator(now, OperatorStatus.AVAILABLE)
    async with chromium(site, "anna") as workplace, chromium(site, "vera") as board:
        person = board.locator("#operators li").filter(has_text="Анна Петрова")
        for there in (True, False, True):
            await site.push(me, replace(mine, phone_reachable=there))
            await site.push("supervisors", replace(seen, phone_reachable=there), kind)
            heading = "Вы на линии" if there else "Ваш телефон не подключён"
            await expect(workplace.get_by_role("heading", name=heading)).to_be_visible()
            await expect(workplace.locator("#phone")).to_have_text(
                "Телефон подключён" if there else "Телефон не подключён"
            )
            await expect(person.get_by_text("Телефон не подключён")).to_have_count(0 if there else 1)
            await expect(board.locator("#ready")).to_have_text("1" if there else "0")


async def test_the_board_keeps_the_queues_that_a_delta_does_not_name(site: Site):
    other = "74957654321"
    async with chromium(site, "vera") as page:
        await page.goto(str(site.server.make_url("/board")))
        await site.push("all", queue(2))
        await site.push("all", queue(5, number=other))
        await expect(page.locator("#waiting")).to_have_text("7")
        await expect(page.locator("#queues tr")).to_have_count(2)
        await site.push("all", QueuesMessage(queues={other: None}))
        await expect(page.locator("#waiting")).to_have_text("2")
        # The company's line stays without callers; a number that is no company's goes with its last one.
        await site.push("all", QueuesMessage(queues={NUMBER: None}))
        await expect(page.locator("#waiting")).to_have_text("0")
        await expect(page.locator("#queues tr")).to_have_count(1)


async def test_a_lost_connection_is_shown_and_made_good(site: Site):
    me = f"operator:{site.ids['anna']}"
    async with chromium(site, "anna") as page:
        banner = page.locator("#disconnected")
        await site.push(me, card(datetime.now(UTC), "Первая"))
        await expect(page.get_by_role("heading", name="Первая")).to_be_visible()
        await expect(banner).to_be_hidden()
        await page.context.set_offline(True)
        port = site.server.port
        await site.server.close()
        await expect(banner).to_be_visible()
        await site.push(me, card(datetime.now(UTC), "Вторая"))
        await site.reopen(port)
        await page.context.set_offline(False)
        await expect(page.get_by_role("heading", name="Вторая")).to_be_visible(timeout=20_000)
        await expect(banner).to_be_hidden()


async def test_the_page_says_that_the_telephone_server_has_not_answered_and_what_it_said(site: Site):
    async with chromium(site, "anna") as page, site.pool.acquire() as connection:

        async def finish(state: RequestState, reason: RefusalReason | None = None) -> None:
            newest = await connection.fetchval("select max(id) from requests")
            async with connection.transaction():
                await connection.execute(
                    "update requests set state = 'taken', taken_at = now(), node = 'node1' where id = $1", newest
                )
                await requests.answer(connection, [FinishRequest(request=newest, state=state, reason=reason)])

        note, toast, button = page.locator("#asked"), page.locator("#toast"), page.get_by_role("button", name="Пауза")
        await button.click()
        await expect(note).to_contain_text("Ждём ответа")
        await expect(button).to_have_class("asked")
        await page.reload()
        await expect(note).to_contain_text("Ждём ответа")
        await finish(RequestState.DONE)
        await expect(note).to_be_empty()
        await expect(toast).to_be_hidden()

        await button.click()
        await expect(note).to_contain_text("Ждём ответа")
        await finish(RequestState.REFUSED, RefusalReason.ASTERISK_REFUSED)
        await expect(note).to_be_empty()
        await expect(button).not_to_have_class("asked")
        await expect(toast).to_contain_text("Серверу телефонии не удалось")

        await button.click()
        await expect(note).to_contain_text("Ждём ответа")
        await connection.execute("update requests set expires_at = now() where state = 'asked'")
        await requests.expire(connection)
        await expect(toast).to_contain_text("не ответил вовремя")
        await page.reload()
        await expect(page.get_by_role("heading", name="Вы не в сети")).to_be_visible()
        await expect(toast).to_be_hidden()


async def test_an_ended_session_asks_for_the_password_over_the_page(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web_socket, "ASK_AGAIN_WHO_S", 0.1)
    now = datetime.now(UTC)
    me = f"operator:{site.ids['anna']}"
    async with chromium(site, "anna") as page:
        await site.push(me, card(now, "Иванова"))
        subject = page.get_by_label("Тема")
        await subject.fill("Течёт кран")
        here = page.url
        await site.pool.execute("delete from sessions")
        overlay = page.get_by_role("dialog", name="Сеанс завершён")
        await expect(overlay).to_be_visible()
        await overlay.get_by_label("Пароль").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(overlay.get_by_role("alert").filter(visible=True)).to_have_text("Неверно. Попробуйте ещё раз.")
        await overlay.get_by_label("Пароль").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(overlay).to_be_hidden()
        await expect(subject).to_have_value("Течёт кран")
        await expect(page.locator("body")).not_to_have_class(re.compile("stale"))
        await site.push("all", queue(22, oldest=now))
        await expect(page.locator("#waiting")).to_have_text("22")
        assert page.url == here


async def test_the_overlay_asks_for_the_code_too(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web_socket, "ASK_AGAIN_WHO_S", 0.1)
    secret = pyotp.random_base32()
    async with chromium(site, "anna") as page:
        await expect(page.get_by_role("heading", name="Вы не в сети")).to_be_visible()
        await site.pool.execute(
            "update operators set totp_secret = $1 where login = 'anna'", site.server.app[SECRET_BOX].seal(secret)
        )
        await site.pool.execute("delete from sessions")
        overlay = page.get_by_role("dialog", name="Сеанс завершён")
        await overlay.get_by_label("Пароль").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await overlay.get_by_label("Шесть цифр").fill(pyotp.TOTP(secret).now())
        await page.keyboard.press("Enter")
        await expect(overlay).to_be_hidden()
        assert await site.pool.fetchval("select count(*) from sessions where expires_at > now()") == 1


async def test_a_pause_has_a_reason_and_the_time_after_a_talk_is_ended_or_prolonged_by_a_key(site: Site):
    now = datetime.now(UTC)
    me = f"operator:{site.ids['anna']}"
    shown = presence_of(now, OperatorStatus.PAUSED, pause="lunch")

    async def asked() -> list[tuple[str, dict]]:
        return [
            (row["kind"], row["body"]) for row in await site.pool.fetch("select kind, body from requests order by id")
        ]

    async def until_asked(kind: str, body: dict) -> None:
        async with asyncio.timeout(10):
            while (await asked())[-1:] != [(kind, body)]:
                await asyncio.sleep(0.01)

    async with chromium(site, "anna") as page:
        reason = page.get_by_label("Причина")
        await site.push(me, shown)
        await expect(page.locator("#state-name")).to_have_text("На паузе: обед")
        await expect(reason).to_have_value("lunch")
        await reason.select_option("перерыв")
        await until_asked("presence", {"wanted": "paused", "pause": "break"})

        wrap_up = replace(shown, state=OperatorStatus.WRAP_UP, pause=None, until=now + timedelta(seconds=90))
        await site.push(me, wrap_up)
        await expect(page.locator("#wrap-up-left")).to_contain_text("осталось 1:")
        await expect(reason).to_be_hidden()
        await page.keyboard.press("Shift+F2")
        await until_asked("wrap_up", {})
        await page.keyboard.press("F2")
        await until_asked("presence", {"wanted": "available"})

        talking = replace(shown, state=OperatorStatus.TALKING, pause=None)
        await site.push(me, replace(talking, pause="break", afterwards=Presence.PAUSED))
        await expect(page.locator("#state-name")).to_have_text("Разговор")
        await expect(reason).to_have_value("break")
        await reason.select_option("lunch")
        await until_asked("presence", {"wanted": "paused", "pause": "lunch"})
        for afterwards, pressed in ((None, "На линии"), (Presence.PAUSED, "Пауза"), (Presence.OFFLINE, "Не в сети")):
            await site.push(me, replace(talking, afterwards=afterwards))
            await expect(page.locator("#presence [aria-pressed=true]")).to_have_text(pressed)


async def test_the_board_says_why_somebody_is_on_pause(site: Site):
    now = datetime.now(UTC)
    async with chromium(site, "vera") as page:
        kind = f"operator/{site.ids['anna']}"
        await site.push("supervisors", replace(operator(now, OperatorStatus.PAUSED), pause="back_office"), kind)
        await expect(page.locator("#operators li").first).to_contain_text("На паузе: работа с заявками")
        lost = replace(operator(now, OperatorStatus.PAUSED), reason=PresenceReason.NO_CONNECTION)
        await site.push("supervisors", lost, kind)
        await expect(page.locator("#operators li").first).to_contain_text("На паузе: нет связи")


async def test_a_supervisor_watches_and_listens(site: Site):
    now = datetime.now(UTC)
    async with chromium(site, "vera") as page:
        await expect(page.locator("#calls")).to_contain_text("Звонков ещё не было")
        await site.push("supervisors", operator(now, OperatorStatus.TALKING), f"operator/{site.ids['anna']}")
        await expect(page.locator("#operators li").first).to_contain_text("Анна Петрова")
        await expect(page.locator("#operators li").first).to_contain_text("Разговор")
        await site.pool.execute(
            "insert into calls (id, node, did, caller, state, arrived_at)"
            " values ('c', 'node1', $1, '+79001234567', 'talking', $2)",
            NUMBER,
            now,
        )
        recording = await site.pool.fetchval(
            "insert into recordings (name, node, call_id, state, sha256, size, object_key)"
            " values ('r', 'node1', 'c', 'attached', $1, 100, 'key') returning id",
            bytes(32),
        )
        site.shelf.objects["key"] = bytes(100)
        await site.push("supervisors", JournalMessage(at=now))
        await expect(page.get_by_role("link", name="Слушать")).to_have_attribute("href", f"/listening/{recording}")


async def test_a_supervisor_sees_what_is_due_and_gets_a_message_when_a_limit_passes(site: Site):
    now = datetime.now(UTC)
    async with chromium(site, "vera") as page:
        await expect(page.locator("#deadlines")).to_contain_text("Ничего не просрочено")
        await site.push("supervisors", DeadlinesMessage(late=0, due_soon=1, next=(limit(now, late=False),)))
        await expect(page.locator("#deadlines")).to_contain_text("Устранить засор")
        await expect(page.get_by_role("link", name="41")).to_have_attribute("href", "/tickets/7")
        await expect(page.locator("#toast")).to_be_hidden()
        late = limit(now, late=True)
        await site.push("supervisors", DeadlinesMessage(late=1, due_soon=0, next=(late, late)))
        await expect(page.locator("#toast")).to_contain_text("Истёк срок")
        await expect(page.locator("#late")).to_have_text("1")


async def test_the_board_says_why_an_operator_is_paused_and_sets_the_state(site: Site):
    anna = site.ids["anna"]
    paused = replace(operator(datetime.now(UTC)), reason=PresenceReason.PAGE_GONE)
    async with chromium(site, "vera") as page:
        await site.push("supervisors", paused, f"operator/{anna}")
        await expect(page.locator("#operators .state.paused")).to_contain_text("На паузе: страница закрыта")
        button = page.get_by_role("button", name="На линии: Анна Петрова")
        await button.focus()
        await button.press("Enter")
        await expect(page.locator("#asked")).to_contain_text("Ждём ответа")
        await site.push("supervisors", operator(datetime.now(UTC), OperatorStatus.AVAILABLE), f"operator/{anna}")
        await expect(button).to_have_attribute("aria-pressed", "true")
        await expect(button).to_be_focused()
        talking = replace(operator(datetime.now(UTC), OperatorStatus.TALKING), afterwards=Presence.PAUSED)
        await site.push("supervisors", talking, f"operator/{anna}")
        await expect(page.get_by_role("button", name="Пауза: Анна Петрова")).to_have_attribute("aria-pressed", "true")
    [asked] = await site.pool.fetch("select * from requests")
    assert (asked["operator_id"], asked["asked_by"]) == (anna, site.ids["vera"])
    assert asked["body"] == {"wanted": "available", "reason": "supervisor"}
