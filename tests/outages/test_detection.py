"""What is suggested, with which evidence, and what is not: scripts of arrivals."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.outages.detection.detector import QUIET_S, Arrival, Detector, Suggestion, place_of
from callcenter.outages.detection.pattern import House, Level, Pattern, Place
from callcenter.outages.detection.recent import MOST, Recent, Seen

NOON = datetime(2026, 1, 13, 12, tzinfo=UTC)
DISMISSED_S = 7200
# Four streets of ten houses of 400 flats; three of the streets belong to one company. No history at all.
HOUSES = [
    House(number, 1 if number <= 30 else 2, f"street {(number - 1) // 10}", 400, weeks=0) for number in range(1, 41)
]
PATTERN = Pattern(ZoneInfo("UTC"), HOUSES)
HOUSE = Place(Level.HOUSE, 1, 12)
STREET = Place(Level.STREET, 1, "street 1")
COMPANY = Place(Level.COMPANY, 1)


def call(at: float, flat: int | str, house: int = 12) -> Arrival:
    """At this second after noon, from a number that is known."""
    where = HOUSES[house - 1]
    return Arrival(NOON + timedelta(seconds=at), where.company, f"{house}-{flat}", house, where.street, str(flat))


def unknown(at: float, number: int) -> Arrival:
    return Arrival(NOON + timedelta(seconds=at), 1, f"unknown-{number}")


def ticket(of: Arrival, after: float, category: str = "power", house: int = 12, flat: int = 1) -> Arrival:
    """What an operator wrote after the call, whose flat is known by then."""
    where = call(0, flat, house)
    return replace(
        of,
        at=of.at + timedelta(seconds=after),
        house=where.house,
        street=where.street,
        flat=where.flat,
        category=category,
        emergency=True,
    )


def last_of_each(arrivals: Iterable[Arrival], detector: Detector | None = None) -> dict[str, Suggestion]:
    """By key, as each was when the last of them had come."""
    detector = detector or Detector(PATTERN)
    return {each.key: each for arrival in arrivals for each in detector.arrived(arrival)}


def suggested(arrivals: Iterable[Arrival], detector: Detector | None = None) -> dict[Place, Suggestion]:
    return {each.place: each for each in last_of_each(arrivals, detector).values()}


def test_flats_of_a_house_that_call_together_are_suggested_with_the_evidence() -> None:
    arrivals = [call(48 * number, number) for number in range(5)]
    (found,) = suggested([*arrivals, call(240, 2)]).values()
    assert found.place == HOUSE
    assert (found.calls, found.flats, found.unknown, found.houses) == (6, 5, 0, ((12, 5),))
    assert (found.since, found.last_at) == (NOON, NOON + timedelta(minutes=4))
    assert found.usual == pytest.approx(400 * 0.4 / 730 / 15, rel=1e-3)
    assert found.key == f"house:1:12:{int(NOON.timestamp())}"


def test_a_few_calls_are_no_outage() -> None:
    assert suggested([call(600 * number, number) for number in range(4)]) == {}
    assert suggested([call(0, 1), call(1, 2)]) == {}


def test_one_who_calls_again_and_again_is_one_flat() -> None:
    assert suggested(call(30 * number, 7) for number in range(500)) == {}
    assert suggested(unknown(30 * number, 7) for number in range(500)) == {}


def test_a_suggestion_grows_in_place() -> None:
    detector = Detector(PATTERN)
    first = suggested([call(10 * number, number) for number in range(5)], detector)[HOUSE]
    (grown,) = detector.arrived(call(1500, 9))
    (again,) = detector.arrived(call(1600, 9))
    assert first.key == grown.key == again.key
    assert first.suggested_at == grown.suggested_at == again.suggested_at
    assert (first.flats, grown.flats, again.flats) == (5, 6, 6)
    assert (first.calls, grown.calls, again.calls) == (5, 6, 7)
    assert again.usual > first.usual


def test_after_a_quiet_hour_it_is_another_suggestion() -> None:
    def wave(start: float) -> list[Arrival]:
        return [call(start + 10 * number, number) for number in range(5)]

    assert len(last_of_each([*wave(0), *wave(QUIET_S - 600)])) == 1
    assert len(last_of_each([*wave(0), *wave(QUIET_S + 600)])) == 2


def test_what_was_dismissed_is_not_repeated_for_a_time() -> None:
    detector = Detector(PATTERN)
    first = suggested([call(10 * number, number) for number in range(5)], detector)[HOUSE]
    assert place_of(first.key) == HOUSE
    detector.quiet(HOUSE, NOON + timedelta(seconds=DISMISSED_S))
    assert suggested([call(60 + 10 * number, 100 + number) for number in range(300)], detector) == {}
    late = DISMISSED_S + 70
    again = suggested([call(late + 10 * number, number) for number in range(5)], detector)[HOUSE]
    assert again.key != first.key


@pytest.mark.parametrize(
    "place",
    [HOUSE, STREET, Place(Level.STREET, 2, "г. Заречный: пос. 5, ул. Мира"), Place(Level.COMPANY, 7)],
)
def test_the_key_of_a_suggestion_names_its_place(place: Place) -> None:
    assert place_of(f"{place.level}:{place.company}:{place.name or ''}:1772703000") == place


def test_a_known_outage_is_not_suggested_until_then() -> None:
    detector = Detector(PATTERN)
    detector.known(HOUSE, NOON + timedelta(minutes=10))
    assert suggested([call(10 * number, number) for number in range(5)], detector) == {}
    assert HOUSE in suggested([call(700 + 10 * number, 50 + number) for number in range(5)], detector)


def test_houses_of_a_street_with_a_call_or_two_each_are_one_suggestion() -> None:
    arrivals = [call(3 * number, number, 11 + number % 10) for number in range(20)]
    found = suggested(arrivals)
    assert set(found) == {STREET}
    assert found[STREET].flats == 20
    assert dict(found[STREET].houses) == dict.fromkeys(range(11, 21), 2)


def test_one_house_alone_makes_neither_its_street_nor_its_company_suspect() -> None:
    assert set(suggested(call(2 * number, number) for number in range(300))) == {HOUSE}


def test_houses_of_a_suggested_street_are_not_suggested_again() -> None:
    street = [call(3 * number, number, 11 + number % 10) for number in range(20)]
    house = [call(100 + number, 100 + number) for number in range(20)]
    assert set(suggested([*street, *house])) == {STREET}
    detector = Detector(PATTERN)
    detector.known(STREET, NOON + timedelta(hours=1))
    assert suggested([*street, *house], detector) == {}


def test_unknown_numbers_count_for_the_company_alone() -> None:
    found = suggested(unknown(3 * number, number) for number in range(40))
    assert set(found) == {COMPANY}
    assert found[COMPANY].unknown == found[COMPANY].flats == 40
    assert found[COMPANY].houses == ()


def test_callers_of_unknown_numbers_are_explained_by_a_house_that_is_suggested_or_known() -> None:
    strangers = [unknown(100 + 3 * number, number) for number in range(40)]
    detector = Detector(PATTERN)
    assert HOUSE in suggested([call(10 * number, number) for number in range(5)], detector)
    assert suggested(strangers, detector) == {}
    detector = Detector(PATTERN)
    detector.known(HOUSE, NOON + timedelta(hours=1))
    assert suggested(strangers, detector) == {}
    # Another company's explain nothing.
    detector = Detector(PATTERN)
    detector.known(Place(Level.HOUSE, 2, 35), NOON + timedelta(hours=1))
    assert set(suggested(strangers, detector)) == {COMPANY}


def test_a_dismissed_house_explains_nothing() -> None:
    detector = Detector(PATTERN)
    first = suggested([call(10 * number, number) for number in range(5)], detector)[HOUSE]
    detector.quiet(place_of(first.key), NOON + timedelta(seconds=DISMISSED_S))
    assert set(suggested([unknown(100 + 3 * number, number) for number in range(40)], detector)) == {COMPANY}


def test_a_withheld_number_without_a_flat_counts_nowhere() -> None:
    assert suggested(replace(unknown(number, 0), caller=None) for number in range(100)) == {}


def test_the_ticket_of_an_unknown_caller_counts_for_the_house_and_not_twice_for_the_company() -> None:
    detector = Detector(PATTERN)
    calls = [unknown(20 * number, number) for number in range(5)]
    tickets = [ticket(each, 180, "", flat=number) for number, each in enumerate(calls)]
    found = suggested([*calls, *tickets], detector)
    assert set(found) == {HOUSE}
    assert (found[HOUSE].calls, found[HOUSE].flats) == (5, 5)


def test_the_ticket_of_an_unknown_caller_adds_nothing_to_the_companys_suggestion() -> None:
    detector = Detector(PATTERN)
    calls = [unknown(3 * number, number) for number in range(40)]
    before = suggested(calls, detector)[COMPANY]
    (after,) = detector.arrived(ticket(calls[7], 200))
    assert (after.key, after.calls, after.flats) == (before.key, before.calls, before.flats)


def test_the_ticket_of_a_known_caller_adds_its_category_and_no_flat() -> None:
    calls = [call(10 * number, number) for number in range(5)]
    tickets = [ticket(each, 100, flat=number) for number, each in enumerate(calls)]
    found = suggested([*calls, *tickets])[HOUSE]
    assert (found.calls, found.flats, found.category) == (5, 5, "power")


def test_a_call_that_is_reported_after_its_ticket_is_one_call() -> None:
    calls = [call(10 * number, number) for number in range(5)]
    early = ticket(calls[4], 0, flat=4)
    assert suggested([*calls[:4], early, calls[4]]) == suggested([*calls, early])


def test_few_flats_of_one_category_are_more_than_as_many_of_any() -> None:
    """Four flats within twenty minutes might be chance; four without power are not."""
    calls = [call(400 * number, number) for number in range(4)]
    assert suggested(calls) == {}
    same = [arrival for number, each in enumerate(calls) for arrival in (each, ticket(each, 120, flat=number))]
    assert suggested(same)[HOUSE].category == "power"
    mixed = [replace(each, category=f"{each.at}") if each.category else each for each in same]
    assert suggested(mixed) == {}
    questions = [replace(each, emergency=False) for each in same]
    assert suggested(questions) == {}


def test_when_the_whole_town_calls_a_house_must_stand_out_from_it() -> None:
    chance = random.Random(1)
    town = [
        call(3600 * number / 400, 300 + number % 90, house)
        for number, house in enumerate(chance.choices(range(1, 41), k=400))
    ]
    burst = [call(3600 + 45 * number, number) for number in range(4)]
    assert HOUSE in suggested(burst)
    detector = Detector(PATTERN)
    suggested(town, detector)
    assert HOUSE not in suggested(burst, detector)
    # An outage does.
    assert HOUSE in suggested([call(4200 + 10 * number, 50 + number) for number in range(12)], detector)


def test_a_company_is_as_busy_as_the_centre() -> None:
    """New Year's night, all numbers unknown: it begins within an hour, and everywhere."""

    def others(at: float, number: int) -> Arrival:
        return replace(unknown(at, number), company=2, caller=f"other-{number}")

    def night(rate: float) -> list[Arrival]:
        """From the usual to ten times as much within an hour."""
        times = [at for at in range(0, 3600, 5) if random.Random(at).random() < rate * at]
        return [each for at in times for each in (unknown(at, at), others(at, at))]

    assert suggested(night(0.00002)) == {}


@st.composite
def half_hours(draw: st.DrawFn) -> list[Arrival]:
    """Calls and tickets of a few flats of a few houses, some unknown, many in the same second, in order."""
    made = []
    for at in sorted(draw(st.lists(st.integers(0, 15), min_size=4, max_size=40))):
        flat, house = draw(st.integers(1, 12)), draw(st.sampled_from([11, 12, 12, 12, 13, 14, 15, 35]))
        ring = call(20 * at, flat, house)
        made.append(
            draw(st.sampled_from([ring, ring, ring, unknown(20 * at, flat), ticket(ring, 0, house=house, flat=flat)]))
        )
    return made


def test_a_house_and_its_street_in_one_second_are_both_suggested_in_any_order() -> None:
    house, street = [call(0, number) for number in range(6)], [call(0, 1, number % 10 + 11) for number in range(30)]
    strangers = [unknown(0, number) for number in range(30)]
    first = last_of_each([*house, *street, *strangers])
    assert {each.place for each in first.values()} == {HOUSE, STREET, COMPANY}
    assert last_of_each([*street, *house, *strangers]) == first
    assert last_of_each([*strangers, *street, *house]) == first


@given(half_hours(), st.randoms(use_true_random=False))
def test_the_order_within_a_second_does_not_matter(arrivals: list[Arrival], chance: random.Random) -> None:
    shuffled = sorted(chance.sample(arrivals, len(arrivals)), key=lambda arrival: arrival.at)
    assert last_of_each(arrivals) == last_of_each(shuffled)


@given(half_hours(), st.data())
def test_redials_never_raise_the_count(arrivals: list[Arrival], data: st.DataObject) -> None:
    again = [
        replace(each, at=each.at + timedelta(seconds=data.draw(st.integers(0, 300))))
        for each in data.draw(st.lists(st.sampled_from(arrivals), max_size=20))
    ]
    plain, redialled = last_of_each(arrivals), last_of_each(sorted([*arrivals, *again], key=lambda each: each.at))
    # A redial may be what a suggestion grows with last; it never adds a flat to those that called.
    called = len({each.caller for each in arrivals})
    assert plain.keys() <= redialled.keys()
    assert all(plain[key].flats <= redialled[key].flats <= called for key in plain)
    assert all(redialled[key].calls >= each.calls for key, each in plain.items())


@given(half_hours())
def test_evidence_is_about_what_came(arrivals: list[Arrival]) -> None:
    for found in last_of_each(arrivals).values():
        flats: set[object] = {(each.house, each.flat or each.caller) for each in arrivals}
        assert found.flats <= min(found.calls, len(flats))
        assert found.flats == found.unknown + sum(count for _house, count in found.houses)
        assert found.since <= found.suggested_at <= found.last_at


def test_what_is_remembered_is_bounded() -> None:
    recent = Recent(span=1800)
    for number in range(20 * MOST):
        recent.add(Seen(number // 100, f"{number}", None, 1, None, emergency=False))
    assert max(len(recent.counted), len(recent.log)) <= MOST


def test_places_that_are_silent_are_forgotten() -> None:
    """One house a minute calls, each another: those of the last half hour are remembered, and of the minutes since."""
    detector = Detector(PATTERN)
    for number in range(1000):
        detector.arrived(replace(call(60 * number, 1), house=1000 + number))
    assert 30 < len(detector._recent) < 50
