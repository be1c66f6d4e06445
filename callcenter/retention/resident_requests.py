"""What a resident may ask for by law (152-FZ, articles 14 and 21): all that is held about them, and its removal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcenter.common.object_store import ObjectStore
from callcenter.common.scope import Connection, audit
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.retention.personal_data import CENTRE, PersonalDataKind, Reader
from callcenter.retention.removal import forget
from callcenter.storage import queries

SQL = queries("personal_data_requests")


class Held(StrEnum):
    """A kind of what is held about a resident."""

    RESIDENT = "resident"
    PHONE = "phone"
    TICKET = "ticket"
    COMMENT = "comment"
    FILE = "file"
    CALL = "call"
    RECORDING = "recording"
    LISTENING = "listening"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class ResidentData:
    """A resident, and how many calls and tickets are theirs."""

    id: int
    name: str
    left_at: datetime | None
    company_id: int | None
    company: str | None
    zone: str
    address: str
    flat: str
    calls: int
    tickets: int


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One thing that is held. `number`: of the ticket or the recording."""

    kind: Held
    at: datetime | None
    number: str
    said: str


@dataclass(frozen=True, slots=True)
class ResidentRequest:
    """A removal that a resident asked for; the resident is only a number."""

    id: int
    asked_at: datetime
    resident_id: int
    asked_by: str
    removed: Mapping[str, int]
    left_behind: Mapping[str, Mapping[str, int]]
    entry: int | None


async def find(connection: Reader, resident: int) -> ResidentData | None:
    """The resident, if there is one."""
    row = await connection.fetchrow(SQL["resident"], resident)
    return None if row is None else ResidentData(**row)


async def everything(connection: Connection, person: Person, of: ResidentData, address: str) -> list[HeldRow]:
    """All that is held, for the resident who asked. Is audited."""
    rows = await connection.fetch(SQL["everything"], of.id)
    await _note(connection, AuditAction.EXPORTED_RESIDENT, person, of, address)
    return [HeldRow(**{**row, "kind": Held(row["kind"])}) for row in rows]


async def remove(
    connection: Connection, store: ObjectStore, person: Person, of: ResidentData, address: str
) -> ResidentRequest:
    """Remove it, in a transaction, but for what must still be kept; with a report. Raises `StoreError`."""
    company = of.company_id or CENTRE
    await connection.fetchval(SQL["lock"], of.id)
    [rows] = await connection.fetch(SQL["rows"], of.id)
    removed = Counter[str]()
    kinds: Sequence[tuple[PersonalDataKind, list[str]]] = (
        (PersonalDataKind.TICKETS, rows["tickets"]),
        (PersonalDataKind.CALLS, rows["calls"]),
        (PersonalDataKind.RESIDENTS, [str(of.id)]),
    )
    for kind, ids in kinds:
        removed.update(await forget(connection, store, kind, company, ids))
    left: dict[str, dict[str, int]] = {}
    for row in await connection.fetch(SQL["left"], rows["tickets"], rows["calls"], of.id):
        left.setdefault(row["kind"], {})[row["reason"]] = row["count"]
    number = await connection.fetchval(SQL["add"], of.company_id, of.id, person.id, dict(removed), left)
    if of.company_id is not None:
        body = {"request": number, "resident": of.id, "removed": dict(removed), "left": left, "by": person.id}
        await connection.execute(SQL["report"], number, of.company_id, body)
    await _note(connection, AuditAction.REMOVED_ON_REQUEST, person, of, address)
    return next(each for each in await requests(connection, company) if each.id == number)


async def requests(connection: Reader, company: int) -> list[ResidentRequest]:
    """The last of a company, the newest first."""
    return [ResidentRequest(**row) for row in await connection.fetch(SQL["of_company"], company)]


async def _note(connection: Connection, action: AuditAction, person: Person, of: ResidentData, address: str) -> None:
    await audit(
        connection,
        action,
        person=person,
        company=of.company_id,
        subject=AuditSubject.RESIDENT,
        subject_id=of.id,
        address=address,
    )
