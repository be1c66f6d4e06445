"""How many flats usually call from a house, a street, a company: the last four weeks, by the hour of the week.

A house has a few dozen calls in four weeks for the 168 hours of a week, so its own count of an hour is drawn towards what
its size and its company's hours let expect, and these towards the whole centre: each is worth `STRENGTH` calls. What has
no history has the expectation alone.

All of it is two small tables, which one query a night can make. What is counted is flats, each once an hour, and of a
house `MOST_AN_HOUR` at most, so that an outage does not become the house's pattern.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

WEEKS = 4
HOURS = 168
MOST_AN_HOUR = 4
STRENGTH = 4.0
# Calls a flat and hour where nothing is known: 0.2 a month, twice that by day.
PRIOR_RATE = 0.4 / 730
PRIOR_FLATS = 200

Hours = NDArray[np.float64]


class Level(StrEnum):
    """What may have an outage as a whole, from narrow to wide."""

    HOUSE = "house"
    STREET = "street"
    COMPANY = "company"


class Place(NamedTuple):
    """A house by its id, a street of one company by its name, a company; with a category, its tickets of it alone."""

    level: Level
    company: int
    name: int | str | None = None
    category: str | None = None


CENTRE = Place(Level.COMPANY, 0)
"""All companies together."""


@dataclass(frozen=True, slots=True)
class House:
    """A house of the directory. `flats`: 0 when unknown; `weeks`: how much history it has, four at most."""

    id: int
    company: int
    street: str
    flats: int
    weeks: float = WEEKS


@dataclass(frozen=True, slots=True)
class HourCount:
    """What called in one hour of the week, over all weeks: flats of a house, or numbers that belong to no house."""

    company: int
    house: int | None
    hour: int
    calls: int


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How many tickets of a category a company had in the same weeks."""

    company: int
    category: str
    tickets: int


class Pattern:
    """What is usual at any place and time. An hour of the week is one in `zone`, from Monday's first to Sunday's last."""

    def __init__(
        self,
        zone: ZoneInfo,
        houses: Iterable[House] = (),
        counts: Iterable[HourCount] = (),
        categories: Iterable[CategoryCount] = (),
    ) -> None:
        self._zone = zone
        self._rates: dict[Place, array[float]] = {}
        self._houses: dict[int, int] = {}
        self._shares = _shares(categories)
        self._learn(list(houses), list(counts))

    def usual(self, place: Place, since: float, until: float) -> float:
        """How many flats usually call in that time, in seconds since 1970; without a house, how many numbers."""
        rates = self._rates.get(Place(*place[:3])) or self._without_history(place)
        share = 1.0 if place.category is None else self._share(place.company, place.category)
        return share * sum(rates[hour] * length for hour, length in self._hours(since, until)) / 3600

    def _hours(self, since: float, until: float) -> Iterator[tuple[int, float]]:
        """The hours of the week between the two with their seconds, from the last one backwards."""
        local = datetime.fromtimestamp(until, self._zone)
        hour, left = local.weekday() * 24 + local.hour, until - since
        length = min(left, local.minute * 60.0 + local.second)
        while left > 0:
            yield hour, length
            hour, left = (hour - 1) % HOURS, left - length
            length = min(left, 3600.0)

    def _share(self, company: int, category: str) -> float:
        """Of a category among all tickets; one that never came is not impossible."""
        return (self._shares.get((company, category), 0) + 1) / (self._shares.get((company, None), 0) + 10)

    def _without_history(self, place: Place) -> "array[float]":
        """A house that is newer than the pattern is one like its company's others."""
        if place.level is Level.COMPANY:
            return array("f", [PRIOR_FLATS * PRIOR_RATE]) * HOURS
        company = self._rates.get(Place(Level.COMPANY, place.company))
        if company is None:
            return array("f", [PRIOR_FLATS * PRIOR_RATE]) * HOURS
        houses = max(1, self._houses.get(place.company, 0))
        return array("f", (rate / houses for rate in company))

    def _learn(self, houses: list[House], counts: list[HourCount]) -> None:
        own, unknown = _tables(houses, counts)
        everywhere = _shape(own.sum(axis=0), np.ones(HOURS))
        centre = np.zeros(HOURS)
        for company in {house.company for house in houses} | set(unknown):
            rows = [row for row, house in enumerate(houses) if house.company == company]
            mine = [houses[row] for row in rows]
            rates = _house_rates(mine, own[rows], everywhere)
            total = rates.sum(axis=0)
            if company in unknown:
                weeks = max((house.weeks for house in mine), default=float(WEEKS))
                mean = max(unknown[company].sum(), 1.0) / weeks / HOURS
                total = total + _drawn(unknown[company], weeks, mean * everywhere)
            self._keep(Place(Level.COMPANY, company), total)
            centre += total
            self._houses[company] = len(mine)
            for street in {house.street for house in mine}:
                there = [row for row, house in enumerate(mine) if house.street == street]
                self._keep(Place(Level.STREET, company, street), rates[there].sum(axis=0))
            for row, house in enumerate(mine):
                self._keep(Place(Level.HOUSE, company, house.id), rates[row])
        self._keep(CENTRE, centre)

    def _keep(self, place: Place, rates: Hours) -> None:
        self._rates[place] = array("f", rates.tolist())


def _tables(houses: list[House], counts: list[HourCount]) -> tuple[Hours, dict[int, Hours]]:
    """Counts by house and hour, and those of numbers without a house by company and hour."""
    row_of = {house.id: row for row, house in enumerate(houses)}
    own = np.zeros((len(houses), HOURS))
    unknown: dict[int, Hours] = {}
    for count in counts:
        if count.house is None:
            unknown.setdefault(count.company, np.zeros(HOURS))[count.hour] += count.calls
        elif count.house in row_of:
            own[row_of[count.house], count.hour] += count.calls
    return own, unknown


def _house_rates(houses: list[House], own: Hours, everywhere: Hours) -> Hours:
    """Calls an hour of each house of one company in each hour of the week."""
    if not houses:
        return np.zeros((0, HOURS))
    shape = _shape(own.sum(axis=0), everywhere)
    flats = np.array([house.flats or PRIOR_FLATS for house in houses], dtype=float)
    hours = np.array([house.weeks for house in houses]) * HOURS
    a_flat = _drawn(np.asarray(own.sum()), float(flats @ hours), PRIOR_RATE)
    mean = _drawn(own.sum(axis=1), hours, flats * a_flat)
    return _drawn(own, hours[:, None] / HOURS, mean[:, None] * shape)


def _shape(counts: Hours, prior: Hours) -> Hours:
    """How much of the mean comes in each hour of the week; the mean is 1."""
    drawn = counts + STRENGTH * prior
    return np.asarray(drawn / drawn.mean())


def _drawn(counted: Hours, exposure: Hours | float, prior: Hours | float) -> Hours:
    """A rate: what was counted in the time of exposure, drawn towards the prior rate."""
    return np.asarray((counted + STRENGTH) / (exposure + STRENGTH / prior))


def _shares(categories: Iterable[CategoryCount]) -> dict[tuple[int, str | None], int]:
    """Tickets by company and category, and by company alone under None."""
    shares: dict[tuple[int, str | None], int] = {}
    for each in categories:
        for key in ((each.company, each.category), (each.company, None)):
            shares[key] = shares.get(key, 0) + each.tickets
    return shares
