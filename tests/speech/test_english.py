import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.speech.english import English
from callcenter.speech.words import Noun

EN = English()
ZONE = ZoneInfo("Europe/Moscow")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[arg-type,misc]


NOW = at(2026, 11, 28, 14)
SPOKEN = re.compile(r"[a-z']+(?:[ ,.!?]+[a-z']+)*[.!?]?", re.IGNORECASE)


@pytest.mark.parametrize(
    ("hour", "minute", "spoken"),
    [
        (0, 0, "midnight"),
        (0, 30, "twelve thirty a m"),
        (9, 0, "nine a m"),
        (9, 5, "nine oh five a m"),
        (12, 0, "noon"),
        (12, 1, "twelve oh one p m"),
        (14, 20, "two twenty p m"),
        (18, 30, "six thirty p m"),
        (23, 59, "eleven fifty nine p m"),
    ],
)
def test_a_time(hour: int, minute: int, spoken: str) -> None:
    assert EN.since(NOW.replace(hour=hour, minute=minute), NOW) == f"since {spoken}"


def test_the_day_is_said_unless_it_is_today() -> None:
    assert EN.since(NOW - timedelta(days=1), NOW) == "since two p m yesterday"
    assert EN.until(at(2026, 11, 29), NOW) == "until midnight"
    assert EN.until(at(2026, 11, 30), NOW) == "until midnight tomorrow"
    assert EN.until(at(2026, 12, 3, 9), NOW) == "until nine a m on the third of December"
    assert EN.until(at(2028, 1, 1, 2), NOW) == "until two a m on the first of January twenty twenty eight"
    begin = at(2026, 12, 3, 9)
    assert EN.period(begin, begin.replace(hour=17), NOW) == "from nine a m until five p m on the third of December"


@pytest.mark.parametrize(
    ("number", "spoken"),
    [(0, "zero"), (1041, "one thousand forty one"), (104012, "one hundred four, zero twelve"), (5000, "five thousand")],
)
def test_a_ticket_number(number: int, spoken: str) -> None:
    assert EN.ticket_number(number) == spoken


def test_places() -> None:
    assert EN.address("Набережная ул.", "12/5") == "Naberezhnaya street, house twelve slash five"
    assert EN.house("7 корп. 2") == "house seven block two"
    assert EN.flat("127") == "flat one hundred twenty seven"
    assert EN.entrance(3) == "entrance three"


def test_counts() -> None:
    assert [EN.count(number, Noun.TICKET) for number in (1, 2)] == ["one ticket", "two tickets"]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("We're sorry, it's off until 18:30.", "We're sorry, it's off until six thirty p m."),
        ("since 29.11, 50%", "since the twenty ninth of November, fifty per cent"),
        ("<b>Hi</b> (system 'ls') 😀", "Hi, system ls"),
        ("the 2nd riser", "the second riser"),
        ("😀", ""),
    ],
)
def test_free_text_is_read(text: str, spoken: str) -> None:
    assert EN.read(text) == spoken


@given(st.text(max_size=300))
def test_nothing_but_english_words_is_left_of_any_text(text: str) -> None:
    spoken = EN.read(text)
    assert spoken == "" or SPOKEN.fullmatch(spoken)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_two_ticket_numbers_never_sound_alike(one: int, other: int) -> None:
    assert (EN.ticket_number(one) == EN.ticket_number(other)) == (one == other)
