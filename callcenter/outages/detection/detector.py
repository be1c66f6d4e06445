"""Outages noticed from arrivals: a place from which more flats call than is usual there now.

At each arrival the flats that called from its house, its street and its company are counted in windows that begin at
earlier ones, and tested against what is usual (`pattern`) times the present level of what is around: on a night on which
the whole town calls, a house must stand out from the town. Of a wider place short windows are looked at only, in which
each house counts twice at most, and the calls of a house that is suggested itself not at all.

Pure: time comes with the arrivals. Arrivals of the same second may come in any order.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from callcenter.outages.detection.pattern import CENTRE, Level, Pattern, Place
from callcenter.outages.detection.probability import at_least
from callcenter.outages.detection.recent import LEVEL_S, Growth, Recent, Seen, Tide

QUIET_S = 3600
MOST_HOUSES = 10
# So that a few calls in the same second are no proof of anything.
SHORTEST_S = 30
SWEEP_S = 300
WINDOWS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)


@dataclass(frozen=True, slots=True)
class Rule:
    """When the calls of a place are an outage: `least` flats in `span` seconds at most, and no likelier than `chance`.

    `shape`: how well the usual rate is known, as in `at_least`. `each`: how many flats of one house count.
    """

    span: int
    least: int
    chance: float
    shape: float
    each: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Measured by `stack/bench_outages.py`."""

    house: Rule = Rule(span=1800, least=3, chance=5e-7, shape=20)
    category: Rule = Rule(span=1800, least=3, chance=3e-7, shape=20)
    street: Rule = Rule(span=300, least=5, chance=1e-8, shape=20, each=2)
    company: Rule = Rule(span=300, least=8, chance=1e-8, shape=10, each=2)


RULES = Rules()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call, or with a category a ticket, which may be the ticket of a call that was reported before.

    `caller`: a key of the number, None if it was withheld. `flat`: a key of the flat in its house. Where house, street
    and flat are None, only the company's count takes part. `emergency`: the class of the category; only such tickets are
    compared with those of their category.
    """

    at: datetime
    company: int
    caller: str | None
    house: int | None = None
    street: str | None = None
    flat: str | None = None
    category: str | None = None
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A place that may have an outage, with the evidence for it.

    `key` stays while it grows. `usual`: how many flats call from there in such a time. `houses`: the ten with the most
    flats that called, with their number. `unknown`: callers whose house is not known.
    """

    key: str
    place: Place
    suggested_at: datetime
    since: datetime
    last_at: datetime
    calls: int
    flats: int
    unknown: int
    houses: tuple[tuple[int, int], ...]
    usual: float
    category: str | None
    probability: float


@dataclass(slots=True)
class _Open:
    place: Place
    since: int
    at: int
    probability: float
    growth: Growth


@dataclass(frozen=True, slots=True)
class _Known:
    """A place of which nothing is suggested until then: dismissed, or its outage is known."""

    until: float
    outage: bool


class Detector:
    """All places of all companies of a centre. A place has one suggestion at most, until it is quiet for an hour."""

    def __init__(self, pattern: Pattern, rules: Rules = RULES) -> None:
        self.pattern = pattern
        """May be replaced at any time, as every night."""
        self._rules = rules
        self._recent: dict[Place, Recent] = {}
        self._tides: dict[Place, Tide] = {}
        self._open: dict[Place, _Open] = {}
        self._known: dict[Place, _Known] = {}
        self._swept = 0

    def arrived(self, arrival: Arrival) -> list[Suggestion]:
        """Count it, and return the suggestions that are new or have grown by it, from the narrowest."""
        seen = _seen(arrival)
        if seen is None or (seen.house is None and self._explained(arrival.company, seen.at)):
            return []
        self._sweep(seen.at)
        changed = []
        places = _places(arrival)
        street = next((place for place in places if place.level is Level.STREET), None)
        for place in places:
            found, fresh = self._open.get(place), self._count(place, seen)
            if found is not None:
                found.growth.add(seen)
            elif not self._is_known(place, seen.at):
                found = self._suspect(place, fresh, seen, street)
            if found is not None:
                changed.append(self._suggestion(found))
            # What was suggested earlier in this second explains nothing yet, or the order in it would matter.
            if self._is_known(place, seen.at) or (found is not None and found.at < seen.at):
                break
        return changed

    def quiet(self, place: Place, until: datetime) -> None:
        """It was no outage: nothing of the place is suggested until then."""
        self._know(place, until.timestamp(), outage=False)

    def known(self, place: Place, until: datetime) -> None:
        """An outage of the place is known already; it explains what callers of unknown numbers call for, too."""
        self._know(place, until.timestamp(), outage=True)

    def _know(self, place: Place, until: float, *, outage: bool) -> None:
        self._open.pop(place, None)
        self._known[place] = _Known(until, outage)

    def _is_known(self, place: Place, at: int) -> bool:
        known = self._known.get(place)
        return known is not None and at < known.until

    def _explained(self, company: int, at: int) -> bool:
        """Whether a caller of an unknown number is most probably one of a house or a street that is suggested."""
        narrower = (place for place, found in self._open.items() if found.at < at)
        outages = (place for place, known in self._known.items() if known.outage and at < known.until)
        return any(
            place.company == company and place.level is not Level.COMPANY
            for places in (narrower, outages)
            for place in places
        )

    def _count(self, place: Place, seen: Seen) -> list[Place]:
        """Where there is one flat more: at the place, and in the category of its ticket."""
        places = [place]
        if place.level is Level.HOUSE and seen.emergency:
            places.append(place._replace(category=seen.category))
        return [each for each in places if self._add(each, seen)]

    def _suspect(self, place: Place, fresh: list[Place], seen: Seen, street: Place | None) -> _Open | None:
        """The suggestion that is caused by one flat more."""
        if place.level is Level.HOUSE and street is not None and self._is_out(street, seen.at):
            return None
        chance, since = min((self._test(each, street) for each in fresh), default=(1.0, 0))
        if chance >= 1.0:
            return None
        earlier = self._recent[place].since(since)
        self._open[place] = _Open(place, since, seen.at, chance, Growth(earlier))
        return self._open[place]

    def _add(self, place: Place, seen: Seen) -> bool:
        recent = self._recent.get(place)
        if recent is None:
            rule = self._rule(place)
            recent = self._recent[place] = Recent(rule.span, rule.each)
        if not recent.add(seen):
            return False
        if place.level is not Level.HOUSE:
            self._tides.setdefault(place, Tide()).add(seen.at)
        if place.level is Level.COMPANY:
            self._tides.setdefault(CENTRE, Tide()).add(seen.at)
        return True

    def _test(self, place: Place, street: Place | None) -> tuple[float, int]:
        """How probable the least probable window is, and when it begins; 1 if none is improbable enough."""
        recent, rule = self._recent[place], self._rule(place)
        until, flats = recent.newest, recent.counted
        if len(flats) < rule.least:
            return 1.0, 0
        level = self._level(place, street, until)
        best = 1.0, 0
        for count in WINDOWS:
            if count > len(flats):
                break
            if count >= rule.least:
                since = flats[-count][0]
                mean = level * self.pattern.usual(place, min(since, until - SHORTEST_S), until)
                # The present one is why this is tested; the others are what may be improbable.
                best = min(best, (at_least(count - 1, mean, rule.shape), since))
        return best if best[0] <= rule.chance else (1.0, 0)

    def _level(self, place: Place, street: Place | None, at: int) -> float:
        """How many times the usual there is around the place, and around a wide one in it."""
        company = Place(Level.COMPANY, place.company)
        around = (company, CENTRE) if place.level is Level.COMPANY else (street, company)
        return max(self._tide(each, at) for each in around if each is not None)

    def _tide(self, place: Place, at: int) -> float:
        tide = self._tides.get(place)
        return 1.0 if tide is None else tide.level(at, self.pattern.usual(place, at - LEVEL_S, at))

    def _is_out(self, place: Place, at: int) -> bool:
        """Whether an outage of it is suggested, since an earlier second, or known."""
        found, known = self._open.get(place), self._known.get(place)
        return (found is not None and found.at < at) or (known is not None and known.outage and at < known.until)

    def _rule(self, place: Place) -> Rule:
        if place.category is not None:
            return self._rules.category
        match place.level:
            case Level.HOUSE:
                return self._rules.house
            case Level.STREET:
                return self._rules.street
            case Level.COMPANY:
                return self._rules.company

    def _suggestion(self, found: _Open) -> Suggestion:
        growth, place = found.growth, found.place
        categories = [category for category, tickets in growth.categories.most_common(1) if tickets > 1]
        return Suggestion(
            key=_key(found),
            place=place,
            suggested_at=datetime.fromtimestamp(found.at, UTC),
            since=datetime.fromtimestamp(found.since, UTC),
            last_at=datetime.fromtimestamp(growth.last, UTC),
            calls=growth.calls,
            flats=growth.flats,
            unknown=growth.unknown,
            houses=tuple(sorted(growth.houses.items(), key=lambda item: (-item[1], item[0]))[:MOST_HOUSES]),
            usual=self.pattern.usual(place, min(found.since, growth.last - SHORTEST_S), growth.last),
            category=categories[0] if categories else None,
            probability=found.probability,
        )

    def _sweep(self, at: int) -> None:
        """Forget, every few minutes, what is over: memory depends on what calls now, not on how long it runs."""
        if at - self._swept < SWEEP_S:
            return
        self._swept = at
        self._open = {place: each for place, each in self._open.items() if each.growth.last + QUIET_S > at}
        self._known = {place: each for place, each in self._known.items() if each.until > at}
        self._recent = {place: each for place, each in self._recent.items() if each.newest + each.span > at}


def _key(found: _Open) -> str:
    return f"{found.place.level}:{found.place.company}:{found.place.name or ''}:{found.since}"


def place_of(key: str) -> Place:
    """The place of a suggestion, from its key. Raises `ValueError` for what is none."""
    level, company, rest = key.split(":", 2)
    name, _since = rest.rsplit(":", 1)
    kind = Level(level)
    return Place(kind, int(company), int(name) if kind is Level.HOUSE else name or None)


def _seen(arrival: Arrival) -> Seen | None:
    """It as it is counted, by whole seconds; None if nothing says who called."""
    number = arrival.caller and f"#{arrival.caller}"
    flat = arrival.flat and f"{arrival.house}/{arrival.flat}"
    key = flat or number
    if key is None:
        return None
    return Seen(int(arrival.at.timestamp()), key, number, arrival.house, arrival.category, arrival.emergency)


def _places(arrival: Arrival) -> list[Place]:
    """From narrow to wide."""
    places = []
    if arrival.house is not None:
        places.append(Place(Level.HOUSE, arrival.company, arrival.house))
        if arrival.street is not None:
            places.append(Place(Level.STREET, arrival.company, arrival.street))
    return [*places, Place(Level.COMPANY, arrival.company)]
