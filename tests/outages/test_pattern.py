"""What is usual, with and without history."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from callcenter.outages.detection.pattern import (
    CENTRE,
    HOURS,
    PRIOR_RATE,
    WEEKS,
    CategoryCount,
    HourCount,
    House,
    Level,
    Pattern,
    Place,
)

ZONE = ZoneInfo("UTC")
MONDAY_TEN = datetime(2026, 1, 12, 10, tzinfo=UTC).timestamp()
HOUR = 3600
HOUSES = [House(number, 1 + number // 11, f"street {number // 6}", 400) for number in range(1, 21)]
ONE = Place(Level.HOUSE, 1, 1)


def hourly(pattern: Pattern, place: Place, at: float = MONDAY_TEN) -> float:
    return pattern.usual(place, at, at + HOUR)


def test_without_history_a_house_is_expected_to_call_by_its_flats() -> None:
    pattern = Pattern(ZONE, [House(1, 1, "a", 400, weeks=0), House(2, 1, "a", 100, weeks=0)])
    assert hourly(pattern, ONE) == pytest.approx(400 * PRIOR_RATE)
    assert hourly(pattern, Place(Level.HOUSE, 1, 2)) == pytest.approx(100 * PRIOR_RATE)
    assert hourly(pattern, Place(Level.STREET, 1, "a")) == pytest.approx(500 * PRIOR_RATE)


def test_four_silent_weeks_lower_what_is_usual() -> None:
    assert hourly(Pattern(ZONE, HOUSES), ONE) < 0.5 * 400 * PRIOR_RATE


def test_much_history_is_believed_and_little_is_drawn_towards_the_others() -> None:
    """Everybody calls at ten on Mondays; the first house never does, and has too little history to be believed."""
    often = [HourCount(house.company, house.id, 10, 100) for house in HOUSES[1:]]
    pattern = Pattern(ZONE, HOUSES, often)
    assert hourly(pattern, Place(Level.COMPANY, 2)) == pytest.approx(100 / WEEKS * 10, rel=0.1)
    assert 0.01 < hourly(pattern, ONE) < 100 / WEEKS / 5
    assert hourly(pattern, ONE, MONDAY_TEN + HOUR) < hourly(pattern, ONE) / 5


def test_the_whole_is_the_sum_of_its_parts() -> None:
    counts = [HourCount(house.company, house.id, (house.id * 7) % HOURS, 1 + house.id % 4) for house in HOUSES]
    pattern = Pattern(ZONE, HOUSES, counts)
    assert hourly(pattern, CENTRE) == pytest.approx(
        sum(hourly(pattern, Place(Level.HOUSE, each.company, each.id)) for each in HOUSES), rel=1e-4
    )


def test_unknown_numbers_count_for_the_company_alone() -> None:
    unknown = [HourCount(1, None, hour, 40) for hour in range(HOURS)]
    before, after = Pattern(ZONE, HOUSES), Pattern(ZONE, HOUSES, unknown)
    assert hourly(after, ONE) == hourly(before, ONE)
    assert hourly(after, Place(Level.COMPANY, 1)) - hourly(before, Place(Level.COMPANY, 1)) == pytest.approx(
        10, rel=0.1
    )


def test_a_window_over_the_change_of_the_week_takes_from_both_hours() -> None:
    counts = [HourCount(1, 1, 0, 4), HourCount(1, 1, 167, 1)]
    pattern = Pattern(ZONE, HOUSES[:1], counts)
    midnight = datetime(2026, 1, 12, tzinfo=UTC).timestamp()
    first, last = hourly(pattern, ONE, midnight), hourly(pattern, ONE, midnight - HOUR)
    assert first != pytest.approx(last)
    assert pattern.usual(ONE, midnight - 900, midnight + 900) == pytest.approx((first + last) / 4)


def test_an_hour_of_the_week_is_one_of_the_zones_clock() -> None:
    counts = [HourCount(1, 1, 10, 4)]
    india = Pattern(ZoneInfo("Asia/Kolkata"), HOUSES[:1], counts)
    assert hourly(india, ONE, MONDAY_TEN - 5.5 * HOUR) == pytest.approx(hourly(Pattern(ZONE, HOUSES[:1], counts), ONE))


def test_a_house_newer_than_the_pattern_is_one_like_its_companys_others() -> None:
    pattern = Pattern(ZONE, HOUSES)
    assert hourly(pattern, Place(Level.HOUSE, 1, 999)) == pytest.approx(hourly(pattern, ONE), rel=1e-4)
    assert hourly(pattern, Place(Level.HOUSE, 77, 999)) > 0


def test_a_category_has_its_share_and_one_that_never_came_is_possible() -> None:
    tickets = [CategoryCount(1, "power", 59), CategoryCount(1, "repair", 931)]
    pattern = Pattern(ZONE, HOUSES, categories=tickets)
    assert hourly(pattern, ONE._replace(category="power")) == pytest.approx(0.06 * hourly(pattern, ONE))
    assert hourly(pattern, ONE._replace(category="gas")) == pytest.approx(0.001 * hourly(pattern, ONE))
