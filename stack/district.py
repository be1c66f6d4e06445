"""Simulated weeks of a district: who calls its dispatch centre on quiet days, on odd ones, and in outages.

1,000 houses of 60 to 900 flats in five companies and 50 streets. A flat calls 0.2 times a month, by the hours and
weekdays of an office and a weather that makes whole days busier; every thirtieth call brings one of a neighbour, as when
water comes through a ceiling. What is no outage and yet unusual: New Year's night, a rumour a week in a street or a
company, one angry caller a day. What is one: of a riser, of a house, of ten houses of a street; 20 to 60 % of the flats
call within half an hour, most of them early, a tenth of them again.

A share of the numbers is unknown to the directory: such a call has no house. Operators answer in order, and write a
ticket with house, flat and category at the end of the talk; who has waited too long has hung up.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from callcenter.outages.detection.detector import Arrival
from callcenter.outages.detection.pattern import MOST_AN_HOUR, CategoryCount, HourCount, House

ZONE = ZoneInfo("Europe/Moscow")
HISTORY_FROM = datetime(2025, 11, 24, tzinfo=ZONE)
JUDGED_FROM = datetime(2025, 12, 22, tzinfo=ZONE)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=ZONE)
HOLIDAYS = range(1, 9)
WEEKS = 4
HOUR, DAY, WEEK = 3600, 86400, 604800

CALLS_A_FLAT_MONTH = 0.2
MONTH_HOURS = 730.5
# Shares of a day's calls in each hour, an office's; and how busy each day of the week is.
BY_HOUR = np.array(
    [4, 3, 2, 2, 2, 4, 12, 30, 62, 80, 82, 76, 66, 62, 64, 60, 58, 60, 56, 48, 38, 26, 14, 8], dtype=float
)
BY_WEEKDAY = np.array([1.25, 1.15, 1.1, 1.1, 1.05, 0.75, 0.6])
DAY_SIGMA = 0.2
NEIGHBOURS = 1 / 30
# Hours around midnight of New Year, and how many times the calls of a usual one come.
NEW_YEARS_NIGHT = {-2: 2.0, -1: 4.0, 0: 12.0, 1: 10.0, 2: 7.0, 3: 4.0, 4: 2.0}
CATEGORIES = ("repair", "damage", "question", "paid", "sewer", "power", "lift", "heating", "chute")
CATEGORY_SHARES = (0.3, 0.12, 0.2, 0.1, 0.06, 0.06, 0.06, 0.07, 0.03)
EMERGENCIES = ("damage", "sewer", "power", "lift", "heating")
OUTAGE_CATEGORIES = ("damage", "power", "heating")
RIGHT_CATEGORY = 0.85


class Kind(StrEnum):
    """Of what is simulated beside quiet days."""

    RISER = "riser"
    HOUSE = "house"
    TEN_HOUSES = "ten houses"
    RUMOUR = "rumour"
    ANGRY = "angry caller"


REAL = (Kind.RISER, Kind.HOUSE, Kind.TEN_HOUSES)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated. `unknown`: the share of numbers that the directory does not know."""

    seed: int = 1
    houses: int = 1000
    companies: int = 5
    streets: int = 50
    flats: tuple[int, int] = (60, 900)
    unknown: float = 0.5
    outages_a_day: float = 3.0
    rumours_a_week: int = 1
    angry_a_day: int = 1
    operators: int = 20
    talk_s: float = 180.0
    patience_s: float = 240.0


@dataclass(frozen=True, slots=True)
class Call:
    """A call. `at`: seconds since the start; `house`: its place in the list of them."""

    at: float
    house: int
    flat: int
    category: str


@dataclass(slots=True)
class Happening:
    """Something unusual, and the houses it is about. `callers`: when each different flat called first, in seconds."""

    kind: Kind
    began: float
    houses: tuple[int, ...]
    callers: list[float] = field(default_factory=list)

    @property
    def real(self) -> bool:
        """Whether it is an outage."""
        return self.kind in REAL


class District:
    """The houses, and the calls of four weeks of them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._chance = np.random.default_rng(plan.seed)
        sizes = self._chance.integers(plan.flats[0], plan.flats[1] + 1, plan.houses)
        self.houses = [
            House(
                id=number + 1,
                company=number * plan.companies // plan.houses + 1,
                street=f"street {number * plan.streets // plan.houses + 1}",
                flats=int(size),
            )
            for number, size in enumerate(sizes)
        ]
        self._known = [self._chance.random(house.flats + 1) >= plan.unknown for house in self.houses]

    def weeks(self, start: datetime) -> tuple[list[Call], list[Happening]]:
        """The calls of four weeks from a Monday on, in order, and what happened in them."""
        happenings = self._happenings()
        calls = [*self._quiet(start)]
        for happening in happenings:
            calls.extend(self._calls_of(happening))
        return sorted(calls, key=lambda call: call.at), happenings

    def history(self) -> tuple[list[HourCount], list[CategoryCount]]:
        """What a query would have counted in the four weeks before: flats by house and hour, tickets by category."""
        calls, _happenings = self.weeks(HISTORY_FROM)
        callers: dict[tuple[int, int | None, int], set[int]] = {}
        tickets: dict[tuple[int, str], int] = {}
        for call in calls:
            house = self.houses[call.house]
            where = house.id if self._known[call.house][call.flat] else None
            callers.setdefault((house.company, where, int(call.at // HOUR)), set()).add(call.house * 1000 + call.flat)
            key = (house.company, call.category)
            tickets[key] = tickets.get(key, 0) + 1
        counts = [
            HourCount(company, where, hour % 168, min(len(flats), MOST_AN_HOUR) if where else len(flats))
            for (company, where, hour), flats in callers.items()
        ]
        return counts, [CategoryCount(company, name, count) for (company, name), count in tickets.items()]

    def arrivals(self, calls: Sequence[Call], start: datetime) -> list[Arrival]:
        """What the service would see: calls as they come, and the tickets that operators write after the talks."""
        free = [0.0] * self.plan.operators
        seen: list[tuple[float, bool, Call]] = []
        for call in calls:
            seen.append((call.at, False, call))
            answered = max(call.at, free[0])
            if answered - call.at > self._chance.lognormal(np.log(self.plan.patience_s), 0.8):
                continue
            ended = answered + self._chance.exponential(self.plan.talk_s)
            heapq.heapreplace(free, ended)
            seen.append((ended, True, call))
        seen.sort(key=lambda each: (each[0], each[1]))
        return [self._arrival(call, start + timedelta(seconds=at), ticket) for at, ticket, call in seen]

    def _arrival(self, call: Call, at: datetime, ticket: bool) -> Arrival:
        house = self.houses[call.house]
        caller = f"{house.id}-{call.flat}"
        if not ticket and not self._known[call.house][call.flat]:
            return Arrival(at, house.company, caller)
        category = call.category if ticket else None
        emergency = ticket and call.category in EMERGENCIES
        return Arrival(at, house.company, caller, house.id, house.street, str(call.flat), category, emergency)

    def _quiet(self, start: datetime) -> Iterator[Call]:
        rates = self._hourly(start)
        flats = np.array([house.flats for house in self.houses])
        count = self._chance.poisson(flats[:, None] * rates)
        house_of, hour_of = np.repeat(np.argwhere(count > 0), count[count > 0], axis=0).T
        at = (hour_of + self._chance.random(len(hour_of))) * HOUR
        flat = self._chance.integers(1, flats[house_of] + 1)
        category = self._chance.choice(CATEGORIES, len(at), p=CATEGORY_SHARES)
        neighbour = self._chance.random(len(at)) < NEIGHBOURS
        later = self._chance.uniform(60, 1200, len(at))
        for row in range(len(at)):
            call = Call(float(at[row]), int(house_of[row]), int(flat[row]), str(category[row]))
            yield call
            if neighbour[row]:
                yield Call(call.at + float(later[row]), call.house, max(1, call.flat - 1), "damage")

    def _hourly(self, start: datetime) -> NDArray[np.float64]:
        """Calls a flat in each hour of the four weeks."""
        rates = np.empty(WEEKS * 168)
        by_hour, by_weekday = BY_HOUR / BY_HOUR.mean(), BY_WEEKDAY / BY_WEEKDAY.mean()
        for day in range(WEEKS * 7):
            date = start + timedelta(days=day)
            weekday = 6 if date.month == 1 and date.day in HOLIDAYS else date.weekday()
            weather = self._chance.lognormal(0, DAY_SIGMA)
            rates[day * 24 : day * 24 + 24] = by_hour * by_weekday[weekday] * weather
        midnight = (NEW_YEAR - start) // timedelta(hours=1)
        for hour, times in NEW_YEARS_NIGHT.items():
            if 0 <= midnight + hour < len(rates):
                rates[midnight + hour] *= times
        return rates * CALLS_A_FLAT_MONTH / MONTH_HOURS

    def _happenings(self) -> list[Happening]:
        plan, chance = self.plan, self._chance
        days = WEEKS * 7
        moments = chance.uniform(0, days * DAY - 2 * HOUR, int(plan.outages_a_day * days))
        found = [self._outage(REAL[number % len(REAL)], float(at)) for number, at in enumerate(moments)]
        for week in range(WEEKS * plan.rumours_a_week):
            at = week % WEEKS * WEEK + int(chance.integers(7)) * DAY + float(chance.uniform(9, 18)) * HOUR
            about = self.houses[chance.integers(plan.houses)]
            wide = week % 2 == 1
            houses = [
                number
                for number, house in enumerate(self.houses)
                if house.company == about.company and (wide or house.street == about.street)
            ]
            found.append(Happening(Kind.RUMOUR, at, tuple(houses)))
        for day in range(days * plan.angry_a_day):
            at = day % days * DAY + float(chance.uniform(7, 23)) * HOUR
            found.append(Happening(Kind.ANGRY, at, (int(chance.integers(plan.houses)),)))
        return found

    def _outage(self, kind: Kind, at: float) -> Happening:
        first = int(self._chance.integers(self.plan.houses))
        if kind is not Kind.TEN_HOUSES:
            return Happening(kind, at, (first,))
        street = self.houses[first].street
        there = [number for number, house in enumerate(self.houses) if house.street == street]
        begin = min(there.index(first), max(0, len(there) - 10))
        return Happening(kind, at, tuple(there[begin : begin + 10]))

    def _calls_of(self, happening: Happening) -> Iterator[Call]:
        match happening.kind:
            case Kind.ANGRY:
                flat = int(self._chance.integers(1, self.houses[happening.houses[0]].flats + 1))
                for at in np.cumsum(self._chance.exponential(300, 10)):
                    yield Call(happening.began + float(at), happening.houses[0], flat, "repair")
            case Kind.RUMOUR:
                length = self._chance.uniform(2, 3) * HOUR
                for house in happening.houses:
                    yield from self._callers(happening, house, 0.01, length, "question")
            case _:
                category = str(self._chance.choice(OUTAGE_CATEGORIES))
                share = float(self._chance.uniform(0.2, 0.6))
                for house in happening.houses:
                    yield from self._callers(happening, house, share, HOUR / 2, category)
        happening.callers.sort()

    def _callers(self, happening: Happening, house: int, share: float, length: float, usual: str) -> Iterator[Call]:
        """The flats of a house that call, and call again."""
        flats = np.arange(1, self.houses[house].flats + 1)
        if happening.kind is Kind.RISER:
            # One flat a floor: 9 to 25 floors of four flats.
            floors = int(self._chance.integers(9, 26))
            first = int(self._chance.integers(1, max(2, len(flats) - 4 * floors)))
            flats = flats[first - 1 :: 4][:floors]
        calling = flats[self._chance.random(len(flats)) < share]
        if happening.real:
            # Few notice it at once, most within ten minutes, the last after half an hour.
            after = self._chance.beta(1.5, 3.0, len(calling)) * length
        else:
            after = self._chance.beta(2.0, 2.0, len(calling)) * length
        for flat, wait in zip(calling, after, strict=True):
            category = usual if self._chance.random() < RIGHT_CATEGORY else str(self._chance.choice(CATEGORIES))
            at = happening.began + float(wait)
            happening.callers.append(at)
            yield Call(at, house, int(flat), category)
            if happening.real and self._chance.random() < 0.1:
                yield Call(at + float(self._chance.exponential(300)), house, int(flat), category)
