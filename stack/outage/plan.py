"""Who calls about an outage, and how each of them behaves: decided by one seed, before the first call. Pure."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stack.errors import StackError

MOST_CALLS = 3
"""Of one person who calls again and again."""
STRAY = "5679"
"""Keys without a meaning while an outage is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutagePlan:
    """The parameters. Times in seconds, `rate` in callers a second; the rest are shares of the callers.

    `patience`, `sigma`: the median and the spread of a log-normal, counted from the answer while nobody serves the
    caller. `outage`: `on` is opened by a supervisor, `off` never; `suggested`: confirmed when the service suspects it.
    `unknown`: of numbers that the directory lacks; `silent_known`, `silent_unknown`: of those who press nothing;
    `redial`: call again when they were not served; `quit`: hang up inside the announcement; `other`: call about
    something else; `fidget`: press keys during it. `heard`: whose sound is compared with the files. `open_after`: when
    the outage is opened, counted from the first call, or confirmed, from the suggestion; below 0 before it. `within`: seconds in which help counts as early.
    `kill` 1: PostgreSQL and the store are dead from the first call on, and the service for a while.
    """

    seed: int = 1
    callers: int = 300
    rate: float = 2.0
    operators: int = 10
    talk: float = 180.0
    outage: str = "on"
    open_after: float = 60.0
    patience: float = 240.0
    sigma: float = 0.8
    redial: float = 0.1
    unknown: float = 0.5
    silent_known: float = 1 / 3
    silent_unknown: float = 0.2
    quit: float = 0.03
    other: float = 0.03
    fidget: float = 0.1
    heard: float = 1.0
    within: float = 300.0
    kill: int = 0

    def check(self, available: int, flats: int, numbers: int) -> None:
        """Raise `StackError` when it is impossible with so many operators, and such a house."""
        if not 1 <= self.operators <= available:
            raise StackError(f"OPERATORS must be from 1 to {available}, for so many logins there are")
        if self.callers < 1 or min(self.rate, self.talk, self.patience, self.within) <= 0:
            raise StackError("CALLERS, RATE, TALK, PATIENCE and WITHIN must be above 0")
        if flats == 0 or round(self.callers * (1 - self.unknown)) > numbers:
            raise StackError(
                f"the house has {flats} flats with {numbers} telephones, too few for so many known callers"
            )
        if self.outage not in ("on", "off", "suggested"):
            raise StackError("OUTAGE is on, off or suggested")
        if self.kill and (self.outage != "on" or self.open_after >= 0):
            raise StackError("with KILL=1 the outage is opened before the first call: OPEN_AFTER=-5")
        shares = (self.redial, self.unknown, self.silent_known, self.silent_unknown, self.quit, self.other, self.fidget)
        if not all(0 <= share <= 1 for share in (*shares, self.heard)):
            raise StackError("a share is from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of a flat. `at`: when they call first, in seconds since the first of all.

    `moment`: the part of an announcement, from 0 to 1, at which a key is pressed or the caller hangs up inside it.
    `held`: whether their sound is compared.
    """

    number: str
    flat: str
    known: bool
    at: float
    patience: float
    redials: bool = False
    pause: float = 30.0
    silent: bool = False
    quits: bool = False
    other: bool = False
    fidget: str = ""
    moment: float = 0.5
    reaction: float = 1.0
    held: bool = True


def people(plan: OutagePlan, residents: Mapping[str, Sequence[str]]) -> list[Person]:
    """The callers, in the order in which they call. `residents`: the numbers of each flat."""
    chance = random.Random(plan.seed)
    flats = sorted(residents, key=lambda flat: (len(flat), flat))
    flat_of = {number: flat for flat in flats for number in sorted(residents[flat])}
    strangers = round(plan.callers * plan.unknown)
    known = chance.sample(sorted(flat_of), plan.callers - strangers)
    unknown = [f"+7999{number:07}" for number in chance.sample(range(10**7), strangers)]
    numbers = [*known, *unknown]
    chance.shuffle(numbers)
    return [_person(plan, chance, place, number, flat_of, flats) for place, number in enumerate(numbers)]


def _person(
    plan: OutagePlan, chance: random.Random, place: int, number: str, flat_of: Mapping[str, str], flats: Sequence[str]
) -> Person:
    known = number in flat_of
    # One roll: somebody quits, or has something else, or presses keys.
    habit = chance.random()
    quits, other = habit < plan.quit, plan.quit <= habit < plan.quit + plan.other
    fidgets = plan.quit + plan.other <= habit < plan.quit + plan.other + plan.fidget
    silent = chance.random() < (plan.silent_known if known else plan.silent_unknown)
    return Person(
        number=number,
        flat=flat_of[number] if known else chance.choice(flats),
        known=known,
        at=place / plan.rate,
        patience=chance.lognormvariate(math.log(plan.patience), plan.sigma),
        redials=chance.random() < plan.redial,
        pause=chance.uniform(10, 60),
        silent=silent and not other,
        quits=quits,
        other=other,
        fidget=chance.choice(("3", chance.choice(STRAY))) if fidgets else "",
        moment=chance.uniform(0.1, 0.9),
        reaction=chance.uniform(0.4, 2.5),
        held=chance.random() < plan.heard,
    )
