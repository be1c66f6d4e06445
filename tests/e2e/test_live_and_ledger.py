"""A real call, heard by AMI and read from the ledger: the same story twice, through a rotation."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta

import pytest

from callcenter.domain.events import (
    AnnouncementBegan,
    AnnouncementEnded,
    AnnouncementsOver,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallEvent,
    CallQueued,
    Event,
    LedgerRead,
    NodeRestarted,
    NumberRejected,
    OperatorAnswered,
    OperatorRang,
    PhoneChanged,
    QueueTimedOut,
    Source,
    TalkEnded,
)
from callcenter.domain.ids import OPERATORS
from callcenter.telephony.ledger import Ledger
from callcenter.telephony.node import Node
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk
from tests.e2e.caller import Caller
from tests.telephony.helpers import running, until

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    directory = Directory(numbers=((NUMBER, "ru"),), endpoints=(("op-01", "secret"),))
    with asterisk(tmp_path_factory.mktemp("asterisk"), directory, max_wait_s=10) as instance:
        yield instance


class Both:
    """A node and its ledger, and what they told."""

    def __init__(self, pbx: AsteriskInstance) -> None:
        self.events: list[Event] = []
        self.node = Node(pbx.settings.ami, self.events.append)
        self.ledger = Ledger(pbx.home / "log" / "queue_log", 0.5, self.events.append, poll_s=0.05)

    def story(self, source: Source) -> list[CallEvent]:
        """Of the calls that were heard live: the ledger begins with those of earlier tests."""
        facts = [event for event in self.events if isinstance(event, CallEvent)]
        heard = {fact.call for fact in facts if fact.source is Source.LIVE}
        return [fact for fact in facts if fact.source is source and fact.call in heard]

    def ended(self, source: Source) -> bool:
        return any(isinstance(event, CallEnded) for event in self.story(source))

    def run(self) -> AbstractAsyncContextManager[None]:
        return running(self.node.run(), self.ledger.run())


def kinds(story: list[CallEvent]) -> list[type[CallEvent]]:
    return [type(event) for event in story]


def told(story: list[CallEvent]) -> list[CallEvent]:
    """Without rings, and the talk's end before the call's: two channels end at once, either is told of first."""
    return sorted((event for event in story if not isinstance(event, OperatorRang)), key=_is_end)


def _is_end(event: CallEvent) -> bool:
    return isinstance(event, CallEnded)


async def test_an_answered_call_is_the_same_story_twice(pbx: AsteriskInstance) -> None:
    both = Both(pbx)
    async with both.run():
        await until(both.node.restored.is_set)
        await both.node.actions.action("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01", Paused="false")
        with pbx.operator("operator_hangs_up"), pbx.call(NUMBER):
            await until(lambda: both.ended(Source.LIVE), 20)
            pbx.cli("logger rotate")
            await until(lambda: both.ended(Source.LEDGER), 20)
        await both.node.actions.action("QueueRemove", Queue=OPERATORS, Interface="PJSIP/op-01")
        await until(lambda: any(isinstance(event, LedgerRead) for event in both.events))
    live, ledger = told(both.story(Source.LIVE)), told(both.story(Source.LEDGER))
    assert kinds(ledger) == [CallArrived, CallQueued, OperatorAnswered, TalkEnded, CallEnded]
    assert kinds(live) == kinds(ledger)
    assert len({event.call for event in (*live, *ledger)}) == 1
    for first, second in zip(live, ledger, strict=True):
        assert abs(first.at - second.at) < timedelta(seconds=1.1)
        assert both.events.index(first) < both.events.index(second), "the live view is first"
    assert isinstance(live[0], CallArrived)
    assert live[0].channel.startswith("PJSIP/trunk-")
    starts = [event.at for event in both.events if isinstance(event, NodeRestarted)]
    assert max(starts) < live[0].at, "a rotated ledger is no restart"
    assert any(isinstance(event, PhoneChanged) and event.reachable for event in both.events)


async def test_a_caller_whom_the_queue_lets_go_has_not_abandoned(pbx: AsteriskInstance) -> None:
    both = Both(pbx)
    async with both.run():
        await until(both.node.restored.is_set)
        with pbx.call(NUMBER):
            await until(lambda: both.ended(Source.LIVE) and both.ended(Source.LEDGER), 25)
    # Live, app_queue calls it an abandon first.
    live = [CallArrived, CallQueued, CallerAbandoned, QueueTimedOut, CallEnded]
    assert kinds(both.story(Source.LIVE)) == live
    assert kinds(both.story(Source.LEDGER)) == [kind for kind in live if kind is not CallerAbandoned]


async def test_a_number_of_nobody_is_the_same_story_twice(pbx: AsteriskInstance) -> None:
    both = Both(pbx)
    async with both.run():
        await until(both.node.restored.is_set)
        with pbx.call("74990000000"):
            await until(lambda: both.ended(Source.LIVE) and both.ended(Source.LEDGER), 15)
    assert kinds(both.story(Source.LIVE)) == [CallArrived, NumberRejected, CallEnded]
    assert kinds(both.story(Source.LEDGER)) == [CallArrived, NumberRejected, CallEnded]


@pytest.mark.parametrize(("keys", "whole"), [("31", [False, False]), ("", [True])], ids=["keys", "to the end"])
async def test_what_was_heard_of_an_outage_and_pressed_is_the_same_story_twice(
    pbx: AsteriskInstance, keys: str, whole: list[bool]
) -> None:
    folder = pbx.home / "spool" / "callcenter" / "announcements"
    for path, content in (("said/abc.alaw", b"\xd5" * 8000), (f"by-number/{NUMBER}/+79161234567", b"17-41-abc")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    for number in ("41", "pause"):
        (folder / "numbers" / "ru").mkdir(parents=True, exist_ok=True)
        (folder / "numbers" / "ru" / f"{number}.alaw").write_bytes(b"\xd5" * 800)
    both = Both(pbx)

    def begun() -> int:
        return kinds(both.story(Source.LIVE)).count(AnnouncementBegan)

    def heard() -> int:
        return kinds(both.story(Source.LIVE)).count(AnnouncementEnded)

    async with both.run():
        await until(both.node.restored.is_set)
        with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode(), b"<sip:+79161234567@127.0.0.2>") as caller:
            assert await asyncio.to_thread(caller.invite) == 200
            for times, key in enumerate(keys, 1):
                await until(lambda: begun() == times, 20)  # noqa: B023
                await asyncio.to_thread(caller.press, key)
            await until(lambda: heard() == len(whole), 20)
            caller.hang_up()
            await until(lambda: both.ended(Source.LIVE) and both.ended(Source.LEDGER), 20)
    of_outage = (AnnouncementBegan, AnnouncementEnded, AnnouncementsOver)
    live, ledger = (
        [event for event in both.story(source) if isinstance(event, of_outage)]
        for source in (Source.LIVE, Source.LEDGER)
    )
    assert ledger == [replace(event, source=Source.LEDGER) for event in live]
    assert [event.whole for event in live if isinstance(event, AnnouncementEnded)] == whole
    assert [event.keys for event in live if isinstance(event, AnnouncementsOver)] == [keys]
    assert {event.outage for event in live if isinstance(event, AnnouncementBegan)} == {17}
