"""Which telephones are taken for vanished: those that are silent and do not answer."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

import pytest

from callcenter.domain.commands import EndSilentLeg
from callcenter.domain.ids import Interface
from callcenter.telephony import leg_watch
from callcenter.telephony.connection import Account, AmiConnection
from callcenter.telephony.leg_watch import PACKETS, LegWatch
from tests.telephony.fake_ami import FakeAmi, fake_ami, refusal, success
from tests.telephony.helpers import running, until

CHANNEL = "PJSIP/op-01-1"
LEGS = [(Interface("PJSIP/op-01"), CHANNEL)]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_S", "ANSWERS_WITHIN_S", "CLOSED_SILENT_S", "HEARD_AGAIN_WITHIN_S"):
        monkeypatch.setattr(leg_watch, name, 0.01)
    monkeypatch.setattr(leg_watch, "SILENT_S", 0.05)


@asynccontextmanager
async def watching(
    packets: Callable[[], int], state: Callable[[], str | None], legs: list[tuple[Interface, str]]
) -> AsyncIterator[tuple[FakeAmi, LegWatch]]:
    """`state`: of the telephone's contact; None when it is not registered."""
    async with fake_ami() as ami:

        def answer(fields: dict[str, str]) -> bytes:
            if fields["Variable"] == PACKETS:
                return success(fields, Value=str(packets()))
            if fields["Variable"].startswith("PJSIP_AOR"):
                return success(fields, Value="" if state() is None else "op-01;@1")
            return success(fields, Value=state() or "")

        ami.answers |= {"Getvar": answer, "PJSIPQualify": success, "Hangup": success}
        connection = AmiConnection(Account.ACTIONS, ami.settings())
        watch = LegWatch(connection, lambda: legs, 0.2)
        async with running(connection.run(), watch.run()):
            await connection.wait_connected()
            yield ami, watch


@pytest.mark.parametrize("state", ["Unreachable", None])
async def test_a_silent_telephone_that_does_not_answer_has_vanished(state: str | None) -> None:
    async with watching(lambda: 150, lambda: state, LEGS) as (ami, _):
        await until(lambda: ami.count("Hangup") == 1)
        ended = next(fields for fields in ami.heard if fields["Action"] == "Hangup")
        assert (ended["Channel"], ended["Cause"]) == (CHANNEL, "44")


@pytest.mark.parametrize("state", ["Reachable", "NonQualified"])
async def test_a_silent_telephone_that_answers_is_asked_again_and_again(state: str) -> None:
    async with watching(lambda: 150, lambda: state, LEGS) as (ami, _):
        await until(lambda: ami.count("PJSIPQualify") == 3)
        assert ami.count("Hangup") == 0


async def test_a_telephone_that_is_heard_is_not_asked() -> None:
    async with watching(count(1).__next__, lambda: "Unreachable", LEGS) as (ami, _):
        await until(lambda: ami.count("Getvar") > 20)
        assert ami.count("PJSIPQualify") == ami.count("Hangup") == 0


async def test_one_that_is_heard_while_it_is_asked_is_there() -> None:
    asked = 0

    def state() -> str:
        nonlocal asked
        asked += 1
        return "Unreachable"

    async with watching(lambda: 150 + asked, state, LEGS) as (ami, _):
        await until(lambda: ami.count("PJSIPQualify") == 3)
        assert ami.count("Hangup") == 0


async def test_a_vanished_telephone_is_asked_whether_it_is_back() -> None:
    legs = list(LEGS)
    async with watching(lambda: 150, lambda: "Unreachable" if ami.count("PJSIPQualify") < 4 else "Reachable", legs) as (
        ami,
        _,
    ):
        await until(lambda: ami.count("Hangup") == 1)
        legs.clear()
        await until(lambda: ami.count("PJSIPQualify") == 4)


async def test_a_leg_that_asterisk_does_not_know_any_more_is_left_alone() -> None:
    async with watching(lambda: 150, lambda: "Unreachable", LEGS) as (ami, watch):
        ami.answers["Getvar"] = lambda fields: refusal(fields, "No such channel")
        watch.submit(EndSilentLeg(channel=CHANNEL))
        await until(lambda: ami.count("Getvar") > 10)
        assert ami.count("PJSIPQualify") == ami.count("Hangup") == 0


@pytest.mark.parametrize(
    ("counts", "state", "ended"),
    [
        ((150, 150), None, True),
        ((150, 150), "Unreachable", True),
        ((150, 175), None, False),
        ((150, 150, 150), "Reachable", True),
        ((150, 150, 175), "NonQualified", False),
    ],
    ids=["silent", "silent and gone", "heard", "silent though registered again", "heard again by another network"],
)
async def test_one_in_a_browser_whose_connection_ended_is_looked_at_at_once(
    counts: tuple[int, ...], state: str | None, ended: bool
) -> None:
    left = list(counts)
    async with watching(lambda: left.pop(0), lambda: state, []) as (ami, watch):
        watch.submit(EndSilentLeg(channel="PJSIP/web-anna-0000001f"))
        await until(lambda: not left and ami.count("Hangup") == int(ended))
        assert ami.count("PJSIPQualify") == 0
        asked = {fields["Variable"] for fields in ami.heard if fields["Action"] == "Getvar"} - {PACKETS}
        assert ("PJSIP_AOR(web-anna,contact)" in asked) == (counts[:2] == (150, 150))
