"""A telephone vanishes during a talk, on a real Asterisk: no packet and no answer come from it any more."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callcenter.domain.talk import Party
from callcenter.telephony.leg_watch import ANSWERS_WITHIN_S, SILENT_S
from callcenter.telephony.render import Directory
from stack.sip_message import Message
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk
from tests.e2e.caller import Caller
from tests.e2e.service import Service, service
from tests.e2e.telephone import Telephone
from tests.telephony.helpers import until

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NUMBER = "74951234567"
RESIDENT = "+79160000001"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=(("op-01", "secret-1"),))
# RFC 4028 allows no shorter interval. Its half is when the telephone is asked.
INTERVAL_S = 90
# Requests without an answer are given up after 64 of these.
T1_MS = 100
PATIENCE_S = 60.0


def shorten_timers(etc: Path) -> None:
    path = etc / "pjsip.conf"
    before, operator, after = path.read_text().partition("[operator](!)")
    assert "timers_sess_expires = 600" in after
    after = after.replace("timers_sess_expires = 600", f"timers_sess_expires = {INTERVAL_S}")
    system = f"[system]\ntype = system\ntimer_t1 = {T1_MS}\ntimer_b = {64 * T1_MS}\n\n"
    path.write_text(system + before + operator + after)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    with asterisk(tmp_path_factory.mktemp("asterisk"), DIRECTORY, shorten_timers, ring_s=3, max_wait_s=60) as instance:
        yield instance


@asynccontextmanager
async def talk(pbx: AsteriskInstance) -> AsyncIterator[tuple[Service, Telephone, Caller, Message]]:
    """A resident talks with the operator; the last is the call as the telephone got it."""
    with Telephone(pbx, "op-01") as phone, Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
        assert await asyncio.to_thread(phone.register) == 200
        async with service(pbx, "op-01") as made:
            assert await asyncio.to_thread(caller.invite) == 200
            await until(lambda: made.switchboard.legs() != [])
            yield made, phone, caller, phone.invites()[0]


def ends(made: Service) -> list[Party | None]:
    """Who ended each talk."""
    call = made.call_of(RESIDENT)
    return [] if call is None else [talk.by for talk in call.talks]


async def test_the_caller_of_a_telephone_that_vanished_is_back_with_it_and_nobody_hung_up(
    pbx: AsteriskInstance,
) -> None:
    async with talk(pbx) as (made, phone, caller, _):
        vanished_at = time.monotonic()
        phone.listens = False
        await until(lambda: ends(made) == [Party.NETWORK], PATIENCE_S)
        assert time.monotonic() - vanished_at > SILENT_S
        call = made.call_of(RESIDENT)
        assert call is not None
        assert call.ended_by is Party.NETWORK
        phone.listens = True
        await until(lambda: ends(made) == [Party.NETWORK, None], PATIENCE_S)
        assert any("answer-after" in each.headers.get("call-info", "") for each in phone.invites())
        assert caller.up
        caller.hang_up()
        await until(lambda: ends(made) == [Party.NETWORK, Party.CALLER])
    (first, _) = [line[-1] for line in pbx.ledger() if line[4] == "TALKENDED"][-2:]
    assert first == "network"


@pytest.mark.parametrize("held", [False, True], ids=["muted", "hold"])
async def test_a_silent_telephone_that_answers_has_not_vanished(pbx: AsteriskInstance, held: bool) -> None:
    """One that leaves silence out sends nothing while its operator is muted or listens; one on hold neither."""
    async with talk(pbx) as (made, phone, caller, call):
        if held:
            assert await asyncio.to_thread(phone.hold, call) == 200
        asked = questions(phone)
        # What came of the second is decided when the third comes.
        await until(lambda: questions(phone) == asked + 3, PATIENCE_S)
        await goes_on(made, caller)


async def test_a_telephone_that_is_heard_has_not_vanished_though_it_does_not_answer(pbx: AsteriskInstance) -> None:
    async with talk(pbx) as (made, phone, caller, call):
        phone.listens = False
        with phone.sending(call) as sent:
            await until(lambda: not made.ready(1) and sent() > 50 * (SILENT_S + ANSWERS_WITHIN_S) + 100, PATIENCE_S)
            phone.listens = True
            await goes_on(made, caller)


def questions(phone: Telephone) -> int:
    """How often it was asked whether it is there."""
    return sum(each.method == "OPTIONS" for each in phone.heard)


async def goes_on(made: Service, caller: Caller) -> None:
    """The talk does, and is the caller's to end."""
    assert ends(made) == [None]
    caller.hang_up()
    await until(lambda: ends(made) == [Party.CALLER])


async def test_without_the_service_the_session_timer_ends_the_leg_and_the_caller_waits_again(
    pbx: AsteriskInstance,
) -> None:
    with Telephone(pbx, "op-01") as phone, Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
        assert await asyncio.to_thread(phone.register) == 200
        with pbx.events() as events, pbx.actions() as manager:
            manager.act("QueueAdd", Queue="operators", Interface="PJSIP/op-01")
            assert await asyncio.to_thread(caller.invite) == 200
            await asyncio.to_thread(events.wait_event, "UserEvent", UserEvent="TalkBegan")
            phone.listens = False
            over = await asyncio.to_thread(events.wait_event, "UserEvent", INTERVAL_S, UserEvent="TalkEnded")
            assert over["By"] == "network"
            await asyncio.to_thread(events.wait_event, "UserEvent", UserEvent="CallReturned")
            assert caller.up
            manager.act("QueueRemove", Queue="operators", Interface="PJSIP/op-01")
