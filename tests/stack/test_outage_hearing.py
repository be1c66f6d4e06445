"""What came in packets, held against the file that was due."""

import random
from pathlib import Path

import pytest

from stack.outage.due import DueSounds, spoken_parts
from stack.outage.hearing import Packet, hold, packet
from stack.outage.plan import Person

CHANCE = random.Random(1)
GREETING, DUE, MUSIC = (CHANCE.randbytes(size) for size in (1000, 16_050, 4000))


def stream(sound: bytes, first: int = 65_530) -> list[Packet]:
    """Packets of 20 ms, the last one shorter, of which the numbers pass 65535."""
    frames = [sound[at : at + 160] for at in range(0, len(sound), 160)]
    return [Packet(place * 0.02, (first + place) & 0xFFFF, frame) for place, frame in enumerate(frames)]


def test_all_of_it_is_found_wherever_a_packet_begins() -> None:
    held, after = hold(stream(GREETING + DUE + MUSIC), DUE)
    assert (held.begun, held.whole, held.gaps, held.missing) == (True, True, 0, 0)
    assert held.seconds == pytest.approx(16_050 / 8000)
    assert held.longest_gap_s == pytest.approx(0.02)
    assert after == 1001


def test_the_same_again_is_found_behind_the_first() -> None:
    packets = stream(GREETING + DUE[:8000] + DUE + MUSIC)
    first, after = hold(packets, DUE)
    second, _ = hold(packets, DUE, after)
    assert (first.whole, first.seconds, second.whole) == (False, 1.0, True)


def test_it_begins_again_even_where_its_first_bytes_go_on_as_the_cut_one_would() -> None:
    due = DUE[:8000] + DUE[:50] + DUE[8050:]
    packets = stream(GREETING + due[:8000] + due + MUSIC)
    _, after = hold(packets, due)
    assert hold(packets, due, after)[0].whole


def test_what_waits_for_a_full_packet_is_not_missed() -> None:
    sound = GREETING + DUE
    held, _ = hold(stream(sound[: len(sound) // 160 * 160]), DUE)
    assert held.whole


def test_a_missing_packet_is_a_gap_and_the_rest_does_not_count() -> None:
    packets = stream(GREETING + DUE + MUSIC)
    del packets[50]
    held, _ = hold(packets, DUE)
    assert (held.begun, held.whole, held.gaps, held.missing) == (True, False, 1, 1)
    assert held.seconds == pytest.approx((50 * 160 - 1000) / 8000)


def test_a_pause_of_more_than_a_tenth_of_a_second_is_a_gap() -> None:
    packets = [Packet(each.at + (0.09 if place > 50 else 0), each.number, each.sound)
               for place, each in enumerate(stream(GREETING + DUE + MUSIC))]  # fmt: skip
    held, _ = hold(packets, DUE)
    assert (held.whole, held.gaps, held.missing) == (True, 1, 0)


def test_without_its_first_word_it_has_not_begun() -> None:
    held, after = hold(stream(GREETING + DUE[800:] + MUSIC), DUE)
    assert (held.begun, held.whole, after) == (False, False, 0)


def test_keys_and_empty_packets_are_no_sound() -> None:
    head = bytes((0x80, 8, 1, 2)) + bytes(8)
    assert packet(1.0, head + b"x") == Packet(1.0, 258, b"x")
    assert packet(1.0, head) is None
    assert packet(1.0, bytes((0x80, 101, 1, 2)) + bytes(12)) is None


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        (7, "7"), (41, "41"), (1000, "thousand-1"), (2041, "thousand-2 41"), (10407, "10 pause 407"),
        (104007, "104 pause 007"), (3001000, "3 pause 001 pause 000"),
    ],
)  # fmt: skip
def test_a_number_is_spoken_as_the_dialplan_does(number: int, parts: str) -> None:
    assert spoken_parts(number) == tuple(parts.split())


@pytest.fixture
def due(tmp_path: Path) -> DueSounds:
    announcements, phrases = tmp_path / "announcements", tmp_path / "sounds" / "ru"
    files = {
        "by-number/7495/+7900": "3-41-cafe&4-90-beef",
        "by-flat/4/9/12": "4-77-beef",
        "by-company/7495/options": "3-8-900-950-cafe&4-9-950-999-beef",
    }
    for name, text in files.items():
        path = announcements / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    for name, sound in (("said/cafe", b"A"), ("said/beef", b"B"), ("numbers/ru/41", b"C")):
        path = announcements / f"{name}.alaw"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sound)
    phrases.mkdir(parents=True)
    for name, sound in (("ticket-number", b"D"), ("repeat", b"E")):
        (phrases / f"{name}.alaw").write_bytes(sound)
    return DueSounds(announcements, phrases, "7495", 9)


def person(number: str, flat: str = "12") -> Person:
    return Person(number=number, flat=flat, known=True, at=0, patience=1)


def test_what_is_due_comes_from_the_files_of_the_product(due: DueSounds) -> None:
    known, unknown = person("+7900"), person("+7999")
    told = [due.entry(known, 4, 90), due.entry(unknown, 4, 77), due.entry(unknown, 4, 960)]
    assert [(each.number, each.said) for each in told if each] == [(90, "beef"), (77, "beef"), (960, "beef")]
    assert due.entry(unknown, 3, 900) is None, "of another house"
    assert due.entry(unknown, 4, 1000) is None, "a number that is not reserved"
    assert (due.digit(), due.known("+7900"), due.known("+7999")) == ("2", True, False)
    assert due.sound("cafe", 41) == b"ADCEC"
    assert (due.menu(), due.length_s("menu")) == (b"", 0)


def test_a_sound_that_was_removed_meanwhile_is_still_known(due: DueSounds, tmp_path: Path) -> None:
    assert due.all_said() == {"cafe": b"A", "beef": b"B"}
    (tmp_path / "announcements" / "said" / "cafe.alaw").unlink()
    assert due.said("cafe") == b"A"
