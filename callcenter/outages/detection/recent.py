"""What called a place lately, and how much calls there now compared with usual. Bounded, whatever comes."""

import math
from bisect import insort
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

# Of one place; more within the time that is looked at is an outage by any measure.
MOST = 256
MOST_FLATS = 5000
LEVEL_S = 2700.0
# Calls by which the present level is drawn towards the usual one.
LEVEL_STRENGTH = 5.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A call, or with a category a ticket. `key`: of the flat, or else of the caller's number; `alias`: of the number."""

    at: int
    key: str
    alias: str | None
    house: int | None
    category: str | None
    emergency: bool


class Recent:
    """The flats of one place that called within `span` seconds. `each`: how many of one house count for the place."""

    __slots__ = ("_each", "_waiting", "counted", "log", "newest", "span")

    def __init__(self, span: int, each: int | None = None) -> None:
        self.span, self._each = span, each
        self._waiting: dict[str, int] = {}
        self.counted: list[tuple[int, int]] = []
        self.log: deque[Seen] = deque(maxlen=MOST)
        self.newest = 0

    def add(self, seen: Seen) -> bool:
        """Whether it is a flat that counts. It is none while it goes on calling within the span."""
        self.newest = max(self.newest, seen.at)
        self._forget()
        again = seen.key in self._waiting or seen.alias in self._waiting
        self._waiting.pop(seen.key, None)
        self._waiting[seen.key] = self.newest
        self.log.append(seen)
        if again or seen.at < self.newest - self.span:
            return False
        house = seen.house or 0
        if house and self._each is not None and sum(h == house for _at, h in self.counted) >= self._each:
            return False
        insort(self.counted, (seen.at, house))
        return True

    def since(self, start: int) -> list[Seen]:
        """The calls from `start` on."""
        return [seen for seen in self.log if seen.at >= start]

    def _forget(self) -> None:
        oldest = self.newest - self.span
        while self.counted and (self.counted[0][0] < oldest or len(self.counted) >= MOST):
            self.counted.pop(0)
        while self.log and self.log[0].at < oldest:
            self.log.popleft()
        while self._waiting:
            key = next(iter(self._waiting))
            if self._waiting[key] >= oldest and len(self._waiting) < 2 * MOST:
                break
            del self._waiting[key]


class Tide:
    """How many flats of a place called lately, an exponential average over `LEVEL_S` seconds without the present one."""

    __slots__ = ("_at", "_now", "_value")

    def __init__(self) -> None:
        self._at, self._value, self._now = 0, 0.0, 0

    def add(self, at: int) -> None:
        """One more."""
        if at > self._at:
            self._value, self._now, self._at = self._before(at), 0, at
        self._now += 1

    def level(self, at: int, usual: float) -> float:
        """How many times the usual it is, one at least. `usual`: how many usually call in `LEVEL_S`."""
        return max(1.0, (self._before(at) + LEVEL_STRENGTH) / (usual + LEVEL_STRENGTH))

    def _before(self, at: int) -> float:
        if at <= self._at:
            return self._value
        return (self._value + self._now) * math.exp((self._at - at) / LEVEL_S)


class Growth:
    """What belongs to a suggestion: all who have called since it began."""

    __slots__ = ("_calls", "_flats", "_only_tickets", "categories", "houses", "last", "unknown")

    def __init__(self, earlier: Iterable[Seen]) -> None:
        self._flats: set[str] = set()
        self._only_tickets: set[str] = set()
        self.houses: Counter[int] = Counter()
        self.categories: Counter[str] = Counter()
        self._calls = self.unknown = self.last = 0
        for seen in earlier:
            self.add(seen)

    @property
    def flats(self) -> int:
        """How many different flats, callers whose flat is not known among them."""
        return len(self._flats)

    @property
    def calls(self) -> int:
        """How many calls; a ticket is one only if none of its flat was reported."""
        return self._calls + len(self._only_tickets)

    def add(self, seen: Seen) -> None:
        """One more."""
        self.last = max(self.last, seen.at)
        fresh = seen.key not in self._flats and seen.alias not in self._flats
        if fresh and len(self._flats) < MOST_FLATS:
            self._flats.add(seen.key)
            if seen.house is None:
                self.unknown += 1
            else:
                self.houses[seen.house] += 1
        if seen.category is None:
            self._calls += 1
            self._only_tickets.discard(seen.key)
        elif fresh and seen.key in self._flats:
            self._only_tickets.add(seen.key)
        if seen.category is not None and seen.emergency:
            self.categories[seen.category] += 1
