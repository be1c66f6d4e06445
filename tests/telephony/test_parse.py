"""AMI messages as Asterisk 22.10 sent them, and as nobody should."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.events import (
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallQueued,
    Event,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    Party,
    PhoneChanged,
    QueueTimedOut,
    RecordingNamed,
    TalkEnded,
)
from callcenter.errors import ParseProblem
from callcenter.telephony import parse as room
from callcenter.telephony.framing import Framer
from callcenter.telephony.parse import parse, unescape

SESSION = Path(__file__).parent / "data" / "session.ami"


def at(seconds: int, micros: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


def session() -> list[Event]:
    return [event for message in Framer().feed(SESSION.read_bytes()) if (event := parse(message)) is not None]


def test_a_recorded_session_tells_its_five_stories() -> None:
    """An answered call; one abandoned while ringing; a number of nobody; a time-out; one rejected, then abandoned."""
    stories: dict[str, list[str]] = {}
    for event in session():
        if not isinstance(event, PhoneChanged):
            stories.setdefault(event.call, []).append(type(event).__name__)  # type: ignore[attr-defined]
    start = ["CallArrived", "RecordingNamed", "CallQueued"]
    assert list(stories.values()) == [
        [*start, "OperatorRang", "OperatorAnswered", "TalkEnded", "CallEnded"],
        [*start, "OperatorRang", "CallerAbandoned", "CallEnded"],
        ["CallArrived", "NumberRejected", "CallEnded"],
        [*start, "CallerAbandoned", "QueueTimedOut", "CallEnded"],
        [*start, "OperatorRang", "OperatorMissed", "OperatorRang", "CallerAbandoned", "CallEnded"],
    ]


def test_a_recorded_session_is_understood_field_by_field() -> None:
    first = session()[:8]
    call = "node1-1795375500.0"
    assert first == [
        CallArrived(
            at=at(1795375500, 823870), call=call, did="74951234567", caller="7900000001", channel="PJSIP/trunk-00000000"
        ),
        RecordingNamed(at=at(1795375500, 823921), call=call, recording=f"{call}_{call}_1795375500"),
        CallQueued(at=at(1795375501, 825082), call=call, queue="74951234567"),
        OperatorRang(at=at(1795375501, 827344), call=call, operator="PJSIP/op-01"),
        PhoneChanged(at=at(1795375501, 827794), operator="PJSIP/op-01", reachable=True),
        OperatorAnswered(at=at(1795375502, 831716), call=call, operator="PJSIP/op-01"),
        TalkEnded(at=at(1795375504, 835825), call=call, operator="PJSIP/op-01", by=Party.OPERATOR),
        PhoneChanged(at=at(1795375504, 836683), operator="PJSIP/op-01", reachable=True),
    ]


def test_every_kind_of_end_is_in_the_recorded_session() -> None:
    told = Counter(map(type, session()))
    # app_queue reports the caller whom it let go as an abandon too.
    assert told[CallerAbandoned] == 3
    assert told[QueueTimedOut] == 1
    assert told[NumberRejected] == 1
    assert told[CallEnded] == 5


def arrived(**headers: str | list[str]) -> dict[str, str | list[str]]:
    usual: dict[str, str | list[str]] = {
        "Event": "UserEvent",
        "UserEvent": "CallArrived",
        "Timestamp": "1795375500.000001",
        "Uniqueid": "node1-1795375500.0",
        "Linkedid": "node1-1795375500.0",
        "Channel": "PJSIP/trunk-00000000",
        "Did": "74951234567",
        "Caller": "+79000000001",
    }
    return {**usual, **headers}


@pytest.mark.parametrize(
    ("sent", "caller"),
    [
        ("", ""),
        ("+79000000001", "+79000000001"),
        ("7" * 200, "7" * 32),
        ("'; drop table calls; --", ""),
        ("${SHELL(id)}", ""),
        ("../../etc/passwd", ""),
        ('"><script>1', "1"),
        ("٣٤٥", ""),
        ("\ufffd7\x00", "7"),
    ],
)
def test_a_hostile_caller_number_is_cut_down_to_digits(sent: str, caller: str) -> None:
    event = parse(arrived(Caller=sent))
    assert isinstance(event, CallArrived)
    assert event.caller == caller
    assert event.did == "74951234567"


def test_headers_are_found_in_any_case_and_the_first_of_two_counts() -> None:
    shouted = {name.upper(): value for name, value in arrived(Did=["74951234567", "1"]).items()}
    assert parse(shouted) == parse(arrived())


def test_a_channel_name_is_unescaped() -> None:
    event = parse(arrived(Channel=r"PJSIP/a\\b\"c-1"))
    assert isinstance(event, CallArrived)
    assert event.channel == 'PJSIP/a\\b"c-1'


def test_c_escapes() -> None:
    assert unescape(r"a\n\t\\n\'\?\x") == "a\n\t\\n'?x"
    assert unescape("plain\\") == "plain\\"


def test_a_channel_name_that_cannot_go_into_an_action_is_left_out() -> None:
    event = parse(arrived(Channel=r"PJSIP/x\r\nAction: Originate"))
    assert isinstance(event, CallArrived)
    assert event.channel == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Timestamp": ""},
        {"Timestamp": "yesterday"},
        {"Timestamp": "1795375500"},
        {"Timestamp": "-5.000000"},
        {"Timestamp": "٣.000000"},
        {"Linkedid": ""},
        {"Linkedid": "../x"},
        {"Linkedid": "1795375500.0"},
        {"UserEvent": "RecordingNamed", "Recording": "../../etc/x"},
        {"UserEvent": "RecordingNamed", "Recording": "node1-1.0_node1-1.0_1.wav"},
        {"Event": "QueueCallerJoin", "Queue": ""},
        {"Event": "QueueCallerJoin", "Queue": "a b"},
        {"Event": "AgentConnect", "Interface": "op-01"},
        {"Event": "AgentConnect", "Interface": "PJSIP/../x"},
    ],
)
def test_a_malformed_message_is_a_problem_that_does_not_quote_it(headers: dict[str, str]) -> None:
    with pytest.raises(ParseProblem) as problem:
        parse(arrived(**headers))
    for value in headers.values():
        assert not value or value not in str(problem.value)


@pytest.mark.parametrize(
    ("event", "interface", "kind"),
    [("AgentCalled", "PJSIP/a", OperatorRang), ("AgentRingNoAnswer", "SIP/b", OperatorMissed)],
)
def test_operators_are_their_interfaces(event: str, interface: str, kind: type[Event]) -> None:
    fact = parse(arrived(Event=event, Interface=interface))
    assert isinstance(fact, kind)
    assert fact.operator == interface  # type: ignore[attr-defined]


@pytest.mark.parametrize(("status", "reachable"), [(s, s in "123678") for s in "0123456789"])
def test_a_telephone_that_is_away_is_not_reachable(status: str, reachable: bool) -> None:
    for name in ("QueueMemberStatus", "QueueMemberAdded"):
        event = parse(arrived(Event=name, Interface="PJSIP/op-01", Status=status))
        assert isinstance(event, PhoneChanged)
        assert event.reachable is reachable


@pytest.mark.parametrize(
    ("reason", "party"),
    [("caller", Party.CALLER), ("agent", Party.OPERATOR), ("transfer", Party.TRANSFER), ("?", Party.SYSTEM)],
)
def test_who_ended_the_talk(reason: str, party: Party) -> None:
    event = parse(arrived(Event="AgentComplete", Interface="PJSIP/op-01", Reason=reason))
    assert isinstance(event, TalkEnded)
    assert event.by is party


@pytest.mark.parametrize(("sent", "cause"), [("16", 16), ("0", 0), ("", 0), ("x", 0), ("999", 0)])
def test_the_end_of_the_callers_own_channel_ends_the_call(sent: str, cause: int) -> None:
    event = parse(arrived(Event="Hangup", Cause=sent))
    assert isinstance(event, CallEnded)
    assert event.cause == cause


def test_the_end_of_an_operators_leg_ends_nothing() -> None:
    assert parse(arrived(Event="Hangup", Uniqueid="node1-1795375501.1")) is None


@pytest.mark.parametrize("name", ["VarSet", "Newexten", "", "FullyBooted", "Shutdown"])
def test_other_events_are_none_of_ours(name: str) -> None:
    assert parse(arrived(Event=name)) is None


NAMES = st.sampled_from([*room._MAKERS, *room._USER_EVENTS]) | st.text()
VALUES = (
    st.text()
    | st.lists(st.text(), min_size=1)
    | st.from_regex(re.compile(r"[a-z]+-[0-9]+\.[0-9]+"))
    | st.sampled_from(["1795375500.823870", "node1-1.0", "PJSIP/op-01"])
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["Timestamp", "Linkedid", "Uniqueid", "Queue", "Interface", "Recording", "Did", "Caller", "Cause"]
        ),
        VALUES,
    ),
    NAMES,
    NAMES,
)
def test_nothing_but_a_parse_problem_ever_comes_of_a_message(
    headers: dict[str, str | list[str]], event: str, user_event: str
) -> None:
    try:
        fact = parse({**headers, "Event": event, "UserEvent": user_event})
    except ParseProblem:
        return
    assert fact is None or fact.at.tzinfo is UTC


@given(st.binary())
def test_no_bytes_break_the_framing(data: bytes) -> None:
    for message in Framer().feed(data + b"\r\n\r\n"):
        try:
            parse(message)
        except ParseProblem:
            continue
