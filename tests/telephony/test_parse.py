"""AMI messages as Asterisk 22.10 sent them, and as nobody should."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.events import (
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallOutAsked,
    CallPlaced,
    CallQueued,
    CallReturned,
    ConsultationJoined,
    Event,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    PhoneChanged,
    QueueTimedOut,
    TalkEnded,
    TelephoneDisconnected,
    TelephoneVanished,
)
from callcenter.domain.ids import Interface
from callcenter.domain.recording import RecordingName
from callcenter.domain.talk import Party, TalkKind
from callcenter.errors import ParseProblem
from callcenter.telephony import parse as room
from callcenter.telephony.framing import Framer
from callcenter.telephony.parse import parse, unescape

SESSION = Path(__file__).parent / "data" / "session.ami"


def at(seconds: int, micros: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


def session() -> list[Event]:
    return [event for message in Framer().feed(SESSION.read_bytes()) if (event := parse(message)) is not None]


def test_a_recorded_session_reports_its_five_calls() -> None:
    """An answered call; one abandoned while ringing; a number of nobody; a time-out; one rejected, then abandoned."""
    stories: dict[str, list[str]] = {}
    for event in session():
        if not isinstance(event, PhoneChanged):
            stories.setdefault(event.call, []).append(type(event).__name__)  # type: ignore[attr-defined]
    start = ["CallArrived", "CallQueued"]
    assert list(stories.values()) == [
        # The operator's channel and the caller's end in either order.
        [*start, "OperatorRang", "OperatorAnswered", "CallEnded", "TalkEnded"],
        [*start, "OperatorRang", "CallerAbandoned", "CallEnded"],
        ["CallArrived", "NumberRejected", "CallEnded"],
        [*start, "CallerAbandoned", "QueueTimedOut", "CallEnded"],
        [*start, "OperatorRang", "OperatorMissed", "OperatorRang", "CallerAbandoned", "CallEnded"],
    ]


def test_a_recorded_session_is_understood_field_by_field() -> None:
    first = sorted(
        [event for event in session() if not isinstance(event, PhoneChanged)][:6], key=lambda event: event.at
    )
    call = "node1-1795626486.0"
    recording = RecordingName.parse("node1-1795626486.0_node1-1795626487.1_1795626487")
    began = at(1795626487, 959520)
    assert first == [
        CallArrived(
            at=first[0].at, call=call, did="74951234567", caller="+79160000001", channel="PJSIP/trunk-1-00000000"
        ),
        CallQueued(at=first[1].at, call=call, queue="74951234567"),
        OperatorRang(at=first[2].at, call=call, operator="PJSIP/op-01", leg="PJSIP/op-01-00000001"),
        OperatorAnswered(
            at=began, call=call, operator="PJSIP/op-01", recording=recording, channel="PJSIP/op-01-00000001"
        ),
        TalkEnded(
            at=at(1795626489, 964895),
            call=call,
            operator="PJSIP/op-01",
            recording=recording,
            began_at=began,
            by=Party.OPERATOR,
        ),
        CallEnded(at=first[5].at, call=call, cause=16),
    ]


def test_every_kind_of_end_is_in_the_recorded_session() -> None:
    counts = Counter(map(type, session()))
    # app_queue reports the caller whom it let go as an abandon too.
    assert counts[CallerAbandoned] == 3
    assert counts[QueueTimedOut] == 1
    assert counts[NumberRejected] == 1
    assert counts[CallEnded] == 5


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
        {"UserEvent": "TalkBegan", "Recording": "../../etc/x"},
        {"UserEvent": "TalkBegan", "Recording": "node1-1.0_node1-1.0_1.wav"},
        {"UserEvent": "TalkBegan", "Kind": "party"},
        {"UserEvent": "TalkEnded", "Began": "soon"},
        {"UserEvent": "CallReturned", "Queue": "a b"},
        {"UserEvent": "TelephoneVanished", "At": "1.000000", "Operator": "op-01"},
        {"Event": "QueueCallerJoin", "Queue": ""},
        {"Event": "QueueCallerJoin", "Queue": "a b"},
        {"Event": "AgentCalled", "Interface": "op-01"},
        {"Event": "AgentCalled", "Interface": "PJSIP/../x"},
        {
            "Event": "AttendedTransfer",
            "Result": "Success",
            "TransfereeUniqueid": "node1-1.0",
            "TransferTargetUniqueid": "x",
        },
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


def test_a_telephone_that_sends_a_call_elsewhere_has_missed_it() -> None:
    told = arrived(Event="UserEvent", UserEvent="OperatorForwarded", At="1795375502.000001", Operator="PJSIP/a")
    fact = parse(told)
    assert isinstance(fact, OperatorMissed)
    assert (fact.operator, fact.at.microsecond) == ("PJSIP/a", 1)


def test_whoever_goes_while_the_place_is_told_has_waited() -> None:
    told = arrived(Event="UserEvent", UserEvent="CallerGone", At="1795375502.250000", Since="1795375500.500000")
    fact = parse(told)
    assert isinstance(fact, CallerAbandoned)
    assert fact.since is not None
    assert fact.at - fact.since == timedelta(seconds=1.75)


@pytest.mark.parametrize(("status", "reachable"), [(s, s in "123678") for s in "0123456789"])
def test_a_telephone_that_is_away_is_not_reachable(status: str, reachable: bool) -> None:
    for name in ("QueueMemberStatus", "QueueMemberAdded"):
        event = parse(arrived(Event=name, Interface="PJSIP/op-01", Status=status))
        assert isinstance(event, PhoneChanged)
        assert event.reachable is reachable


def talk(**headers: str) -> dict[str, str | list[str]]:
    usual = {
        "Call": "node1-1.0",
        "Recording": "node1-1.0_node1-1.5_1",
        "Operator": "PJSIP/op-02",
        "Kind": "consultation",
        "At": "1795375504.000001",
        "Began": "1795375500.000001",
        "By": "caller",
        "Linkedid": "node1-9.9",
    }
    return arrived(**{**usual, **headers})


@pytest.mark.parametrize(
    ("by", "party"),
    [
        ("caller", Party.CALLER),
        ("operator", Party.OPERATOR),
        ("transfer", Party.TRANSFER),
        ("network", Party.NETWORK),
        ("", Party.SYSTEM),
        ("?", Party.SYSTEM),
    ],
)
def test_who_ended_the_talk(by: str, party: Party) -> None:
    event = parse(talk(UserEvent="TalkEnded", By=by))
    assert isinstance(event, TalkEnded)
    assert event.by is party


def test_a_consultation_is_of_the_call_that_it_is_about() -> None:
    event = parse(talk(UserEvent="TalkBegan", Channel="PJSIP/op-02-00000009"))
    assert isinstance(event, OperatorAnswered)
    assert (event.call, event.kind, event.operator) == ("node1-1.0", TalkKind.CONSULTATION, "PJSIP/op-02")
    assert (event.at, event.channel) == (at(1795375504, 1), "PJSIP/op-02-00000009")


def test_a_number_that_an_operator_dials_waits_on_its_channel() -> None:
    sent = {
        "UserEvent": "CallOutAsked",
        "Number": "+79160000001;x",
        "Operator": "PJSIP/op-02",
        "Channel": "PJSIP/op-02-00000009",
    }
    asked = CallOutAsked(
        at=at(1795375500, 1), operator="PJSIP/op-02", number="+79160000001", channel="PJSIP/op-02-00000009", about=None
    )
    assert parse(arrived(**sent, About="")) == asked
    assert parse(arrived(**sent, About="node1-1.5")) == replace(asked, about="node1-1.5")
    with pytest.raises(ParseProblem):
        parse(arrived(**sent, About="somewhere"))


def test_a_call_out_shows_the_companys_number() -> None:
    sent = {"UserEvent": "CallPlaced", "At": "1795375504.000001", "Did": "74951234567", "Called": "+79160000001"}
    placed = parse(arrived(**sent))
    assert isinstance(placed, CallPlaced)
    assert (placed.at, placed.did, placed.called) == (at(1795375504, 1), "74951234567", "+79160000001")


def test_a_caller_handed_over_is_known_by_the_callers_and_the_colleagues_channel() -> None:
    channels = {"TransfereeUniqueid": "node1-1.0", "TransferTargetUniqueid": "node1-1.5"}
    event = parse(arrived(Event="AttendedTransfer", Result="Success", **channels))
    assert event == ConsultationJoined(at=at(1795375500, 1), call="node1-1.0", leg="node1-1.5")
    assert parse(arrived(Event="AttendedTransfer", Result="Fail", **channels)) is None
    assert parse(arrived(Event="AttendedTransfer", Result="Success")) is None


def test_a_caller_who_goes_back_to_the_queue() -> None:
    event = parse(arrived(UserEvent="CallReturned", At="1795375507.104160", Queue="74951234567"))
    assert event == CallReturned(at=at(1795375507, 104160), call="node1-1795375500.0", queue="74951234567")


def test_a_telephone_that_vanished_in_a_talk() -> None:
    event = parse(arrived(UserEvent="TelephoneVanished", At="1795375507.104160", Operator="PJSIP/web-op-01"))
    assert event == TelephoneVanished(at=at(1795375507, 104160), operator="PJSIP/web-op-01")


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
            ["Timestamp", "Linkedid", "Uniqueid", "Queue", "Interface", "Recording", "Did", "Caller", "Cause", "At"]
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


@pytest.mark.parametrize(
    ("account", "status", "told"),
    [
        ("web-anna", "Removed", True),
        ("web-anna", "Unreachable", True),
        ("web-anna", "NonQualified", False),
        ("op-01", "Removed", False),
    ],
)
def test_the_end_of_a_connection_is_told_of_telephones_in_browsers(account: str, status: str, told: bool) -> None:
    message = {
        "Event": "ContactStatus",
        "Timestamp": "1763838000.250000",
        "URI": f"sip:{account}@127.0.0.1:45678;transport=ws",
        "ContactStatus": status,
        "AOR": account,
        "EndpointName": account,
    }
    gone = TelephoneDisconnected(at=at(1763838000, 250000), operator=Interface(f"PJSIP/{account}"))
    assert parse(message) == (gone if told else None)
