"""`callcenter trace`: what it takes for a gap."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from callcenter.cli import trace
from callcenter.cli.trace import Fact
from tests.domain.playbook import at

CALL = "node1-1795374940.7"
LINES = [
    f"1795374940|{CALL}|NONE|NONE|ARRIVED|1795374940.250000|74951234567|79160000001",
    f"1795374942|{CALL}|operators|NONE|ENTERQUEUE||79160000001|1",
    "1795374943|node1-1795374940.8|operators|NONE|ENTERQUEUE||79160000002|1",
    f"1795374950|{CALL}|operators|NONE|EXITEMPTY|1|1|10",
    f"1795374951|{CALL}|NONE|NONE|ENDED|1795374951.500000|16",
]


def whats(facts: Any) -> list[str]:
    return [fact.what for fact in facts]


def test_the_lines_of_a_call_are_found_in_the_ledger_and_its_earlier_files(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.with_name("queue_log.1").write_text("\n".join(LINES[:3]) + "\n")
    path.write_text("\n".join(LINES[3:]) + "\n")
    found = trace.ledger_facts(path, CALL)
    assert whats(found) == ["ARRIVED", "ENTERQUEUE", "EXITEMPTY", "ENDED"]
    assert [fact.details for fact in found] == ["CallArrived", "CallQueued", "", "CallEnded"]
    assert "79160000001" not in " ".join(map(str, found))


def test_what_the_ledger_has_and_the_database_has_not_is_named(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text("\n".join(LINES) + "\n")
    written = trace.ledger_facts(path, CALL)
    known = [Fact(at(0), "ami", "CallArrived"), Fact(at(9), "ami", "CallEnded")]
    assert whats(trace.unlike(known, written, at(0))) == ["CallQueued is in the ledger and was never stored"]
    assert whats(trace.unlike(known, [], at(0)))[0].startswith("the ledger's files have nothing of it")


ANSWERED = {
    "state": "ended",
    "outcome": "answered",
    "direction": "in",
    "arrived_at": at(0),
    "ended_at": at(9),
    "ticket_id": 1,
    "no_ticket": None,
}


@pytest.mark.parametrize(
    ("changed", "gaps"),
    [
        ({}, []),
        ({"ticket_id": None}, ["it was answered and has no ticket"]),
        ({"ticket_id": None, "no_ticket": "silence"}, []),
        ({"ticket_id": None, "direction": "out"}, []),
        ({"ended_at": None, "state": "talking", "outcome": None}, ["its end is not known"]),
        ({"ended_at": at(-900)}, ["it ended before it came: a clock was set back in it"]),
    ],
)
def test_what_a_call_lacks(changed: Mapping[str, object], gaps: list[str]) -> None:
    assert whats(trace.gaps_of_call({**ANSWERED, **changed})) == gaps  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "defect", "gaps"),
    [
        ("attached", None, []),
        (None, None, ["the talk has no recording"]),
        ("recorded", None, ["the recording is only recorded"]),
        ("attached", "too short", ["the recording is defective: too short"]),
    ],
)
def test_what_a_talks_recording_lacks(state: str | None, defect: str | None, gaps: list[str]) -> None:
    talk = {"recording": "r", "began_at": at(0), "ended_at": at(9), "state": state, "defect": defect}
    assert whats(trace.gaps_of_talks([talk])) == gaps  # type: ignore[list-item]


def test_what_was_learned_late_is_named() -> None:
    rows = [
        {"at": at(0), "source": "ami", "what": "CallArrived", "details": {"seen_after_s": 0.2}},
        {"at": at(1), "source": "ami", "what": "CallQueued", "details": {"seen_after_s": 6.0}},
        {"at": at(2), "source": "ledger", "what": "CallEnded", "details": {"seen_after_s": 3.0}},
        {"at": at(3), "source": "ticket", "what": "opened", "details": {"ticket": 1}},
    ]
    gaps = list(trace.late(rows))  # type: ignore[arg-type]
    assert whats(gaps) == ["CallQueued was learned late", "CallEnded was missed and taken from the ledger"]


def test_a_time_when_the_node_was_deaf_is_named() -> None:
    rows = [{"began_at": at(0), "ended_at": at(0) + timedelta(seconds=90), "lost": lost} for lost in (False, True)]
    assert whats(trace.gaps_in_sight(rows)) == ["the node did not hear Asterisk", "lines of the ledger may be lost"]  # type: ignore[arg-type]
