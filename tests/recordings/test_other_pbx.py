"""Names that other PBXs give to recordings."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from callcenter.domain.call import Direction
from callcenter.domain.ids import CallId, NodeName
from callcenter.recordings.other_pbx import OldCall, call_of

NODE, ZONE = NodeName("pbx"), ZoneInfo("Europe/Moscow")
AT = datetime(2025, 11, 22, 19, 0, 2, tzinfo=UTC)
ID = CallId("pbx-1763838002.44")
CITIZEN = "+79000000001"


@pytest.mark.parametrize(
    ("stem", "dialled", "caller", "direction"),
    [
        # FreePBX and Issabel
        ("in-74951234567-79000000001-20251122-220002-1763838002.44", "74951234567", CITIZEN, Direction.IN),
        ("in-+74951234567-+79000000001-20251122-220002-1763838002.44", "74951234567", CITIZEN, Direction.IN),
        ("external-201-89000000001-20251122-220002-1763838002.44", "201", CITIZEN, Direction.IN),
        ("exten-201-79000000001-20251122-220002-1763838002.44", "201", CITIZEN, Direction.IN),
        ("q-600-79000000001-20251122-220002-1763838002.44", "600", CITIZEN, Direction.IN),
        ("rg-600-anonymous-20251122-220002-1763838002.44", "600", "", Direction.IN),
        ("force-s-unknown-20251122-220002-1763838002.44", "", "", Direction.IN),
        ("out-89000000001-201-20251122-220002-1763838002.44", "", CITIZEN, Direction.OUT),
        # Elastix and early Issabel
        ("q600-20251122-220002-1763838002.44", "600", "", Direction.IN),
        ("OUT201-20251122-220002-1763838002.44", "", "", Direction.OUT),
        ("20251122-220002-1763838002.44", "", "", Direction.IN),
        ("auto-1763838002.44", "", "", Direction.IN),
        ("1763838002.44", "", "", Direction.IN),
    ],
)
def test_a_name_that_ends_with_the_uniqueid(stem: str, dialled: str, caller: str, direction: Direction) -> None:
    assert call_of(stem, NODE, ZONE) == OldCall(ID, AT, dialled, caller, direction)


@pytest.mark.parametrize(
    "stem",
    [
        "20251122-220002_79000000001-all",
        "20251122-220002_79000000001",
        "20251122-220002_79000000001-in",
        "20251122-220002_79000000001_1001_SURVEY-all",
    ],
)
def test_vicidials_names_have_the_time_of_its_clock(stem: str) -> None:
    found = call_of(stem, NODE, ZONE)
    assert found is not None
    assert (found.at, found.caller, found.dialled) == (AT, CITIZEN, "")
    assert found.id.startswith("pbx-1763838002.")
    there = call_of(stem, NODE, ZoneInfo("Asia/Yekaterinburg"))
    assert there is not None
    assert (AT - there.at).total_seconds() == 2 * 3600


def test_all_voices_of_one_call_of_vicidial_are_one_call_and_those_of_two_are_two() -> None:
    calls = [
        call_of(f"20251122-220002_{number}{voices}", NODE, ZONE)
        for number in ("79000000001", "79000000002")
        for voices in ("-in", "-out", "-all")
    ]
    assert len({call.id for call in calls if call}) == 2


@pytest.mark.parametrize(
    "stem",
    [
        "",
        "Ivanova",
        "20251122-220002",
        "20251322-220002_79000000001-all",
        "19000101-000000_79000000001",
        "q-600-79000000001-20251122-220002-1763838002",
        "1763838002.44\n",
        "in-1-2-20251122-220002-17638380021234.44",
        "../../etc/passwd",
        "1763838002.٤٤",
    ],
)
def test_a_name_that_tells_of_no_call(stem: str) -> None:
    assert call_of(stem, NODE, ZONE) is None


@pytest.mark.parametrize("evil", ["';drop table calls--", "${SHELL(id)}", "\x1b[2J", "79\n00", "7" * 500, "\udcff"])
def test_only_the_digits_of_a_hostile_name_are_used(evil: str) -> None:
    found = call_of(f"in-{evil.replace('-', '')}-{evil.replace('-', '')}-20251122-220002-1763838002.44", NODE, ZONE)
    assert found is not None
    assert set(found.dialled) <= set("0123456789")
    assert set(found.caller) <= set("+0123456789")
    assert len(found.dialled) <= 32
    assert len(found.caller) <= 33
