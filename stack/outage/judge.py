"""Who was helped: what the callers heard and the telephones saw, compared with the database. Pure: facts in, verdict out."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from callcenter.domain.call import CallState, Outcome
from callcenter.domain.ticket import TicketState
from stack.judge import CROSSING_S
from stack.outage.hearing import Held, Told
from stack.outage.plan import Person
from stack.sipp import Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCall:
    """One call as the caller knows it. `asterisk_id`: by Asterisk's ledger; empty when it has no such call."""

    started: float
    answered: float | None
    ended: float | None
    ended_by: str
    asterisk_id: str
    heard: bool
    declined: bool
    inside: bool
    told: tuple[Told, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "SeenCall":
        """From what `stack.outage.callers` wrote."""
        told = []
        for each in given["told"]:
            held = None if each["held"] is None else Held(**each["held"])
            told.append(Told(**{**each, "held": held}))
        names = {each.name for each in fields(cls)} - {"told"}
        return cls(**{name: given[name] for name in names}, told=tuple(told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One person with all calls, in order."""

    person: Person
    calls: tuple[SeenCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """A row of the journal."""

    id: str
    caller: str
    state: str
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnnouncement:
    """What a caller was told, by the database; with the number, the house and the flat of its ticket."""

    call: str
    number: int
    began: float
    whole: bool
    declined: bool
    ticket: int | None
    house: int | None
    flat: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTicket:
    """A ticket below the incident."""

    number: int
    state: str
    caller: str
    flat: str | None
    open: bool


@dataclass(slots=True)
class OutageVerdict:
    """The counts; `not_helped` by reason; and what is wrong, by kind and number."""

    callers: int = 0
    known: int = 0
    calls: int = 0
    helped_by_robot: int = 0
    helped_by_operator: int = 0
    helped_in_time: int = 0
    tickets: int = 0
    tickets_key: str = ""
    heard_checked: int = 0
    gaps: int = 0
    missing: int = 0
    longest_gap_s: float = 0.0
    not_helped: Counter[str] = field(default_factory=Counter)
    forgotten: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    wrong_address: dict[str, str] = field(default_factory=dict)
    doubled: dict[str, str] = field(default_factory=dict)
    disagreements: dict[str, str] = field(default_factory=dict)
    unheard: dict[str, str] = field(default_factory=dict)
    """Announcements that did not come from the first word on, or with packets missing."""
    late: dict[str, str] = field(default_factory=dict)
    """Those with a pause in them."""

    @property
    def faults(self) -> Mapping[str, Mapping[str, str]]:
        """What is wrong, by kind."""
        return {
            "lost": self.lost,
            "forgotten": self.forgotten,
            "wrong address": self.wrong_address,
            "doubled": self.doubled,
            "disagreement": self.disagreements,
            "unheard": self.unheard,
            "gap": self.late,
        }


class Judge:
    """Judges one run. `house`: the callers'; `within`: seconds from a person's first call in which help is early."""

    def __init__(
        self, legs: Iterable[Leg], calls: Iterable[KeptCall], announcements: Iterable[KeptAnnouncement], house: int
    ) -> None:
        self._house = house
        self._legs: dict[str, list[Leg]] = defaultdict(list)
        for leg in sorted(legs, key=lambda leg: leg.began):
            self._legs[leg.caller].append(leg)
        self._calls: dict[str, list[KeptCall]] = defaultdict(list)
        for call in calls:
            self._calls[call.caller].append(call)
        self._kept: dict[str, list[KeptAnnouncement]] = defaultdict(list)
        for each in sorted(announcements, key=lambda each: each.began):
            self._kept[each.call].append(each)
        self.verdict = OutageVerdict()

    def people(self, seen: Iterable[Seen], within: float) -> None:
        """Judge every caller."""
        for each in seen:
            self.verdict.callers += 1
            self.verdict.known += each.person.known
            self.verdict.calls += len(each.calls)
            self._outcomes(each)
            self._help(each, within)

    def tickets(self, before: Sequence[KeptTicket], after: Sequence[KeptTicket], first: int) -> None:
        """Judge the tickets as they were before and after the outage was closed. `first`: the first number reserved."""
        alive = [ticket for ticket in before if ticket.state != TicketState.CANCELLED]
        self.verdict.tickets = len(alive)
        whose = Counter(f"flat {ticket.flat}" if ticket.flat else ticket.caller for ticket in alive)
        self.verdict.doubled = {who: f"{count} tickets" for who, count in whose.items() if count > 1}
        # The same in every run of a seed: numbers are reserved in the order of the flats.
        flats = sorted(f"{ticket.flat}:{ticket.number - first}" for ticket in alive if ticket.flat)
        self.verdict.tickets_key = hashlib.sha256(" ".join(flats).encode()).hexdigest()[:12]
        for ticket in after:
            if ticket.open:
                self.verdict.forgotten[f"ticket {ticket.number}"] = "open, though the outage is closed"

    def _outcomes(self, seen: Seen) -> None:
        number = seen.person.number
        rows = {call.id: call for call in self._calls[number]}
        for call in seen.calls:
            row = rows.pop(call.asterisk_id, None)
            if row is None:
                self.verdict.lost[number] = "a call that is not in the database" if call.answered else "not answered"
                self.verdict.forgotten[number] = self.verdict.lost[number]
                continue
            if row.state != CallState.ENDED or row.outcome not in self._possible(seen, call):
                found = row.outcome or row.state
                self.verdict.forgotten[number] = f"the database says {found}, the caller saw {_saw(call)}"
            self._announcements(seen, call, self._kept[row.id])
        if rows:
            self.verdict.forgotten[number] = f"{len(rows)} calls too many in the database"

    def _possible(self, seen: Seen, call: SeenCall) -> set[Outcome]:
        leg = self._leg(seen, call)
        unserved = {Outcome.ABANDONED, Outcome.HUNG_UP_EARLY} if call.ended_by == "caller" else {Outcome.TIMED_OUT}
        if any(told.whole for told in call.told):
            unserved = {Outcome.INFORMED}
        if leg is None:
            return unserved
        crossed = call.ended is not None and call.ended - leg.began < CROSSING_S
        return {Outcome.ANSWERED} | (unserved if crossed else set())

    def _leg(self, seen: Seen, call: SeenCall) -> Leg | None:
        until = float("inf") if call.ended is None else call.ended + CROSSING_S
        return next((leg for leg in self._legs[seen.person.number] if call.started <= leg.began <= until), None)

    def _announcements(self, seen: Seen, call: SeenCall, kept: Sequence[KeptAnnouncement]) -> None:
        number, verdict = seen.person.number, self.verdict
        if len(kept) != len(call.told):
            verdict.disagreements[number] = f"told {len(call.told)} times, {len(kept)} in the database"
        for told, row in zip(call.told, kept, strict=False):
            self._sound(number, told)
            if told.number != row.number or told.whole != row.whole or told.due != told.number:
                verdict.disagreements[number] = (
                    f"told of {told.number} (due {told.due}), whole {told.whole}; in the database {row.number}, {row.whole}"
                )
            if row.declined != call.declined:
                verdict.disagreements[number] = f"something else: {call.declined}; in the database {row.declined}"
            if row.declined:
                continue
            if row.ticket is None:
                verdict.forgotten[number] = "told of the outage, without a ticket"
            elif row.ticket != told.number:
                verdict.disagreements[number] = f"told of ticket {told.number}, has {row.ticket}"
            if row.flat is not None and row.flat != seen.person.flat:
                verdict.wrong_address[number] = f"the ticket is of flat {row.flat}, the caller is in {seen.person.flat}"
            if row.house not in (None, self._house):
                verdict.wrong_address[number] = f"the ticket is of house {row.house}"

    def _sound(self, number: str, told: Told) -> None:
        verdict, held = self.verdict, told.held
        if told.wrong or told.said is None:
            verdict.wrong_address[number] = f"heard {told.wrong or 'what was not due'}"
        if held is None:
            return
        verdict.heard_checked += 1
        verdict.gaps += held.gaps
        verdict.missing += held.missing
        verdict.longest_gap_s = max(verdict.longest_gap_s, held.longest_gap_s)
        if not held.begun and told.ended is not None and told.ended - told.began > CROSSING_S:
            verdict.unheard[number] = "the first word did not come"
        elif held.missing:
            verdict.unheard[number] = f"{held.missing} packets missing"
        elif held.gaps:
            verdict.late[number] = f"{held.gaps} pauses, the longest of {held.longest_gap_s:.2f} s"
        if held.whole != told.whole:
            verdict.disagreements[number] = (
                f"heard {held.seconds:.1f} s, whole {held.whole}; Asterisk says {told.whole}"
            )

    def _help(self, seen: Seen, within: float) -> None:
        verdict, first = self.verdict, min((call.started for call in seen.calls), default=0.0)
        informed, talked = self._informed_at(seen), self._talked_at(seen)
        if min(informed, talked) == float("inf"):
            verdict.not_helped[_why(seen)] += 1
            return
        verdict.helped_by_robot += informed <= talked
        verdict.helped_by_operator += talked < informed
        verdict.helped_in_time += min(informed, talked) - first <= within

    def _informed_at(self, seen: Seen) -> float:
        """By the caller's ears and by the database, both."""
        times = [
            told.ended
            for call in seen.calls
            for told, row in zip(call.told, self._kept[call.asterisk_id], strict=False)
            if told.whole and told.ended is not None and (told.held is None or told.held.whole)
            and row.whole and row.ticket == told.number == told.due
        ]  # fmt: skip
        return min(times, default=float("inf"))

    def _talked_at(self, seen: Seen) -> float:
        answered = {row.id for row in self._calls[seen.person.number] if row.outcome == Outcome.ANSWERED}
        legs = [self._leg(seen, call) for call in seen.calls if call.asterisk_id in answered]
        return min((leg.began for leg in legs if leg is not None), default=float("inf"))


def _saw(call: SeenCall) -> str:
    told = "heard it" if any(told.whole for told in call.told) else "heard nothing whole"
    return f"{told}, ended by {call.ended_by or 'nobody'}"


def _why(seen: Seen) -> str:
    """Why somebody was not helped: how the last call ended."""
    last = seen.calls[-1] if seen.calls else None
    if last is None or last.answered is None:
        return "not answered"
    if last.inside:
        return "hung up inside the announcement"
    if last.declined or seen.person.other:
        return "something else, hung up waiting for an operator"
    return "hung up waiting" if last.ended_by == "caller" else "let go by Asterisk"
