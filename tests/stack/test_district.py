"""The simulated district keeps what it promises, and outages in it are judged rightly."""

from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from callcenter.outages.detection.detector import Arrival
from callcenter.outages.detection.pattern import MOST_AN_HOUR
from stack import bench_outages
from stack.bench_outages import Judged, Outage, false_per_week, found_ratio, judge, p95, with_a_fifth
from stack.district import (
    CALLS_A_FLAT_MONTH,
    HISTORY_FROM,
    HOUR,
    JUDGED_FROM,
    MONTH_HOURS,
    NEW_YEAR,
    WEEKS,
    Call,
    District,
    Happening,
    Kind,
    Plan,
)

SMALL = Plan(seed=3, houses=60, companies=2, streets=4, operators=3)
QUIET = replace(SMALL, outages_a_day=0, rumours_a_week=0, angry_a_day=0)


@pytest.fixture(scope="module")
def weeks() -> tuple[District, list[Call], list[Happening]]:
    district = District(SMALL)
    return district, *district.weeks(JUDGED_FROM)


def of(happening: Happening, calls: list[Call]) -> list[Call]:
    """The calls of its houses from its beginning to its last caller."""
    return [
        call for call in calls if call.house in happening.houses and happening.began <= call.at <= happening.callers[-1]
    ]


def test_a_seed_makes_the_same_weeks_and_another_makes_others() -> None:
    first, second = District(SMALL), District(SMALL)
    assert first.weeks(JUDGED_FROM) == second.weeks(JUDGED_FROM)
    assert first.houses != District(replace(SMALL, seed=4)).houses


def test_quiet_flats_call_as_often_as_is_said_and_as_an_office_is_called() -> None:
    district = District(QUIET)
    calls, happenings = district.weeks(HISTORY_FROM)
    assert happenings == []
    flats = sum(house.flats for house in district.houses)
    assert all(60 <= house.flats <= 900 for house in district.houses)
    expected = flats * CALLS_A_FLAT_MONTH * WEEKS * 168 / MONTH_HOURS
    assert 0.8 * expected < len(calls) < 1.3 * expected
    hours = Counter(int(call.at // HOUR) % 24 for call in calls)
    assert hours[10] > 10 * hours[3]
    days = Counter(int(call.at // HOUR) // 24 % 7 for call in calls)
    assert days[0] > 1.3 * days[6]
    assert all(1 <= call.flat <= district.houses[call.house].flats for call in calls)


def test_new_years_night_is_busy_everywhere() -> None:
    district = District(replace(QUIET, houses=300))
    calls, _none = district.weeks(JUDGED_FROM)
    midnight = (NEW_YEAR - JUDGED_FROM).total_seconds()
    nights = Counter(int((call.at - midnight) // (24 * HOUR)) for call in calls if (call.at - midnight) % 86400 < HOUR)
    assert nights[0] > 2 * max(count for night, count in nights.items() if night != 0)


def test_in_an_outage_a_fifth_to_three_fifths_of_the_flats_call_within_half_an_hour(
    weeks: tuple[District, list[Call], list[Happening]],
) -> None:
    district, _calls, happenings = weeks
    real = [each for each in happenings if each.real]
    assert {each.kind for each in real} == {Kind.RISER, Kind.HOUSE, Kind.TEN_HOUSES}
    for each in real:
        assert len(each.houses) == (10 if each.kind is Kind.TEN_HOUSES else 1)
        assert each.callers == sorted(each.callers)
        assert all(each.began <= at <= each.began + HOUR / 2 for at in each.callers)
        flats = sum(district.houses[house].flats for house in each.houses)
        if each.kind is Kind.RISER:
            assert len(each.callers) <= 25
        else:
            assert 0.1 < len(each.callers) / flats < 0.7
    assert {len({district.houses[house].street for house in each.houses}) for each in real} == {1}


def test_an_angry_caller_is_one_flat_and_a_rumour_few_of_many_houses(
    weeks: tuple[District, list[Call], list[Happening]],
) -> None:
    district, calls, happenings = weeks
    angry = next(each for each in happenings if each.kind is Kind.ANGRY)
    (house,) = angry.houses
    most = Counter(
        call.flat for call in calls if call.house == house and angry.began <= call.at < angry.began + 4 * HOUR
    )
    assert most.most_common(1)[0][1] >= 10
    for each in happenings:
        if each.kind is Kind.RUMOUR:
            assert len(each.houses) >= 15
            assert len(each.callers) < 0.03 * sum(district.houses[house].flats for house in each.houses)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_unknown_numbers_have_no_house_until_an_operator_wrote_their_ticket(share: float) -> None:
    district = District(replace(QUIET, unknown=share))
    calls, _none = district.weeks(JUDGED_FROM)
    arrivals = district.arrivals(calls, JUDGED_FROM)
    rung = [each for each in arrivals if each.category is None]
    assert len(rung) == len(calls)
    assert sum(each.house is None for each in rung) / len(rung) == pytest.approx(share, abs=0.05)
    tickets = [each for each in arrivals if each.category is not None]
    assert all(each.house and each.flat and each.street for each in tickets)
    assert 0.8 * len(calls) < len(tickets) <= len(calls)
    assert [each.at for each in arrivals] == sorted(each.at for each in arrivals)


def test_no_more_talks_at_once_than_operators_and_who_waits_too_long_has_no_ticket() -> None:
    district = District(replace(QUIET, operators=2))
    rush = [Call(float(number), 0, 1 + number % 50, "power") for number in range(200)]
    arrivals = district.arrivals(rush, JUDGED_FROM)
    tickets = [each for each in arrivals if each.category is not None]
    assert 2 < len(tickets) < 100
    by_hour = defaultdict(list)
    for each in tickets:
        by_hour[each.at.replace(minute=0, second=0, microsecond=0)].append(each)
    # Two operators of three minutes each.
    assert max(len(each) for each in by_hour.values()) < 2 * 20 * 1.5
    assert first_of(tickets) > first_of(arrivals)


def first_of(arrivals: list[Arrival]) -> float:
    return min(each.at.timestamp() for each in arrivals)


def test_history_is_what_the_nightly_query_counts() -> None:
    district = District(SMALL)
    counts, categories = district.history()
    assert all(0 <= each.hour < 168 for each in counts)
    assert all(each.calls <= MOST_AN_HOUR for each in counts if each.house is not None)
    assert any(each.house is None for each in counts)
    assert {each.company for each in categories} == {1, 2}


def test_outages_of_a_small_district_are_found_and_judged() -> None:
    judged = judge(replace(SMALL, outages_a_day=0.7))
    outages = with_a_fifth([judged])
    assert len(outages) > 12
    assert found_ratio([each for each in outages if each.kind is not Kind.RISER]) == 1.0
    assert p95([each for each in outages if each.kind is Kind.TEN_HOUSES]) < 120
    assert len(judged.false) <= 4


def test_the_figures_count_what_was_never_suggested_and_what_should_not_have_been() -> None:
    never = Outage(Kind.RISER, 6, float("inf"))
    soon = Outage(Kind.HOUSE, 60, 3.0)
    judged = Judged([soon] * 18 + [never] * 2, ["house, nothing"] * 2, 20, 100, 1.0)
    assert found_ratio(judged.outages) == 0.9
    assert p95(judged.outages) == float("inf")
    assert p95([soon] * 19 + [never]) == 3.0
    assert false_per_week([judged]) == 2 / WEEKS
    assert with_a_fifth([Judged([Outage(Kind.RISER, 4, 0.0)], [], 0, 1, 1.0)]) == []


def test_the_table_has_the_three_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Judged([Outage(Kind.RISER, 6, 2.0)], [], 1, 100, 1.0)
    monkeypatch.setattr(bench_outages, "judge_all", lambda plans: [run for _plan in plans])
    figures = bench_outages.outage_figures()
    assert figures["outage_suggested_p95_s"] == {"value": 2.0, "unit": "s"}
    assert figures["outage_found_ratio"]["value"] == 1.0
    assert figures["outage_false_per_week_1000_houses_half_unknown"]["value"] == 0.0
