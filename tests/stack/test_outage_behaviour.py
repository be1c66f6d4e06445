"""What a caller of an outage does, event by event."""

from dataclasses import replace

from stack.outage.behaviour import Act, Lengths, Stage, Visit
from stack.outage.plan import Person

PERSON = Person(number="+79000000001", flat="17", known=False, at=0, patience=100, moment=0.5, reaction=1)
LENGTHS = Lengths(greeting=3, menu=10, flat=3)


def visit(again: bool = False, **habits: object) -> Visit:
    """Answered at 0."""
    made = Visit(replace(PERSON, **habits), again=again)  # type: ignore[arg-type]
    made.answered(0)
    return made


def test_an_unknown_caller_chooses_the_address_and_keys_the_flat_in() -> None:
    caller = visit()
    caller.asked(3, "2", LENGTHS)
    assert caller.due(9.9) == []
    assert caller.due(10) == [Act(10, "2")]
    assert [act.key for act in caller.due(30)] == ["1", "7", "#"]


def test_a_silent_one_presses_nothing_and_one_with_something_else_wants_an_operator() -> None:
    silent, other = visit(silent=True), visit(other=True)
    for caller in (silent, other):
        caller.asked(3, "2", LENGTHS)
    assert silent.due(99) == []
    assert [act.key for act in other.due(99)] == ["0"]


def test_whoever_heard_it_to_the_end_hangs_up() -> None:
    caller = visit()
    caller.told(3, 20)
    assert caller.due(23) == []
    caller.over(23, whole=True)
    assert caller.due(24) == [Act(24, "")]
    assert (caller.heard, caller.inside) == (True, False)


def test_a_silent_one_hears_it_twice() -> None:
    caller = visit(silent=True)
    for at in (3, 40):
        caller.told(at, 20)
        caller.over(at + 20, whole=True)
        if at == 3:
            assert caller.due(39) == []
    assert caller.due(62) == [Act(61, "")]


def test_one_who_quits_hangs_up_inside_it_the_first_time_only() -> None:
    first, second = visit(quits=True), visit(again=True, quits=True)
    for caller in (first, second):
        caller.told(3, 20)
    assert first.due(13) == [Act(13, "")]
    assert first.inside
    assert second.due(99) == []


def test_one_with_something_else_presses_one_and_waits_as_long_as_patience_lasts() -> None:
    caller = visit(other=True)
    caller.told(3, 20)
    assert caller.due(13) == [Act(13, "1")]
    assert caller.declined
    caller.over(13, whole=False)
    caller.queued()
    assert caller.due(99) == []
    assert caller.due(100) == [Act(100, "")]


def test_keys_are_pressed_once_during_it() -> None:
    caller = visit(fidget="3")
    caller.told(3, 20)
    assert caller.due(13) == [Act(13, "3")]
    caller.over(13, whole=False)
    caller.told(13, 20)
    assert caller.due(32) == []
    assert not caller.declined


def test_patience_ends_a_wait_but_neither_an_announcement_nor_a_talk() -> None:
    waiting, told, talking = visit(), visit(), visit()
    for caller in (waiting, talking):
        caller.queued()
    told.told(90, 20)
    talking.connected()
    assert [caller.due(101) for caller in (waiting, told, talking)] == [[Act(101, "")], [], []]
    assert waiting.due(102) == []


def test_an_ended_call_has_nothing_to_do() -> None:
    caller = visit()
    caller.ended()
    assert caller.stage is Stage.ENDED
    assert caller.due(1000) == []
