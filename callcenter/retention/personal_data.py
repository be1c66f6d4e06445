"""Personal data: for how long each company keeps it, what is due to be removed, and what keeps the rest."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from callcenter.common.scope import Connection, audit
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("personal_data")
Reader = asyncpg.Connection | PoolConnectionProxy | asyncpg.Pool
CENTRE = 0
"""In place of a company's number: what belongs to no company."""
FIRST = (datetime(1900, 1, 1, tzinfo=UTC), "")
MOST_COUNTED = 10_000
REPORTS = 60


class PersonalDataKind(StrEnum):
    """What has a term of its own, in the order in which it is removed."""

    LINKS = "links"
    """Who was given a link to recordings, and the addresses from which it was used: from its end."""
    TICKETS = "tickets"
    """Names, telephones, flats, texts and files of tickets: from their end."""
    CALLS = "calls"
    """Numbers of callers: from the call."""
    RESIDENTS = "residents"
    """Residents in the directory: from when they moved out."""
    AUDIT = "audit"
    """Addresses and browsers in the audit log."""


OF_CENTRE = (PersonalDataKind.CALLS, PersonalDataKind.AUDIT)
"""What there is without a company."""
USUAL_MONTHS: Mapping[str, int] = {
    PersonalDataKind.LINKS: 36,
    PersonalDataKind.TICKETS: 36,
    PersonalDataKind.CALLS: 36,
    PersonalDataKind.RESIDENTS: 6,
    PersonalDataKind.AUDIT: 12,
}
"""What the form offers: three years in which claims can be raised (article 196 of the Russian Civil Code), less for the rest."""
MONTHS = range(1, 1201)


class KeptReason(StrEnum):
    """Why something is still there though its term is over."""

    HOLD = "hold"
    OPEN = "open"
    """Its ticket, or the incident, is not closed."""
    UNPAID = "unpaid"
    SHARED = "shared"
    """A link to its recordings works, or an evidence pack can be downloaded."""
    BUSY = "busy"
    """It came, or was let go, during the run; the next one removes it."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is over its term: `until` that moment `going` would be removed, and the rest is left for these reasons.

    `more`: there is more than was counted.
    """

    until: datetime
    going: int
    left: Mapping[KeptReason, int]
    more: bool


@dataclass(frozen=True, slots=True)
class CompanyKeeping:
    """A company (`CENTRE`: the centre) with its terms in months, and its last run that has ended."""

    id: int
    name: str
    zone: str
    terms: Mapping[str, int]
    since: datetime | None
    run: int | None
    day: date | None
    began_at: datetime | None
    finished_at: datetime | None
    removed: Mapping[str, int]
    left_behind: Mapping[str, Mapping[str, int]]

    @property
    def kinds(self) -> tuple[PersonalDataKind, ...]:
        """What it has."""
        return OF_CENTRE if self.id == CENTRE else tuple(PersonalDataKind)

    def here(self, moment: datetime) -> datetime:
        """The moment by the company's clocks."""
        return moment.astimezone(ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class Report:
    """A run that has ended. `entry`: its number in the custody chain."""

    id: int
    day: date
    began_at: datetime
    finished_at: datetime
    terms: Mapping[str, Mapping[str, object]]
    removed: Mapping[str, int]
    left_behind: Mapping[str, Mapping[str, int]]
    entry: int | None

    def until(self, kind: str) -> datetime:
        """Up to which moment it removed this kind."""
        return datetime.fromisoformat(str(self.terms[kind]["until"]))


@dataclass(frozen=True, slots=True)
class KeepingState:
    """`overdue`: companies whose data no run removed for two days; `unset`: those without terms; `last_s`: since a run."""

    overdue: int
    unset: int
    last_s: float | None


async def companies(connection: Reader, company: int | None = None) -> list[CompanyKeeping]:
    """All, the centre last; or the one."""
    return [CompanyKeeping(**row) for row in await connection.fetch(SQL["companies"], company)]


async def reports(connection: Reader, company: int) -> list[Report]:
    """Its last runs that have ended, the newest first."""
    return [Report(**row) for row in await connection.fetch(SQL["reports"], company, REPORTS)]


async def state(connection: Reader) -> KeepingState:
    """Whether the data of all companies is removed in time."""
    [row] = await connection.fetch(SQL["state"])
    return KeepingState(**row)


async def count_due(connection: Reader, of: CompanyKeeping, kind: PersonalDataKind, months: int, now: datetime) -> Due:
    """What a term of so many months would remove now, and what would be left."""
    until = await connection.fetchval(SQL["until"], months, now, of.zone)
    rows = await connection.fetch(SQL[f"due_{kind}"], of.id, until, *FIRST, MOST_COUNTED + 1)
    left = Counter(KeptReason(row["kept"]) for row in rows[:MOST_COUNTED] if row["kept"])
    return Due(until, min(len(rows), MOST_COUNTED) - left.total(), left, len(rows) > MOST_COUNTED)


async def preview(
    connection: Reader, of: CompanyKeeping, wanted: Mapping[PersonalDataKind, int], now: datetime
) -> dict[PersonalDataKind, Due]:
    """Of each kind whose term these shorten, or set for the first time, what they would remove."""
    shorter = [kind for kind, months in wanted.items() if months < of.terms.get(kind, MONTHS.stop)]
    return {kind: await count_due(connection, of, kind, wanted[kind], now) for kind in shorter}


async def set_terms(
    connection: Connection, person: Person, of: CompanyKeeping, wanted: Mapping[PersonalDataKind, int], address: str
) -> None:
    """Let these be the terms; a kind without one is kept until it gets one."""
    await connection.execute(SQL["forget_terms"], of.id)
    for kind, months in wanted.items():
        await connection.execute(SQL["set_term"], of.id, kind, months, person.id)
    await audit(
        connection,
        AuditAction.CHANGED_KEEPING,
        person=person,
        company=of.id or None,
        subject=AuditSubject.COMPANY,
        subject_id=of.id or "",
        address=address,
        details={
            f"{kind} months": [of.terms.get(kind), wanted.get(kind)]
            for kind in of.kinds
            if of.terms.get(kind) != wanted.get(kind)
        },
    )
