"""What one caller does in one call: keys and a hang-up, each at its time. Pure: times are arguments.

The caller hears what Asterisk's own ledger says is played, and nothing that the service says.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from stack.outage.plan import Person

KEY_S = 0.4
"""From one key of a flat's number to the next."""
PROMPT = 0.6
"""The part of a question that is heard before it is answered."""


class Stage(StrEnum):
    """What the caller hears."""

    CALLING = "calling"
    GREETED = "greeted"
    CHOOSING = "choosing"
    TOLD = "told"
    WAITING = "waiting"
    TALKING = "talking"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Act:
    """Press `key` at `at`, or hang up when that is empty."""

    at: float
    key: str


@dataclass(frozen=True, slots=True)
class Lengths:
    """Seconds of what is played: the greeting, the question for the address, that for the flat."""

    greeting: float
    menu: float
    flat: float


@dataclass(slots=True)
class Visit:
    """One call of a person. Feed it what is heard; `due` says what the person does by now.

    `again`: a later call of the same person, who does not give up inside the announcement twice.
    """

    person: Person
    again: bool = False
    stage: Stage = Stage.CALLING
    heard: bool = False
    """Heard an outage and the ticket's number to the end."""
    declined: bool = False
    inside: bool = False
    """Hung up inside the announcement."""
    times: int = 0
    """How often it was heard to the end in this call."""
    _plans: list[Act] = field(default_factory=list)
    _ends: float = float("inf")
    _fidgeted: bool = False

    def answered(self, now: float) -> None:
        """The greeting begins."""
        self.stage = Stage.GREETED
        self._ends = now + self.person.patience

    def asked(self, now: float, digit: str, lengths: Lengths) -> None:
        """The question for the address begins; the caller's own has this digit."""
        self.stage = Stage.CHOOSING
        person = self.person
        chosen = now + lengths.menu * PROMPT + person.reaction
        if person.other:
            self._plans = [Act(chosen, "0")]
        elif not person.silent:
            flat = chosen + lengths.flat + person.reaction
            keys = [Act(flat + place * KEY_S, key) for place, key in enumerate(f"{person.flat}#")]
            self._plans = [Act(chosen, digit), *keys]

    def told(self, now: float, length: float) -> None:
        """An announcement of so many seconds begins."""
        self.stage = Stage.TOLD
        at = now + length * self.person.moment
        self._plans = []
        if self.person.quits and not self.again:
            self._plans = [Act(at, "")]
        elif self.person.other:
            self._plans = [Act(at, "1")]
        elif self.person.fidget and not self._fidgeted:
            self._plans = [Act(at, self.person.fidget)]

    def over(self, now: float, *, whole: bool) -> None:
        """The announcement is over: heard to its end, or not."""
        if not whole:
            return
        self.heard, self.times = True, self.times + 1
        # Whoever presses nothing hears it once more.
        if self.person.silent and self.times < 2:
            self._plans = []
        elif not self.person.other:
            self._plans = [Act(now + self.person.reaction, "")]

    def queued(self) -> None:
        """The caller waits for an operator."""
        self.stage = Stage.WAITING
        self._plans = []

    def connected(self) -> None:
        """An operator talks."""
        self.stage = Stage.TALKING
        self._plans = []

    def ended(self) -> None:
        """The call is over."""
        self.stage = Stage.ENDED
        self._plans = []

    def due(self, now: float) -> list[Act]:
        """What is to be done by now, each once."""
        done = [act for act in self._plans if act.at <= now]
        self._plans = self._plans[len(done) :]
        for act in done:
            if self.stage is Stage.TOLD and act.key:
                self.declined = self.declined or act.key == "1"
                self._fidgeted = True
            if not act.key and self.stage is Stage.TOLD:
                self.inside = not self.heard
        if self.stage in (Stage.GREETED, Stage.WAITING) and now >= self._ends:
            done.append(Act(now, ""))
            self._ends = float("inf")
        return done
