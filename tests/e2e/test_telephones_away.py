"""Telephones that cannot be reached, on a real Asterisk with the service's own view of it: nobody waits for them."""

import asyncio
from collections.abc import Iterator

import pytest

from callcenter.domain.commands import KeepPresence, OpenTicket
from callcenter.domain.events import OperatorMissed, Presence, PresenceReason
from callcenter.domain.ids import OPERATORS
from callcenter.recordings.wav import inspect
from callcenter.telephony.ledger_line import parse_line
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller
from tests.e2e.service import service
from tests.e2e.telephone import Telephone
from tests.telephony.helpers import until

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NUMBER = "74951234567"
NAMES = ("op-01", "op-02")
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=tuple((name, f"secret-{name}") for name in NAMES))
SEEN_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    with asterisk(tmp_path_factory.mktemp("asterisk"), DIRECTORY, ring_s=10, max_wait_s=120) as instance:
        yield instance


def missed(pbx: AsteriskInstance) -> int:
    """Missed rings in the ledger."""
    return sum(isinstance(parse_line("|".join(line)), OperatorMissed) for line in pbx.ledger())


async def test_a_telephone_that_sends_calls_elsewhere_costs_the_caller_nothing(pbx: AsteriskInstance) -> None:
    with Telephone(pbx, "op-01") as moved, pbx.operator("operator_hangs_up", "op-02"):
        moved.answer = lambda: ("302 Moved Temporarily", "Contact: <sip:op-02@127.0.0.1>")
        assert await asyncio.to_thread(moved.register) == 200
        async with service(pbx, "op-01", "op-02") as made:
            # Whose turn it is first is app_queue's choice; with two it is everybody's within two calls.
            while not moved.invites():
                with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
                    assert await asyncio.to_thread(caller.invite) == 200
                    await asyncio.to_thread(caller.wait_for_bye, 20)
            assert len(moved.invites()) == 1
            ticket = next(order for order in reversed(made.orders) if isinstance(order, OpenTicket))
            assert [talk.operator for talk in ticket.call.talks] == ["PJSIP/op-02"]
            name = str(ticket.call.talks[0].recording)
            (path,) = await asyncio.to_thread(wait_for, lambda: pbx.recordings(name), "the recording")
            assert inspect(path).duration_s == pytest.approx(2, abs=0.5)
            await until(lambda: missed(pbx) == 1)
            assert made.ready(1), "one call is no reason"


async def test_a_telephone_that_sends_every_call_elsewhere_is_paused_after_the_third(pbx: AsteriskInstance) -> None:
    before = missed(pbx)
    with Telephone(pbx, "op-01") as moved:
        moved.answer = lambda: ("302 Moved Temporarily", "Contact: <sip:%2B79001234567@127.0.0.2>")
        assert await asyncio.to_thread(moved.register) == 200
        async with service(pbx, "op-01") as made:
            with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
                assert await asyncio.to_thread(caller.invite) == 200
                await until(lambda: any(isinstance(order, KeepPresence) for order in made.orders))
                await until(lambda: "(paused" in pbx.cli(f"queue show {OPERATORS}"))
                caller.hang_up()
            kept = [order for order in made.orders if isinstance(order, KeepPresence)]
            assert [(each.wanted, each.reason) for each in kept] == [(Presence.PAUSED, PresenceReason.UNANSWERED)]
            shown = made.shown(1)
            assert shown is not None
            assert (shown.state, shown.reason) == ("paused", PresenceReason.UNANSWERED)
        assert len(moved.invites()) == 3
    await until(lambda: missed(pbx) == before + 3)


async def test_a_telephone_without_power_is_seen_within_a_minute_and_not_rung(pbx: AsteriskInstance) -> None:
    with Telephone(pbx, "op-01") as dark, Telephone(pbx, "op-02") as common:
        for telephone in (dark, common):
            assert await asyncio.to_thread(telephone.register) == 200
        async with service(pbx, "op-01", "op-02") as made:
            dark.listens = False
            await until(lambda: not made.ready(1), SEEN_WITHIN_S)
            shown = made.shown(1)
            assert shown is not None
            assert (shown.state, shown.phone_reachable) == ("available", False)
            assert made.ready(2)
            heard: list[str] = []
            with pbx.events() as events:
                for _ in range(2):
                    with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
                        assert await asyncio.to_thread(caller.invite) == 200
                        rang = await asyncio.to_thread(events.wait_event, "AgentCalled")
                        heard.append(rang["Interface"])
                        await asyncio.to_thread(events.wait_event, "UserEvent", UserEvent="TalkBegan")
                        caller.hang_up()
                    await until(lambda: made.ready(2))
            assert heard == ["PJSIP/op-02"] * 2
            dark.listens = True
            await until(lambda: made.ready(1), SEEN_WITHIN_S)
