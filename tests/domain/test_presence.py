"""What operators want to be, and what becomes of it: pauses with a reason, the time after a talk, a telephone that vanishes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from callcenter.domain.commands import FinishRequest, KeepPresence, SetMember, ShowOperator
from callcenter.domain.events import (
    LinkLost,
    LinkRestored,
    OperatorAnswered,
    Presence,
    PresenceReason,
    TalkEnded,
    TelephoneVanished,
)
from callcenter.domain.ids import OperatorId, RequestId
from callcenter.domain.operator import OperatorStatus
from callcenter.domain.recording import RecordingName
from callcenter.domain.request import PresenceBody, RefusalReason, RequestState, WrapUpBody
from callcenter.domain.switchboard import Switchboard
from callcenter.domain.talk import Party, TalkKind
from tests.domain.playbook import ANNA, CALL, QUEUE, Playbook, at, operators, presence_asked, taken, tick

WRAP_UP_S = 30
FIRST, SECOND = (RecordingName.parse(f"node1-1.1_node1-1.{number}_5") for number in (2, 3))
ANSWERED = OperatorAnswered(call=CALL, at=at(5), operator=ANNA, recording=FIRST)
HUNG_UP = TalkEnded(call=CALL, at=at(9), operator=ANNA, recording=FIRST, began_at=at(5), by=Party.OPERATOR)
PAUSED, AVAILABLE = (SetMember(interface=ANNA, presence=each) for each in (Presence.PAUSED, Presence.AVAILABLE))


def shown(state: OperatorStatus, since: float, **more: object) -> ShowOperator:
    screen = ShowOperator(operator=OperatorId(1), state=state, phone_reachable=True, since=at(since))
    return replace(screen, **more)


@pytest.fixture
def playbook() -> Playbook:
    """Anna has talked and hung up; the wrap-up has begun."""
    made = Switchboard([QUEUE], operators(ANNA), wrap_up=timedelta(seconds=WRAP_UP_S))
    return Playbook(made) >> tick(8.9) >> ANSWERED >> HUNG_UP


def about_anna(playbook: Playbook) -> list[object]:
    return [each for each in playbook._commands if isinstance(each, SetMember | ShowOperator | KeepPresence)]


def test_after_a_talk_nobody_is_rung_until_the_time_is_over(playbook: Playbook) -> None:
    assert about_anna(playbook) == [PAUSED, shown(OperatorStatus.WRAP_UP, 9, until=at(9 + WRAP_UP_S))]
    playbook >> tick(9) >> tick(9 + WRAP_UP_S - 0.1)
    assert about_anna(playbook) == []
    playbook >> tick(9 + WRAP_UP_S)
    assert about_anna(playbook) == [AVAILABLE, shown(OperatorStatus.AVAILABLE, 9 + WRAP_UP_S)]


def test_the_wrap_up_is_ended_by_being_available(playbook: Playbook) -> None:
    playbook >> presence_asked(1, at(12), Presence.AVAILABLE)
    keep = KeepPresence(operator=OperatorId(1), wanted=Presence.AVAILABLE, at=at(12))
    member = replace(AVAILABLE, request=RequestId(1))
    assert about_anna(playbook) == [member, keep, shown(OperatorStatus.AVAILABLE, 12)]
    playbook >> tick(100)
    assert about_anna(playbook) == []


def test_what_is_asked_for_in_a_talk_is_shown_in_it_and_can_be_taken_back(playbook: Playbook) -> None:
    playbook >> replace(ANSWERED, at=at(20), recording=SECOND)
    playbook >> presence_asked(1, at(22), Presence.OFFLINE)
    assert shown(OperatorStatus.TALKING, 20, afterwards=Presence.OFFLINE) in about_anna(playbook)
    playbook >> presence_asked(2, at(23), Presence.AVAILABLE)
    assert shown(OperatorStatus.TALKING, 20) in about_anna(playbook)
    playbook >> presence_asked(3, at(24), Presence.OFFLINE)
    playbook >> replace(HUNG_UP, at=at(29), recording=SECOND, began_at=at(20))
    assert about_anna(playbook) == [shown(OperatorStatus.OFFLINE, 29)]


def test_the_wrap_up_is_prolonged_by_as_much_again(playbook: Playbook) -> None:
    playbook >> taken(1, at(12), WrapUpBody())
    playbook << [
        shown(OperatorStatus.WRAP_UP, 9, until=at(9 + 2 * WRAP_UP_S)),
        FinishRequest(request=RequestId(1), state=RequestState.DONE),
    ]
    playbook >> tick(9 + WRAP_UP_S)
    assert about_anna(playbook) == []


def test_a_clock_that_jumps_ends_no_wrap_up_and_prolongs_none(playbook: Playbook) -> None:
    playbook >> replace(tick(9), at=at(-900))
    playbook >> replace(tick(9 + WRAP_UP_S - 0.1), at=at(900))
    assert about_anna(playbook) == []
    playbook >> replace(tick(9 + WRAP_UP_S), at=at(-900))
    assert about_anna(playbook) == [AVAILABLE, shown(OperatorStatus.AVAILABLE, -900)]


def test_nothing_is_prolonged_that_is_over(playbook: Playbook) -> None:
    playbook >> tick(9) >> tick(50) >> taken(1, at(51), WrapUpBody())
    refused = FinishRequest(request=RequestId(1), state=RequestState.REFUSED, reason=RefusalReason.NO_WRAP_UP)
    playbook << [refused]


def test_who_asked_for_a_pause_in_the_talk_has_it_instead_of_the_wrap_up() -> None:
    made = Switchboard([QUEUE], operators(ANNA), wrap_up=timedelta(seconds=WRAP_UP_S))
    playbook = Playbook(made) >> ANSWERED >> taken(1, at(7), PresenceBody(wanted=Presence.PAUSED, pause="lunch"))
    playbook >> HUNG_UP
    assert about_anna(playbook) == [shown(OperatorStatus.PAUSED, 9, pause="lunch")]


def test_a_link_that_is_restored_in_the_wrap_up_sets_asterisk_to_it(playbook: Playbook) -> None:
    playbook >> LinkLost(at=at(10)) >> LinkRestored(at=at(11))
    assert about_anna(playbook) == [PAUSED, shown(OperatorStatus.WRAP_UP, 9, until=at(9 + WRAP_UP_S))]


def test_a_pause_has_a_reason_which_may_be_changed() -> None:
    playbook = Playbook() >> taken(1, at(1), PresenceBody(wanted=Presence.PAUSED, pause="break"))
    keep = KeepPresence(operator=OperatorId(1), wanted=Presence.PAUSED, at=at(1), pause="break")
    assert about_anna(playbook) == [
        replace(PAUSED, request=RequestId(1)),
        keep,
        shown(OperatorStatus.PAUSED, 1, pause="break"),
    ]
    playbook >> taken(2, at(2), PresenceBody(wanted=Presence.PAUSED, pause="lunch"))
    assert shown(OperatorStatus.PAUSED, 2, pause="lunch") in about_anna(playbook)
    playbook >> presence_asked(3, at(3), Presence.AVAILABLE)
    assert about_anna(playbook)[-1] == shown(OperatorStatus.AVAILABLE, 3)


def test_whose_telephone_vanishes_is_paused_at_once_and_on_the_line_again_with_the_caller() -> None:
    reason = PresenceReason.NO_CONNECTION
    playbook = Playbook() >> ANSWERED >> replace(HUNG_UP, by=Party.TRANSFER)
    playbook >> TelephoneVanished(at=at(9), operator=ANNA)
    assert about_anna(playbook) == [
        PAUSED,
        KeepPresence(operator=OperatorId(1), wanted=Presence.PAUSED, at=at(9), reason=reason),
        shown(OperatorStatus.PAUSED, 9, reason=reason),
    ]
    playbook >> replace(ANSWERED, at=at(12), recording=SECOND, kind=TalkKind.TRANSFER)
    assert about_anna(playbook) == [
        AVAILABLE,
        KeepPresence(operator=OperatorId(1), wanted=Presence.AVAILABLE, at=at(12)),
        shown(OperatorStatus.TALKING, 12),
    ]


def test_whose_telephone_vanishes_on_a_pause_stays_as_they_wanted() -> None:
    playbook = Playbook() >> taken(1, at(1), PresenceBody(wanted=Presence.PAUSED, pause="break"))
    playbook >> TelephoneVanished(at=at(9), operator=ANNA)
    playbook << []
