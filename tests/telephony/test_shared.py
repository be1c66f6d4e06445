"""What an Asterisk that another PBX configures reports, brought into the form of one of our own."""

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from callcenter.cli.render_asterisk import render_asterisk
from callcenter.domain.events import CallArrived, CallEnded, CallQueued, OperatorAnswered, PhoneChanged
from callcenter.domain.ids import OPERATORS, NodeName
from callcenter.errors import ParseProblem, RenderError, SettingsError
from callcenter.telephony.ledger_line import parse_line
from callcenter.telephony.parse import parse
from callcenter.telephony.render import Directory, render, texts
from callcenter.telephony.shared import FOLDER, INCLUDED_IN, PREFIX, QUEUE, SharedAsterisk, include_lines, with_prefix
from callcenter.telephony.trunk_line import TrunkLine
from tests.asterisk.test_render import DIRECTORY, sections, settings

SHARED = SharedAsterisk(NodeName("node1"))
ID = "1795375500.42"
AT = "1795375500.823870"
GIVEN = settings(asterisk={"shared": True, "etc": f"/etc/asterisk/{FOLDER}"})


def event(**headers: str) -> object:
    ours = SHARED.message({"Uniqueid": ID, "Linkedid": ID, "Timestamp": AT, **headers})
    return None if ours is None else parse(ours)


def test_ids_get_the_nodes_name_unless_they_have_one() -> None:
    arrived = event(Event="UserEvent", UserEvent="CallArrived", Did="74951234567", Channel="PJSIP/carrier-1")
    assert isinstance(arrived, CallArrived)
    assert arrived.call == f"node1-{ID}"
    named = event(Event="Hangup", Uniqueid=f"pbx-{ID}", Linkedid=f"pbx-{ID}", Cause="16")
    assert isinstance(named, CallEnded)
    assert named.call == f"pbx-{ID}"


def test_a_talks_own_fields_are_ids_too() -> None:
    recording = f"node1-{ID}_node1-1795375501.43_1795375502"
    talk = event(
        Event="UserEvent",
        UserEvent="TalkBegan",
        Call=ID,
        Recording=recording,
        Operator="PJSIP/op-01",
        Kind="queue",
        At=AT,
    )
    assert isinstance(talk, OperatorAnswered)
    assert (talk.call, str(talk.recording)) == (f"node1-{ID}", recording)


def test_our_queue_has_its_usual_name_and_other_queues_are_left_out() -> None:
    joined = event(Event="QueueCallerJoin", Queue=QUEUE)
    assert isinstance(joined, CallQueued)
    assert joined.queue == OPERATORS
    member = {"Interface": "PJSIP/201", "Status": "1"}
    assert isinstance(event(Event="QueueMemberStatus", Queue=QUEUE, **member), PhoneChanged)
    for name in ("QueueCallerJoin", "QueueCallerAbandon", "AgentCalled", "AgentRingNoAnswer", "QueueMemberStatus"):
        assert event(Event=name, Queue="600", **member) is None
        # Even one that has the name that ours has elsewhere.
        assert event(Event=name, Queue=OPERATORS, **member) is None


def test_an_event_without_a_time_gets_that_of_its_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1795375500.5)
    joined = event(Event="QueueCallerJoin", Queue=QUEUE, Timestamp="")
    assert isinstance(joined, CallQueued)
    assert joined.at.timestamp() == 1795375500.5


@pytest.mark.parametrize("name", ["ENTERQUEUE", "RINGNOANSWER", "ABANDON", "EXITWITHTIMEOUT"])
def test_the_ledger_of_our_queue_is_read_and_that_of_others_is_not(name: str) -> None:
    ours = parse_line(SHARED.line(f"1795375500|{ID}|{QUEUE}|PJSIP/op-01|{name}|1|1|1".encode()))
    assert ours is not None
    assert ours.call == f"node1-{ID}"  # type: ignore[attr-defined]
    for queue in ("600", OPERATORS):
        assert parse_line(SHARED.line(f"1795375500|{ID}|{queue}|PJSIP/201|{name}|1|1|1".encode())) is None


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"1|2|3", b"1795375500|NONE|NONE|NONE|QUEUESTART|", b"\xff|\xff|\xff|\xff|ENTERQUEUE"]
)
def test_other_lines_are_no_harm(line: bytes) -> None:
    with suppress(ParseProblem):
        parse_line(SHARED.line(line))


# What is rendered.


def targets(text: str) -> set[str]:
    """The context of each `context,extension,priority`, and of each pre-dial or answer subroutine."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith(";"))
    found = re.findall(r"(?:Goto|Gosub|GosubIf|GotoIf|ExecIf|DIALPLAN_EXISTS)\(([a-z-]{2,}),", lines)
    found += re.findall(r"[?:]([a-z-]{2,}),(?:[a-z]+|\$\{\w+\}),(?:1|[a-z]+)", lines)
    found += re.findall(r"[bU]\(([a-z-]+)\^", lines)
    found += re.findall(r"hangup_handler_push\)=([a-z-]+),", lines)
    found += re.findall(r"Queue\(.*,([a-z-]+)\)$", lines, re.MULTILINE)
    return set(found)


def test_every_name_in_the_dialplan_is_ours_and_leads_somewhere() -> None:
    own, theirs = texts(settings(), DIRECTORY), texts(GIVEN, DIRECTORY)
    whole, prefixed = ("\n".join(text for path, text in files.items() if path.parent.name) for files in (own, theirs))
    assert set(sections(prefixed)) == {f"{PREFIX}{name}" for name in sections(whole)}
    assert targets(whole) == {name.removeprefix(PREFIX) for name in targets(prefixed)}
    assert targets(prefixed) <= set(sections(prefixed))
    # Entered from outside the dialplan: by the other PBX, by our telephones, by a transfer, by the node.
    by_node = ("aside", "set-aside", "taken-back", "handed-over", "conference", "sent-on", "own-telephone", "tried")
    entered = {
        f"{PREFIX}{name}" for name in ("inbound", "operators", "colleagues", "transfer", "no-transfer", *by_node)
    }
    reached = targets(prefixed) | entered
    assert set(sections(prefixed)) <= reached
    assert not re.search(r"GLOBAL\((?!CALLCENTER_)", prefixed)


def test_a_trunk_of_the_page_is_refused_there_with_words() -> None:
    """The other PBX has its own; one left out in silence would be dead without anybody knowing."""
    with pytest.raises(RenderError, match="the other PBX's"):
        texts(GIVEN, replace(DIRECTORY, trunks=(TrunkLine(name="alpha", server="203.0.113.5"),)))


def test_nothing_of_theirs_is_configured() -> None:
    files = texts(GIVEN, DIRECTORY)
    assert {str(path) for path in files if not path.parent.name} == set(INCLUDED_IN)
    found = {str(path): set(sections(text)) for path, text in files.items()}
    assert found["queues.conf"] == {QUEUE}
    assert found["manager.conf"] == {"callcenter-events", "callcenter-actions"}
    assert found["pjsip.conf"] == {f"{PREFIX}operator", f"{PREFIX}browser", "op-01", "op-02"}
    assert found["extensions.conf"] == set()
    assert set(re.findall(r'#include "(.*?)/', files[Path("extensions.conf")])) == {FOLDER}
    text = "\n".join(files.values())
    assert not re.search(r"^type = (transport|global|identify|system)$", text, re.MULTILINE)
    assert not re.search(r"^context = (?!callcenter-)", text, re.MULTILINE)


def test_the_prefix_stands_before_names_of_contexts_and_nothing_else() -> None:
    text = (
        "; queue,s,1 is told in words\n"
        "[queue]\nexten => s,1,GotoIf($[1]?talk,s,1:queue,s,1)\n"
        ' same => n,Set(KIND=${IF($["${ARG1}" = ""]?queue:talk)})\n'
        " same => n,Queue(operators,ib(talk^s^1),,,30,,talk)\n"
        "[talk]\nexten => s,1,QueueLog(NONE,1,NONE,TALK,queue)\n same => n,Dial(PJSIP/queue,5,U(talk^queue))\n"
    )
    assert with_prefix({Path("x"): text})[Path("x")] == (
        "; queue,s,1 is told in words\n"
        "[callcenter-queue]\nexten => s,1,GotoIf($[1]?callcenter-talk,s,1:callcenter-queue,s,1)\n"
        ' same => n,Set(KIND=${IF($["${ARG1}" = ""]?queue:talk)})\n'
        " same => n,Queue(operators,ib(callcenter-talk^s^1),,,30,,callcenter-talk)\n"
        "[callcenter-talk]\nexten => s,1,QueueLog(NONE,1,NONE,TALK,queue)\n"
        " same => n,Dial(PJSIP/queue,5,U(callcenter-talk^queue))\n"
    )


def test_the_command_says_which_lines_to_add_and_adds_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "extensions_custom.conf").write_text("")
    render_asterisk(GIVEN, DIRECTORY, tmp_path / FOLDER)
    said = capsys.readouterr().out
    assert all(line in said for line in include_lines())
    assert "extensions_custom.conf: #include callcenter/extensions.conf" in said
    assert (tmp_path / "extensions_custom.conf").read_text() == ""


def test_a_folder_of_another_name_would_not_be_included(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=FOLDER):
        render_asterisk(GIVEN, DIRECTORY, tmp_path / "other")
    with pytest.raises(ValidationError, match=r"asterisk\.etc"):
        settings(asterisk={"shared": True})


def test_a_telephone_with_the_name_of_something_of_theirs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pjsip.endpoint.conf").write_text("[carrier]\ntype=endpoint\n")
    with pytest.raises(RenderError, match=r"carrier .* pjsip\.endpoint\.conf"):
        render_asterisk(GIVEN, Directory((), (("carrier", "secret"),)), tmp_path / FOLDER)
    assert not (tmp_path / FOLDER).exists()
    render(GIVEN, DIRECTORY, tmp_path / FOLDER)
