"""Queues and telephones that Asterisk was given, or that were taken away, while the switchboard works."""

from dataclasses import replace

import pytest

from callcenter.domain.commands import Command, EndTalk, SetMember, ShowOperator, ShowQueues
from callcenter.domain.events import Event, Presence, Source
from callcenter.domain.floor import RosterChanged
from callcenter.domain.ids import Interface, OperatorId, QueueName
from callcenter.domain.operator import Operator, OperatorStatus
from callcenter.domain.switchboard import Switchboard
from tests.domain.playbook import ANNA, BORIS, QUEUE, at, operators, tick
from tests.domain.test_switchboard import ANSWERED, ARRIVED, ENDED, QUEUED, TALKED

NEW_QUEUE = QueueName("74957654321")
ANNAS, BORISES = operators(ANNA, BORIS)
OLGAS = replace(ANNAS, id=OperatorId(9), interface=Interface("PJSIP/olga"))


@pytest.fixture
def switchboard() -> Switchboard:
    return Switchboard([QUEUE], [ANNAS, BORISES])


def given(*people: Operator, queues: tuple[QueueName, ...] = (QUEUE,), more_queues: bool = False) -> RosterChanged:
    return RosterChanged(at=at(5), source=Source.RECONCILE, queues=queues, more_queues=more_queues, operators=people)


def steps(switchboard: Switchboard, *events: Event) -> list[Command]:
    return [command for event in events for command in switchboard.step(event)]


def members(commands: list[Command]) -> list[tuple[Interface, Presence]]:
    return [(each.interface, each.presence) for each in commands if isinstance(each, SetMember)]


def lines(switchboard: Switchboard) -> list[QueueName]:
    return [
        line.queue
        for command in switchboard.step(tick(60))
        if isinstance(command, ShowQueues)
        for line in command.queues
    ]


def test_what_is_known_already_changes_nothing(switchboard: Switchboard) -> None:
    assert switchboard.step(given(ANNAS, BORISES)) == []


def test_a_telephone_that_was_given_is_a_member_as_its_operator_wants(switchboard: Switchboard) -> None:
    commands = switchboard.step(given(ANNAS, BORISES, OLGAS))
    assert members(commands) == [(OLGAS.interface, Presence.AVAILABLE)]
    assert [each.operator for each in commands if isinstance(each, ShowOperator)] == [OLGAS.id]


def test_a_new_queue_gets_all_members_and_is_on_the_board(switchboard: Switchboard) -> None:
    assert lines(switchboard) == [QUEUE]
    commands = switchboard.step(given(ANNAS, BORISES, queues=(QUEUE, NEW_QUEUE), more_queues=True))
    assert members(commands) == [(ANNA, Presence.AVAILABLE), (BORIS, Presence.AVAILABLE)]
    assert lines(switchboard) == [QUEUE, NEW_QUEUE]
    assert lines(switchboard) == []


def test_a_telephone_that_was_taken_away_leaves_the_queues_and_the_board(switchboard: Switchboard) -> None:
    commands = switchboard.step(given(BORISES))
    assert members(commands) == [(ANNA, Presence.OFFLINE)]
    [shown] = [each for each in commands if isinstance(each, ShowOperator)]
    assert (shown.operator, shown.state, shown.phone_reachable) == (ANNAS.id, OperatorStatus.OFFLINE, False)
    assert switchboard.step(given(BORISES)) == []


def test_a_telephone_taken_away_during_its_talk_keeps_the_talk(switchboard: Switchboard) -> None:
    steps(switchboard, ARRIVED, QUEUED, ANSWERED)
    assert members(switchboard.step(given(BORISES))) == [(ANNA, Presence.OFFLINE)]
    ended = switchboard.step(TALKED)
    assert [each.operator for each in ended if isinstance(each, EndTalk)] == [ANNAS.id]
    assert [each.state for each in ended if isinstance(each, ShowOperator)] == [OperatorStatus.OFFLINE]


def test_a_telephone_given_to_another_operator_is_that_ones(switchboard: Switchboard) -> None:
    new = replace(OLGAS, interface=ANNA, wanted=Presence.PAUSED)
    commands = switchboard.step(given(new, BORISES))
    assert members(commands) == [(ANNA, Presence.OFFLINE), (ANNA, Presence.PAUSED)]
    assert [each.operator for each in commands if isinstance(each, ShowOperator)] == [ANNAS.id, OLGAS.id]


def test_a_queue_that_was_removed_is_shown_until_its_callers_have_left(switchboard: Switchboard) -> None:
    steps(switchboard, ARRIVED, QUEUED, given(ANNAS, BORISES, queues=(NEW_QUEUE,)))
    assert lines(switchboard) == [QUEUE, NEW_QUEUE]
    steps(switchboard, ANSWERED, TALKED, given(ANNAS, BORISES, queues=(NEW_QUEUE,)), ENDED)
    # For the last time: nobody is in it any more, so the screens take it away.
    assert lines(switchboard) == [QUEUE, NEW_QUEUE]
