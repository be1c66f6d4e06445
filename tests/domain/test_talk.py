"""Who ended a talk, when the telephone that hands a caller on hangs up before Asterisk does."""

from dataclasses import replace

import pytest

from callcenter.domain.recording import RecordingName
from callcenter.domain.talk import Party, Talk, TalkKind, settle

from .playbook import ANNA, BORIS, at

FIRST = Talk(
    recording=RecordingName.parse("node1-1.1_node1-1.2_1"),
    kind=TalkKind.QUEUE,
    operator=ANNA,
    began_at=at(0),
    ended_at=at(9),
    by=Party.OPERATOR,
)
COLLEAGUES = Talk(
    recording=RecordingName.parse("node1-1.1_node1-1.3_5"),
    kind=TalkKind.TRANSFER,
    operator=BORIS,
    began_at=at(5),
    by=None,
)


def test_a_talk_whose_telephone_vanished_was_no_transfer():
    vanished = replace(FIRST, by=Party.NETWORK)
    assert settle((vanished, COLLEAGUES), (at(9.1),)) == (vanished, COLLEAGUES)


@pytest.mark.parametrize("by", [Party.OPERATOR, Party.CALLER, Party.TRANSFER])
def test_a_caller_who_goes_on_to_a_colleague_was_sent_on_whoever_hung_up(by: Party):
    first = replace(FIRST, by=by)
    assert [talk.by for talk in settle((first, COLLEAGUES), ())] == [Party.TRANSFER, None]


def test_so_was_one_who_goes_back_to_the_queue():
    assert settle((FIRST,), (at(9.1),)) == (replace(FIRST, by=Party.TRANSFER),)


def test_the_last_talk_ends_as_it_was_reported():
    assert settle((FIRST,), ()) == (FIRST,)
    assert settle((FIRST,), (at(-1),)) == (FIRST,)


def test_a_consultation_takes_nobody_along():
    consultation = replace(COLLEAGUES, kind=TalkKind.CONSULTATION, by=Party.OPERATOR)
    assert settle((FIRST, consultation), ()) == (FIRST, consultation)


def test_a_talk_without_a_reported_end_has_none():
    going_on = replace(FIRST, ended_at=None, by=None)
    assert settle((going_on, COLLEAGUES), ()) == (going_on, COLLEAGUES)
