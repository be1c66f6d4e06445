"""Whom an outage concerns of those who wait, or are on the way to the queue."""

from dataclasses import replace

import pytest

from callcenter.domain.card import Card
from callcenter.domain.commands import WithdrawCaller
from callcenter.domain.events import (
    AnnouncementBegan,
    AnnouncementsOver,
    CallArrived,
    CallQueued,
    CallReturned,
    CallWithdrawn,
    CardPrepared,
    Event,
    OperatorAnswered,
    OutageAnnounced,
    Source,
    TalkEnded,
)
from callcenter.domain.ids import QueueName
from callcenter.domain.recording import RecordingName
from callcenter.domain.talk import Party
from tests.domain.playbook import ANNA, CALL, QUEUE, Playbook, at

CALLER, CHANNEL = "+79161234567", "PJSIP/trunk-1"
RECORDING = RecordingName.parse("node1-1.1_node1-1.2_5")
ARRIVED = CallArrived(call=CALL, at=at(0), did=QUEUE, caller=CALLER, channel=CHANNEL)
QUEUED = CallQueued(call=CALL, at=at(12), queue=QUEUE)
ANNOUNCED = OutageAnnounced(at=at(8), outage=7, dids=frozenset({QUEUE}), callers=frozenset({CALLER}))
OTHERS = replace(ANNOUNCED, callers=frozenset())
TOLD = WithdrawCaller(call=CALL, channel=CHANNEL)
RESIDENT = CardPrepared(call=CALL, at=at(1), card=Card(caller=CALLER, did=QUEUE, resident="Анна", resident_id=3))


def withdrawn(playbook: Playbook, *events: Event) -> list[WithdrawCaller]:
    """Who is taken out of the queue by these events."""
    commands = [command for event in events for command in playbook.switchboard.step(event)]
    return [command for command in commands if isinstance(command, WithdrawCaller)]


@pytest.fixture
def playbook() -> Playbook:
    return Playbook() >> ARRIVED


def test_whoever_waits_already_is_told_at_once(playbook: Playbook) -> None:
    assert withdrawn(playbook, QUEUED) == []
    assert withdrawn(playbook, replace(ANNOUNCED, at=at(20))) == [TOLD]


def test_whoever_was_on_the_way_is_told_when_joining(playbook: Playbook) -> None:
    assert withdrawn(playbook, ANNOUNCED) == []
    assert withdrawn(playbook, QUEUED) == [TOLD]


def test_of_two_outages_the_caller_is_taken_out_once(playbook: Playbook) -> None:
    assert withdrawn(playbook, ANNOUNCED, replace(ANNOUNCED, outage=8), QUEUED) == [TOLD]


def test_who_arrived_later_was_looked_up_by_the_dialplan(playbook: Playbook) -> None:
    assert withdrawn(playbook, replace(ANNOUNCED, at=at(-1)), QUEUED) == []


@pytest.mark.parametrize(
    "before",
    [
        (
            AnnouncementBegan(call=CALL, at=at(9), outage=7, number=41),
            AnnouncementsOver(call=CALL, at=at(11), keys="1"),
        ),
        (AnnouncementsOver(call=CALL, at=at(11), keys="0"),),
        (CallWithdrawn(call=CALL, at=at(11)),),
    ],
)
def test_who_was_told_already_is_left_alone(playbook: Playbook, before: tuple[Event, ...]) -> None:
    assert withdrawn(playbook, ANNOUNCED, *before, QUEUED) == []


def test_a_resident_of_another_house_is_left_alone_and_a_stranger_is_not(playbook: Playbook) -> None:
    assert withdrawn(playbook, OTHERS, RESIDENT, QUEUED) == []
    assert withdrawn(Playbook() >> ARRIVED, OTHERS, QUEUED) == [TOLD]


def test_another_companys_outage_concerns_nobody_here(playbook: Playbook) -> None:
    assert withdrawn(playbook, replace(ANNOUNCED, dids=frozenset({QueueName("7")})), QUEUED) == []


def test_who_has_talked_to_an_operator_is_never_taken_over(playbook: Playbook) -> None:
    talk = OperatorAnswered(call=CALL, at=at(15), operator=ANNA, recording=RECORDING, channel="PJSIP/op-01-2")
    over = TalkEnded(call=CALL, at=at(19), operator=ANNA, recording=RECORDING, began_at=at(15), by=Party.TRANSFER)
    back = CallReturned(call=CALL, at=at(19), queue=QUEUE)
    withdrawn(playbook, replace(QUEUED, at=at(3)), talk, over, back)
    assert withdrawn(playbook, replace(ANNOUNCED, at=at(30))) == []


def test_the_ledger_takes_nobody_out(playbook: Playbook) -> None:
    assert withdrawn(playbook, ANNOUNCED, replace(QUEUED, source=Source.LEDGER)) == []


def test_an_outage_that_was_announced_long_ago_is_forgotten(playbook: Playbook) -> None:
    assert withdrawn(playbook, ANNOUNCED, replace(ANNOUNCED, at=at(2000), outage=8, callers=frozenset({"+7"}), dids=frozenset()), QUEUED) == []  # fmt: skip
