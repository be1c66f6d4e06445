"""The calls that came in and are over: how many were answered and how fast, and what became of the others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import asyncpg

from callcenter.domain.call import Outcome

MOST_UNSERVED = 1000
HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class CallCounts:
    """How many calls, and of them: answered by an operator, told of their outage, gone during the greeting.

    `in_time`: answered within five minutes of the call (decree 416); the seconds are sums, of `waited` calls and of those answered.
    """

    calls: int = 0
    answered: int = 0
    informed: int = 0
    early: int = 0
    in_time: int = 0
    waited: int = 0
    wait_s: float = 0.0
    longest_s: float = 0.0
    talk_s: float = 0.0

    @property
    def lost(self) -> int:
        """Whoever waited in vain: hung up, waited as long as the queue allows, or was cut off."""
        return self.calls - self.answered - self.informed - self.early

    @property
    def service_level(self) -> float | None:
        """In hundredths, of those who waited for an operator; None when nobody did."""
        wanted = self.answered + self.lost
        return 100 * self.in_time / wanted if wanted else None

    @property
    def mean_wait_s(self) -> float | None:
        """Of those who came as far as the queue."""
        return self.wait_s / self.waited if self.waited else None

    @property
    def mean_talk_s(self) -> float | None:
        """Of those answered."""
        return self.talk_s / self.answered if self.answered else None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """From a row of the query `summary`."""
        return cls(**{name: row[name] for name in cls.__slots__})

    @classmethod
    def total(cls, each: Iterable["CallCounts"]) -> Self:
        """Of several together."""
        rows = list(each)
        sums = {name: sum(getattr(row, name) for row in rows) for name in cls.__slots__}
        return cls(**(sums | {"longest_s": max((row.longest_s for row in rows), default=0.0)}))


@dataclass(frozen=True, slots=True)
class CallSummary:
    """By step, by hour of the week (Monday's first is 0), by company, and how many by outcome."""

    steps: Sequence[CallCounts]
    hours: Sequence[CallCounts]
    companies: Sequence[tuple[str, CallCounts]]
    outcomes: Sequence[tuple[Outcome, int]]

    @classmethod
    def of(cls, rows: Sequence[asyncpg.Record], steps: int) -> Self:
        """From the rows of the query `summary`."""
        by_step, by_hour = [CallCounts()] * steps, [CallCounts()] * HOURS
        companies, outcomes = [], []
        for row in rows:
            match row["part"]:
                case "step":
                    by_step[row["step"]] = CallCounts.of(row)
                case "hour":
                    by_hour[row["hour"]] = CallCounts.of(row)
                case "company":
                    companies.append((row["name"], CallCounts.of(row)))
                case _:
                    outcomes.append((Outcome(row["outcome"]), row["calls"]))
        return cls(by_step, by_hour, companies, outcomes)


@dataclass(frozen=True, slots=True)
class OperatorCalls:
    """An operator's talks, and what they needed after them; `name` empty: not known."""

    name: str
    talks: int
    talk_s: float | None
    wrap_ups: int
    wrap_up_s: float | None


@dataclass(frozen=True, slots=True)
class Unserved:
    """A call that ended unserved, and what became of it within three days.

    `again`: the outcome of the caller's next call in which they were helped; `back`: of ours to them; `ticket`: its number.
    """

    arrived_at: datetime
    caller: str
    outcome: Outcome
    wait_s: float | None
    company: str
    again_at: datetime | None
    again: Outcome | None
    back_at: datetime | None
    back: Outcome | None
    ticket: int | None

    @property
    def called_back(self) -> bool:
        """Whether one of us reached them."""
        return self.back is Outcome.ANSWERED

    @property
    def served(self) -> bool:
        """Whether they were helped in the end."""
        return self.called_back or self.again is not None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """From a row of the query `unserved`."""
        codes = {name: None if row[name] is None else Outcome(row[name]) for name in ("outcome", "again", "back")}
        return cls(**(dict(row) | codes))
