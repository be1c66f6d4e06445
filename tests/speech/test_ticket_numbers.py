"""Ticket numbers as callers hear them, and the files of which Asterisk joins them."""

from pathlib import Path

import pytest

from callcenter.speech.ticket_numbers import PARTS, speak_number, write_parts
from callcenter.speech.words import number_parts
from tests.speech.voices import FakeEngine, phrases_of

SAID = {
    7: "7",
    41: "41",
    1000: "thousand-1",
    2041: "thousand-2 41",
    10_407: "10 pause 407",
    104_007: "104 pause 007",
    3_001_000: "3 pause 001 pause 000",
}
"""Numbers and the files that say them; tests/e2e/test_outage_robot.py asks a real Asterisk for the same."""


@pytest.mark.parametrize("number", SAID)
def test_a_number_is_said_as_one_or_in_groups_with_their_zeros(number: int) -> None:
    assert " pause ".join(" ".join(group) for group in number_parts(number)) == SAID[number]


async def test_a_whole_number_is_to_the_byte_what_asterisk_joins(tmp_path: Path) -> None:
    engine = FakeEngine()
    phrases = phrases_of(tmp_path / "cache", engine)
    await write_parts(phrases, "ru", tmp_path / "numbers")
    assert len(engine.spoken) == 1 + 99 + 9 + 9
    assert {path.stem for path in (tmp_path / "numbers" / "ru").iterdir()} == {*PARTS, "pause"}
    for number, files in SAID.items():
        joined = b"".join((tmp_path / "numbers" / "ru" / f"{name}.alaw").read_bytes() for name in files.split())
        assert await speak_number(phrases, "ru", number) == joined
    assert len(engine.spoken) == 1 + 99 + 9 + 9
