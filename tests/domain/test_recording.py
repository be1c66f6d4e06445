"""A recording's name, its states and steps, and that the dialplan and the statements in SQL hold to them."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter import storage
from callcenter.domain import recording
from callcenter.domain.ids import UNIQUEID, CallId
from callcenter.domain.recording import (
    TRANSITIONS,
    Defect,
    RecordingName,
    RecordingState,
    RecordingStep,
    RecordingStepRefused,
    move,
)

# Names

IDS = st.from_regex(UNIQUEID, fullmatch=True)
EPOCHS = st.integers(0, 99_999_999_999)


@given(IDS, IDS, EPOCHS)
def test_a_name_is_read_as_it_was_made(call: str, leg: str, epoch: int) -> None:
    name = RecordingName(CallId(call), leg, epoch)
    assert RecordingName.parse(str(name)) == name
    assert name.began_at.timestamp() == epoch


@given(st.text() | st.from_regex(rf"{UNIQUEID}_{UNIQUEID}_[0-9]+"))
def test_what_is_read_as_a_name_is_written_the_same(text: str) -> None:
    try:
        name = RecordingName.parse(text)
    except ValueError:
        return
    assert str(name) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "node1-1.1",
        "node1-1.1_node1-1.2",
        "node1-1.1_node1-1.2_",
        "node1-1.1_node1-1.2_3.wav",
        "node1-1.1_node1-1.2_3\n",
        "node1-1.1_node1-1.2_03",
        "node1-1.1_node1-1.2_-3",
        "node1-1.1_node1-1.2_123456789012",
        "node1-1.١_node1-1.2_3",
        "../node1-1.1_node1-1.2_3",
        "1.1_1.2_3",
        "Node-1.1_node1-1.2_3",
    ],
)
def test_anything_else_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match="recording is not linkedid_uniqueid_seconds"):
        RecordingName.parse(text)


@pytest.mark.parametrize(
    ("call", "leg", "epoch"),
    [("node1-1.1_x", "node1-1.2", 3), ("", "node1-1.2", 3), ("node1-1.1", "1.2", 3), ("node1-1.1", "node1-1.2", -3)],
)
def test_no_name_is_made_that_could_not_be_read(call: str, leg: str, epoch: int) -> None:
    with pytest.raises(ValueError, match="recording is not"):
        RecordingName(CallId(call), leg, epoch)


def test_the_dialplan_mints_what_is_read() -> None:
    dialplan = (storage.ROOT / "dialplan" / "talk.conf.j2").read_text()
    (minted,) = re.findall(r"Set\(RECORDING=(.*)\)$", dialplan, re.MULTILINE)
    # A shared Asterisk's uniqueids begin without the node's name.
    minted = minted.replace("{{ node_of_id }}", "")
    assert f"`{minted}`" in (RecordingName.__doc__ or "")
    out = (storage.ROOT / "dialplan" / "out.conf.j2").read_text().replace("{{ node_of_id }}", "")
    assert re.findall(r"RECORDING=(.*)\)$", out, re.MULTILINE) == [minted.replace("CALL", "ARG2")]
    values = {"CALL": "node1-1763838000.42", "UNIQUEID": "node1-1763838009.43", "EPOCH": "1763838010"}
    name = re.sub(r"\$\{(\w+)\}", lambda variable: values[variable[1]], minted)
    assert RecordingName.parse(name) == RecordingName(CallId(values["CALL"]), values["UNIQUEID"], int(values["EPOCH"]))


# States


@pytest.mark.parametrize(("state", "step"), list(product(RecordingState, RecordingStep)))
def test_every_step_is_in_the_table_or_refused(state: RecordingState, step: RecordingStep) -> None:
    if step in TRANSITIONS[state]:
        assert move(state, step) is TRANSITIONS[state][step]
    else:
        with pytest.raises(RecordingStepRefused, match=f"{state}.*{step}"):
            move(state, step)


def test_every_state_can_be_reached_and_all_but_one_left() -> None:
    reached = {target for row in TRANSITIONS.values() for target in row.values()}
    assert reached | {RecordingState.EXPECTED} == set(RecordingState)
    assert [state for state, row in TRANSITIONS.items() if not row] == [RecordingState.DELETED]


@given(st.lists(st.integers(0, 1), max_size=30))
def test_what_is_deleted_was_read_back_and_its_retention_was_over(choices: list[int]) -> None:
    state, seen = RecordingState.EXPECTED, [RecordingState.EXPECTED]
    for choice in choices:
        if steps := [*TRANSITIONS[state]]:
            state = move(state, steps[choice % len(steps)])
            seen.append(state)
    if RecordingState.DELETED in seen:
        way = ["expected", "recorded", "stored", "verified", "attached", "expired", "deleted"]
        assert [each for each in dict.fromkeys(seen) if each is not RecordingState.MISSING] == way
        assert seen[-2:] == [RecordingState.EXPIRED, RecordingState.DELETED]


def test_the_sets_of_states_fit_together() -> None:
    assert recording.NOT_VERIFIED | recording.WAS_VERIFIED | {RecordingState.MISSING} == set(RecordingState)
    assert not recording.NOT_VERIFIED & recording.WAS_VERIFIED
    assert not recording.WITHOUT_FILE & recording.IN_STORE
    assert recording.OFFERED < recording.PLAYABLE <= recording.IN_STORE
    assert RecordingState.DELETED not in recording.IN_STORE


def test_the_reason_for_a_missing_file_names_the_time_after_which_it_is() -> None:
    assert f" {recording.MISSING_AFTER.total_seconds() / 60:.0f} minutes " in Defect.NO_FILE


# SQL

# What is restored into another store goes through the states again, and back to where it was.
RESTORE = "backup"
STATEMENTS = {
    f"{file.stem}: {name}": text
    for file in storage.QUERIES.glob("*.sql")
    if file.stem != RESTORE
    for name, text in storage.queries(file.stem).items()
}
UPDATE = re.compile(r"update recordings(?: r)? set\s+state = '(\w+)'(.*)", re.DOTALL)
STATES = re.compile(r"\bstate (?:=|(?:not )?in) (\('[^)]*\)|'\w+')")


def states_in(text: str) -> list[frozenset[str]]:
    return [frozenset(re.findall(r"'(\w+)'", found)) for found in STATES.findall(text)]


def test_each_step_is_one_statement_that_moves_what_the_table_moves() -> None:
    found = {}
    for name, text in STATEMENTS.items():
        if update := UPDATE.search(text):
            (sources,) = states_in(update[2])
            found[name.partition(": ")[2]] = dict.fromkeys(sources, update[1])
    table: dict[str, dict[str, str]] = {}
    for state, row in TRANSITIONS.items():
        for step, target in row.items():
            table.setdefault(step.value, {})[state.value] = target.value
    assert found == table


def test_no_other_statement_moves_a_recording() -> None:
    for name, text in STATEMENTS.items():
        for changes in re.findall(r"update recordings\b.*?\bset\b(.*?)(?:\bwhere\b|\bfrom\b|$)", text, re.DOTALL):
            assert ("state =" in changes) == bool(UPDATE.search(text)), name


def test_every_set_of_states_in_sql_has_its_name() -> None:
    named = {each for each in vars(recording).values() if isinstance(each, frozenset)}
    files = [*storage.QUERIES.glob("*.sql"), *(storage.QUERIES.parent / "functions").glob("*.sql")]
    seen = 0
    for file in files:
        for states in states_in(file.read_text()):
            if len(states) > 1 and states <= set(RecordingState):
                seen += 1
                # From where a step leads is held by the table.
                steps = {frozenset(s for s, row in TRANSITIONS.items() if step in row) for step in RecordingStep}
                assert states in named | steps, (file.name, states)
    assert seen > 10
