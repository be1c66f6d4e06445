from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.deadlines import Limit, LimitStep, due

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
# Half an hour of daylight saving, a jump at midnight, an offset of 45 minutes, a whole day skipped (Samoa, 2011).
ZONES = [
    MOSCOW,
    BERLIN,
    *map(ZoneInfo, ("Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "Asia/Kamchatka")),
]
MINUTE = timedelta(minutes=1)

openings = st.datetimes(datetime(2008, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
minutes = st.integers(1, 300)


@st.composite
def windows(draw: st.DrawFn) -> tuple[time, time]:
    first = draw(st.integers(0, 24 * 60 - 2))
    last = draw(st.integers(first + 1, 24 * 60 - 1))
    return time(*divmod(first, 60)), time(*divmod(last, 60))


def chute(minutes: int, warn_before: int = 0, window: tuple[time, time] = (time(8), time(23))) -> Limit:
    return Limit(LimitStep.CLEAR, minutes, warn_before, *window)


def is_twice(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the wall shows this time twice on that day."""
    wall = moment.astimezone(zone)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


@given(openings, minutes, st.sampled_from(ZONES))
def test_without_a_window_all_minutes_count(opened_at: datetime, minutes: int, zone: ZoneInfo):
    limit = Limit(LimitStep.REPAIR, minutes, minutes - 1)
    assert due(opened_at, limit, zone).due_at == opened_at + minutes * MINUTE
    assert due(opened_at, limit, zone).warn_at == opened_at + MINUTE


@given(openings, minutes, windows(), st.sampled_from(ZONES))
def test_it_is_never_due_in_a_closed_window_but_at_its_end(
    opened_at: datetime, minutes: int, window: tuple[time, time], zone: ZoneInfo
):
    moment = due(opened_at, chute(minutes, 0, window), zone).due_at
    wall = moment.astimezone(zone)
    if not is_twice(moment, zone) and not is_twice(moment - timedelta(hours=1), zone):
        opens, closes = window
        # A window of which the clocks skipped the end closes at the jump, whatever the wall shows after it.
        skipped = (moment - timedelta(seconds=1)).astimezone(zone).utcoffset() != wall.utcoffset()
        assert skipped or opens < wall.time() <= closes


@given(openings, minutes, windows(), st.sampled_from(ZONES))
def test_a_longer_limit_is_due_later_by_that_minute_at_least(
    opened_at: datetime, minutes: int, window: tuple[time, time], zone: ZoneInfo
):
    shorter = due(opened_at, chute(minutes, 0, window), zone).due_at
    longer = due(opened_at, chute(minutes + 1, 0, window), zone).due_at
    assert longer - shorter >= MINUTE
    assert shorter - opened_at >= minutes * MINUTE


@given(openings, st.timedeltas(timedelta(0), timedelta(days=3)), minutes, windows(), st.sampled_from(ZONES))
def test_what_opens_later_is_never_due_earlier(
    opened_at: datetime, wait: timedelta, minutes: int, window: tuple[time, time], zone: ZoneInfo
):
    limit = chute(minutes, 0, window)
    assert due(opened_at, limit, zone).due_at <= due(opened_at + wait, limit, zone).due_at


@given(openings, st.integers(2, 300), windows(), st.sampled_from(ZONES), st.data())
def test_the_warning_comes_before(
    opened_at: datetime, minutes: int, window: tuple[time, time], zone: ZoneInfo, data: st.DataObject
):
    before = data.draw(st.integers(1, minutes - 1))
    moments = due(opened_at, chute(minutes, before, window), zone)
    assert opened_at < moments.warn_at
    assert moments.due_at - moments.warn_at >= before * MINUTE


@given(openings, st.integers(1, 1500))
def test_where_clocks_never_change_counting_minute_by_minute_says_the_same(opened_at: datetime, minutes: int):
    opened_at = opened_at.replace(second=0, microsecond=0)
    zone = ZoneInfo("Asia/Kathmandu")
    moment, counted = opened_at, 0
    while counted < minutes:
        counted += time(8) <= moment.astimezone(zone).time() < time(23)
        moment += MINUTE
    assert due(opened_at, chute(minutes), zone).due_at == moment


def at(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone)


@pytest.mark.parametrize(
    ("zone", "opened", "minutes", "expected"),
    [
        (MOSCOW, (2026, 3, 5, 12, 0), 120, (2026, 3, 5, 14, 0)),
        (MOSCOW, (2026, 3, 5, 22, 30), 120, (2026, 3, 6, 9, 30)),
        (MOSCOW, (2026, 3, 5, 21, 0), 120, (2026, 3, 5, 23, 0)),
        (MOSCOW, (2026, 3, 5, 23, 0), 120, (2026, 3, 6, 10, 0)),
        (MOSCOW, (2026, 3, 5, 2, 0), 120, (2026, 3, 5, 10, 0)),
        # Month, leap day, year.
        (MOSCOW, (2026, 4, 30, 22, 59), 120, (2026, 5, 1, 9, 59)),
        (MOSCOW, (2028, 2, 28, 22, 0), 120, (2028, 2, 29, 9, 0)),
        (MOSCOW, (2026, 12, 31, 22, 59), 2, (2027, 1, 1, 8, 1)),
        # Two full days of fifteen hours and a bit.
        (MOSCOW, (2026, 3, 5, 8, 0), 1801, (2026, 3, 7, 8, 1)),
        # The night in which the clocks go forward, and back.
        (BERLIN, (2026, 3, 28, 22, 0), 120, (2026, 3, 29, 9, 0)),
        (BERLIN, (2026, 10, 24, 22, 0), 120, (2026, 10, 25, 9, 0)),
    ],
)
def test_the_chute_waits_for_the_morning(
    zone: ZoneInfo, opened: tuple[int, ...], minutes: int, expected: tuple[int, ...]
):
    assert due(at(zone, *opened), chute(minutes), zone).due_at == at(zone, *expected)


def test_real_minutes_count_where_the_clocks_jump():
    limit = Limit(LimitStep.CLEAR, 120)
    assert due(at(BERLIN, 2026, 3, 29, 1, 0), limit, BERLIN).due_at == at(BERLIN, 2026, 3, 29, 4, 0)
    window = (time(1), time(5))
    assert due(at(BERLIN, 2026, 3, 29, 1, 0), chute(120, 0, window), BERLIN).due_at == at(BERLIN, 2026, 3, 29, 4, 0)


def test_a_window_that_opens_in_the_skipped_hour_opens_at_the_jump():
    moment = due(at(BERLIN, 2026, 3, 29, 0, 0), chute(10, 0, (time(2, 30), time(5))), BERLIN).due_at
    assert moment == at(BERLIN, 2026, 3, 29, 3, 10)


def test_a_window_skipped_whole_does_not_count():
    moment = due(at(BERLIN, 2026, 3, 29, 0, 0), chute(10, 0, (time(2, 10), time(2, 50))), BERLIN).due_at
    assert moment == at(BERLIN, 2026, 3, 30, 2, 20)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"minutes": 0},
        {"minutes": -5},
        {"minutes": 10, "warn_before": 10},
        {"minutes": 10, "warn_before": -1},
        {"minutes": 10, "opens": time(8)},
        {"minutes": 10, "closes": time(8)},
        {"minutes": 10, "opens": time(23), "closes": time(8)},
    ],
)
def test_a_limit_that_makes_no_sense_is_none(nonsense: dict[str, object]):
    with pytest.raises(ValueError, match=r"minutes|window"):
        Limit(LimitStep.CLEAR, **nonsense)


def test_an_opening_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="offset"):
        due(datetime(2026, 3, 5, 12, 0), chute(10), MOSCOW)  # noqa: DTZ001
