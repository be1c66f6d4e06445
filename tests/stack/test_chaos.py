"""The verdict on recordings after kills finds each fault; and a seed makes the same kills again."""

import hashlib
from collections import Counter

import pytest

from stack.chaos import kills_from
from stack.chaos_judge import Row, Witness, judge

AUDIO = bytes(range(1, 9)) * 4


def wav(audio: bytes, behind: bytes = b"") -> bytes:
    """A header that says how long the audio is, and chunks behind it."""
    return bytes(40) + len(audio).to_bytes(4, "little") + audio + behind


WAV = wav(AUDIO)


def row(name: str = "a", data: bytes | None = WAV, **fields: object) -> Row:
    sha256 = hashlib.sha256(WAV if data is None else data).digest()
    values = {"call": name, "state": "attached", "key": f"recordings/{name}.wav", "sha256": sha256} | fields
    return Row(name=name, data=data, **values)  # type: ignore[arg-type]


def faults(rows: list[Row], versions: list[str], *witnesses: Witness) -> tuple[set[str], set[str], set[str]]:
    verdict = judge(witnesses, rows, versions)
    return set(verdict.missing), set(verdict.doubled), set(verdict.wrong_hash)


def test_all_is_well():
    rows = [row("a"), row("b", wav(AUDIO + AUDIO), state="verified")]
    versions = ["recordings/a.wav", "recordings/b.wav"]
    # The last bytes of a crash are no whole frame: they are cut off.
    verdict = judge(
        [Witness("a", AUDIO + b"\1", raw=True), Witness("b", wav(AUDIO + AUDIO), raw=False)], rows, versions
    )
    assert (verdict.clean, verdict.recordings) == (True, 2)


@pytest.mark.parametrize(
    "rows",
    [[], [row(state="recorded")], [row(state="missing", key=None, sha256=None, data=None)], [row(data=None)]],
    ids=["no row", "on its way", "missing", "not in the store"],
)
def test_what_asterisk_wrote_must_be_kept(rows: list[Row]):
    assert faults(rows, [], Witness("a", AUDIO, raw=True)) == ({"a"}, set(), set())


def test_what_a_row_promises_must_be_kept():
    assert faults([row(state="expected", key=None, sha256=None, data=None)], []) == ({"a"}, set(), set())


def test_other_bytes_than_the_ledgers_or_asterisks():
    key = ["recordings/a.wav"]
    assert faults([row(sha256=bytes(32))], key) == (set(), set(), {"a"})
    assert faults([row()], key, Witness("a", AUDIO + AUDIO, raw=True)) == (set(), set(), {"a"})
    assert faults([row()], key, Witness("a", AUDIO, raw=False)) == (set(), set(), {"a"})


def test_silence_where_nobody_sent_a_packet_is_no_other_sound():
    key, half = ["recordings/a.wav"], len(AUDIO) // 2
    witness = Witness("a", AUDIO + b"\1", raw=True)
    for kept in (
        AUDIO[:half] + bytes(400) + AUDIO[half:],
        bytes(4) + AUDIO + bytes(8),
        AUDIO[:4] + bytes(4) + AUDIO[4:8] + bytes(4) + AUDIO[8:],
    ):
        assert faults([row(data=wav(kept, b"gaps" + b"\x08\0\0\0" + b"\1" * 8))], key, witness) == (set(), set(), set())
    for kept in (AUDIO[:half], AUDIO[:half] + bytes(400), AUDIO[:half] + b"\1" * 4 + AUDIO[half:], AUDIO + b"\1" * 4):
        assert faults([row(data=wav(kept, b"gaps" + bytes(4)))], key, witness) == (set(), set(), {"a"})


def test_what_is_there_twice():
    assert faults([row()], ["recordings/a.wav"] * 2) == (set(), {"a"}, set())
    assert faults([row()], ["recordings/a.wav", "recordings/b.wav"]) == (set(), {"recordings/b.wav"}, set())
    twice = [row("a", call="c"), row("b", call="c")]
    assert faults(twice, ["recordings/a.wav", "recordings/b.wav"]) == (set(), {"a", "b"}, set())


def test_a_seed_makes_the_same_kills_again():
    kills = kills_from(7, 50, 200.0)
    assert kills == kills_from(7, 50, 200.0) != kills_from(8, 50, 200.0)
    assert Counter(kill.part for kill in kills) == {"uploader": 17, "node": 17, "store": 16}
    assert 150 < sum(kill.after_s for kill in kills) < 250
