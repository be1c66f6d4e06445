"""The telephone in the browser: Debian's Chromium with its fake microphone, a real Asterisk, callers with sound."""

import asyncio
import io
import os
import re
import signal
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from minio import Minio
from playwright.async_api import expect

from callcenter.domain.events import Presence
from stack.instance import Instance
from tests.e2e.browser_operator import (
    CALLERS_TONE,
    OPERATORS_TONE,
    asleep,
    break_connection,
    calling,
    cli,
    give_browser_telephone,
    hang_up,
    hears_operator,
    listened,
    of_alaw,
    on_the_line,
    operator,
    phase,
    pick_up,
    ready,
    recordings,
    share,
    until,
    workplace,
)
from tests.e2e.telephones import RESIDENT, SCREENS, database, telephone

pytestmark = [pytest.mark.e2e, pytest.mark.long]

LOGIN = "op-09"
ACCOUNT = f"web-{LOGIN}"


@pytest.fixture(scope="module")
def description(stack: Instance) -> dict:
    found = stack.description()
    assert found is not None
    asyncio.run(give_browser_telephone(found, LOGIN))
    return found


async def talks_over(pool, phone: str) -> bool:
    """Whether nobody talks to this caller."""
    return not await pool.fetchval(
        "select count(*) from talks t join calls c on c.id = t.call_id where c.caller = $1 and t.ended_at is null",
        phone,
    )


def sound_of(description: dict, key: str) -> "np.ndarray":
    """Samples of the operator and of the caller, one row each."""
    s3 = description["s3"]
    store = Minio(s3["endpoint"], s3["access_key"], s3["secret_key"], secure=s3["secure"], region=s3["region"])
    answer = store.get_object(bucket_name=s3["bucket"], object_name=key)
    try:
        with wave.open(io.BytesIO(answer.read())) as file:
            assert file.getnchannels() == 2
            return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2).T
    finally:
        answer.close()


async def test_a_call_answered_by_hand_is_heard_both_ways_and_recorded_on_two_channels(
    description: dict, tmp_path: Path
) -> None:
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        name, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await phase(page, "ringing")
            await expect(page.locator("#telephone-caller")).to_contain_text(phone[-2:])
            await page.keyboard.press("F2")
            await phase(page, "talking")
            await expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=10_000)
            heard = of_alaw(await asyncio.to_thread(caller.listen, 4.0))
            assert share(heard, OPERATORS_TONE) > 0.5
            await expect(page.locator("#telephone-quality")).to_have_text(re.compile("."), timeout=10_000)
            await page.screenshot(path=SCREENS / "telephone-talk.png")
            await page.keyboard.press("F4")
            await phase(page, "")
            await asyncio.to_thread(caller.wait_for_bye, 5.0)
        await until(lambda: recordings(pool, phone), "the recording in the store", 30)
        (key,) = await recordings(pool, phone)
        of_operator, of_caller = sound_of(description, key)
        assert share(of_operator, OPERATORS_TONE) > 0.5 > 0.1 > share(of_operator, CALLERS_TONE)
        assert share(of_caller, CALLERS_TONE) > 0.5 > 0.1 > share(of_caller, OPERATORS_TONE)


async def test_it_answers_by_itself_and_what_is_muted_or_on_hold_is_not_heard(
    description: dict, tmp_path: Path
) -> None:
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        await page.locator("#telephone-devices summary").click()
        await expect(page.locator("#telephone-level")).not_to_have_js_property("value", 0)
        await page.get_by_label("Отвечать самому, с сигналом").check()
        async with calling(description, phone, number) as caller:
            await phase(page, "talking")
            assert share(await listened(caller), OPERATORS_TONE) > 0.5

            await page.keyboard.press("F8")
            await expect(page.locator("#telephone-line")).to_contain_text("Микрофон выключен")
            assert np.abs(await listened(caller)).max() < 300
            await page.keyboard.press("F8")
            assert share(await listened(caller), OPERATORS_TONE) > 0.5

            await page.keyboard.press("F9")
            await expect(page.locator("#telephone-line")).to_contain_text("На удержании", timeout=10_000)
            music = await listened(caller)
            assert np.abs(music).max() > 300
            assert share(music, OPERATORS_TONE) < 0.2
            await page.keyboard.press("F9")
            await expect(page.locator("#telephone-line")).to_contain_text("Разговор", timeout=10_000)
            assert share(await listened(caller), OPERATORS_TONE) > 0.5


async def test_a_call_that_is_rejected_waits_on_and_one_that_ends_was_missed(description: dict, tmp_path: Path) -> None:
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await phase(page, "ringing")
            await page.keyboard.press("F4")
            await phase(page, "")
            await phase(page, "ringing")
            assert caller.up
        await phase(page, "")
        await expect(page.locator("#telephone-note")).to_have_text("Пропущенный звонок")


async def test_keys_are_heard_and_a_transfer_takes_the_caller_to_a_colleague(description: dict, tmp_path: Path) -> None:
    colleague = next(person for person in description["logins"] if person["login"] == "op-08")
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        with telephone(description, colleague, tmp_path, talk_s=2):
            await until(lambda: "Not in use" in cli(description, "pjsip show endpoint op-08"), "the colleague", 30)
            async with calling(description, phone, number) as caller:
                await pick_up(page)
                await page.locator(".telephone-keypad summary").click()
                await page.locator("#telephone-keys").get_by_text("7", exact=True).click()
                await expect(page.locator("#telephone-keys-sent")).to_have_text("7")
                keys = await asyncio.to_thread(caller.heard_keys, 1)
                assert keys == "7"
                name = await pool.fetchval("select name from operators where login = 'op-08'")
                await page.get_by_label("Перевести", exact=True).select_option(label=name)
                await page.get_by_role("button", name="Перевести").click()
                await phase(page, "")
                await asyncio.to_thread(caller.wait_for_bye, 15.0)
        talks = await pool.fetch(
            "select o.login, t.kind from talks t join calls c on c.id = t.call_id join operators o on o.id = t.operator_id"
            " where c.caller = $1 order by t.began_at",
            phone,
        )
        assert [tuple(talk) for talk in talks] == [(LOGIN, "queue"), ("op-08", "transfer")]


async def test_a_pause_asked_for_in_a_talk_begins_after_it_and_one_of_the_recording_at_once(
    description: dict, tmp_path: Path
) -> None:
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            await page.get_by_role("button", name="Приостановить запись").click()
            await expect(page.get_by_text("Запись приостановлена")).to_be_visible(timeout=10_000)
            await page.get_by_role("button", name="Продолжить запись").click()
            await expect(page.get_by_text("Запись приостановлена")).to_be_hidden(timeout=10_000)
            await page.locator("#presence").get_by_text("Пауза").click()
            await expect(page.locator("#presence [data-wanted=paused]")).to_have_attribute("aria-pressed", "true")
            await expect(page.locator("#presence [data-wanted=available]")).to_have_attribute("aria-pressed", "false")
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            await hang_up(page, caller)
        await expect(page.locator("#state")).to_contain_text("На паузе", timeout=10_000)


async def test_one_hears_oneself(description: dict, tmp_path: Path) -> None:
    async with operator(description, LOGIN, tmp_path) as page:
        await page.get_by_role("button", name="Услышать себя").click()
        await phase(page, "talking")
        await expect(page.locator("#telephone-quality")).to_have_text("Слышно хорошо", timeout=15_000)
        await page.keyboard.press("F4")
        await phase(page, "")


async def test_a_page_loaded_again_in_a_talk_gets_its_caller_back(description: dict, tmp_path: Path) -> None:
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        name, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            await expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=10_000)
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            began = time.monotonic()
            await page.reload()
            await phase(page, "talking")
            print(f"back in {time.monotonic() - began:.1f} s")
            await expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=10_000)
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            await hang_up(page, caller)
        await until(lambda: recordings(pool, phone), "the recordings in the store", 30)
        first, second = await recordings(pool, phone)
        for key in (first, second):
            of_operator, of_caller = sound_of(description, key)
            assert share(of_operator, OPERATORS_TONE) > 0.4
            assert share(of_caller, CALLERS_TONE) > 0.4
        tickets = await pool.fetchval(
            "select count(*) from tickets t join calls c on c.id = t.call_id where c.caller = $1", phone
        )
        assert tickets == 1


async def test_a_caller_whose_operator_does_not_come_back_is_the_first_in_the_queue(
    description: dict, tmp_path: Path
) -> None:
    colleague = next(person for person in description["logins"] if person["login"] == "op-07")
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            await page.goto("about:blank")
            with telephone(description, colleague, tmp_path, talk_s=2):
                await on_the_line(description, "op-07")
                await asyncio.to_thread(caller.wait_for_bye, 40.0)
                await on_the_line(description, "op-07", Presence.OFFLINE)
        talks = await pool.fetch(
            "select o.login, t.kind from talks t join calls c on c.id = t.call_id join operators o on o.id = t.operator_id"
            " where c.caller = $1 order by t.began_at",
            phone,
        )
        assert [tuple(talk) for talk in talks] == [(LOGIN, "queue"), ("op-07", "queue")]
        await page.goto(f"{description['web']['url']}/workplace")
        await ready(page)
        await expect(page.locator("#state")).to_contain_text("нет связи")


async def test_a_talk_outlives_the_connection_beside_it(description: dict, tmp_path: Path) -> None:
    """The WebSocket breaks, as when a proxy is restarted; the sound goes on."""
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            contact = re.search(r"sip:web-op-09@\S+:(\d+)", cli(description, f"pjsip show aor {ACCOUNT}"))
            assert contact
            await asyncio.to_thread(break_connection, int(contact[1]))
            await until(
                lambda: contact[1] not in cli(description, f"pjsip show aor {ACCOUNT}"), "the end of the contact"
            )
            await ready(page)
            assert share(await listened(caller), OPERATORS_TONE) > 0.5
            await hang_up(page, caller)
        talks = await pool.fetchval(
            "select count(*) from talks t join calls c on c.id = t.call_id where c.caller = $1", phone
        )
        assert talks == 1


async def test_calls_come_and_are_answered_while_the_service_is_dead(description: dict, tmp_path: Path) -> None:
    service = Instance(Path(description["directory"])).pids()["callcenter"]
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        os.kill(service, signal.SIGSTOP)
        try:
            async with calling(description, phone, number) as caller:
                await pick_up(page)
                assert share(await listened(caller), OPERATORS_TONE) > 0.5
                await hang_up(page, caller)
        finally:
            os.kill(service, signal.SIGCONT)
        await until(lambda: recordings(pool, phone), "the recording in the store", 40)


async def test_one_tab_has_the_telephone_the_next_mirrors_it_and_gets_it_after(
    description: dict, tmp_path: Path
) -> None:
    async with operator(description, LOGIN, tmp_path) as page:
        other = await page.context.new_page()
        await other.goto(page.url)
        await expect(other.locator("#telephone-line")).to_have_text("В другой вкладке")
        await expect(page.locator("#telephone")).to_have_attribute("data-line", "ready")
        async with database(description) as pool:
            _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await phase(other, "ringing")
            await expect(other.locator("#telephone-caller")).to_contain_text(phone[-2:])
            await other.keyboard.press("F2")
            await phase(page, "talking")
            await phase(other, "talking")
            await other.keyboard.press("F8")
            await expect(page.locator("#telephone-line")).to_contain_text("Микрофон выключен")
            await expect(other.locator("#telephone-line")).to_contain_text("Микрофон выключен")
            await other.keyboard.press("F4")
            await asyncio.to_thread(caller.wait_for_bye, 5.0)
        await phase(other, "")
        await page.goto("about:blank")
        await ready(other)
        await other.close()
        await page.go_back()
        await ready(page)


async def test_another_browser_takes_the_telephone_over_and_logging_out_closes_it(
    description: dict, tmp_path: Path
) -> None:
    def registered() -> str:
        return cli(description, f"pjsip show aor {ACCOUNT}")

    async with operator(description, LOGIN, tmp_path) as page:
        take = page.get_by_role("button", name="Использовать здесь")
        async with workplace(description, LOGIN, tmp_path) as other:
            await expect(page.locator("#telephone-line")).to_have_text("Занят в другом месте")
            await take.click()
            await ready(page)
            await expect(other.locator("#telephone-line")).to_have_text("Занят в другом месте")
            await other.get_by_role("button", name="Использовать здесь").click()
            await ready(other)
            assert ACCOUNT + "/sip:" in registered()
            await other.get_by_role("button", name="Выйти").click()
            await expect(other.get_by_role("button", name="Войти")).to_be_visible()
            await until(lambda: ACCOUNT + "/sip:" not in registered(), "the end of the registration")
        await take.click()
        await ready(page)


async def test_a_computer_that_sleeps_in_a_talk_wakes_up_to_its_caller(description: dict, tmp_path: Path) -> None:
    """Nothing ends its WebSocket: Asterisk itself notices that no sound comes any more."""
    async with database(description) as pool, operator(description, LOGIN, tmp_path) as page:
        _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
        async with calling(description, phone, number) as caller:
            await pick_up(page)
            with asleep():
                await until(lambda: talks_over(pool, phone), "the end of the talk", 25)
            # What the page showed before it slept it shows at first.
            await hears_operator(caller)
            await phase(page, "talking")
            await hang_up(page, caller)
        kinds = await pool.fetch(
            "select t.kind from talks t join calls c on c.id = t.call_id where c.caller = $1", phone
        )
        assert sorted(row["kind"] for row in kinds) == ["queue", "transfer"]
