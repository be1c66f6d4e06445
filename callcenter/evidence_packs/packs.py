"""Evidence packs of a ticket as people use them: order, progress, download; chained and audited."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg
from aiohttp import web

from callcenter.common import jobs
from callcenter.common.scope import audit, scoped
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.file_order import FileOrderState, PackProblem
from callcenter.domain.person import Person
from callcenter.errors import LimitReached
from callcenter.storage import queries
from callcenter.tickets.rows import lock, read
from callcenter.tickets.ticket import NoTicket

SQL = queries("evidence")
JOB = "evidence"
AT_ONCE = 2
"""Packs of one ticket that may be made at the same time."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One order. `done` of `expected` steps; `kept`: whether it can still be downloaded; `size` in bytes."""

    id: int
    language: str
    state: FileOrderState
    done: int
    expected: int | None
    problem: PackProblem | None
    size: int | None
    sha256: bytes | None
    asked_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    kept: bool
    person: str


class TooManyPacks(LimitReached):
    """`AT_ONCE` packs of this ticket are being made."""


class EvidencePacks:
    """A person's orders of packs. Methods raise `NoTicket` for a ticket that the person may not see."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def order(self, person: Person, ticket_id: int, language: str, address: str = "") -> int:
        """Order a pack; its number. Raises `TooManyPacks`."""
        async with scoped(self._pool, person) as connection:
            ticket = await lock(connection, person, ticket_id)
            if await connection.fetchval(SQL["being_made"], ticket_id) >= AT_ONCE:
                raise TooManyPacks
            pack = int(await connection.fetchval(SQL["add"], ticket_id, ticket.company_id, person.id, language))
            await jobs.put(connection, JOB, [str(pack)])
            await audit(
                connection,
                AuditAction.ORDERED_EVIDENCE_PACK,
                person=person,
                company=ticket.company_id,
                subject=AuditSubject.TICKET,
                subject_id=ticket_id,
                address=address,
                details={"pack": pack},
            )
        return pack

    async def of(self, person: Person, ticket_id: int) -> list[Pack]:
        """The ticket's packs, newest first."""
        async with scoped(self._pool, person) as connection:
            if await read(connection, person, ticket_id) is None:
                raise NoTicket
            return [_pack(row) for row in await connection.fetch(SQL["of_ticket"], ticket_id)]

    async def take(self, person: Person, ticket_id: int, pack: int, address: str = "") -> tuple[str, int, str] | None:
        """Key, size in bytes and name of the file, if it exists; the download is chained."""
        async with scoped(self._pool, person) as connection:
            if await read(connection, person, ticket_id) is None:
                raise NoTicket
            row = await connection.fetchrow(SQL["file"], ticket_id, pack)
            if row is None:
                return None
            entry = {"pack": pack, "ticket": ticket_id, "by": person.id}
            await connection.execute(SQL["chain"], row["company_id"], "pack taken", entry)
            await audit(
                connection,
                AuditAction.DOWNLOADED_EVIDENCE_PACK,
                person=person,
                company=row["company_id"],
                subject=AuditSubject.TICKET,
                subject_id=ticket_id,
                address=address,
                details={"pack": pack},
            )
        return row["object_key"], row["size"], f"evidence-{row['number']}-{pack}.zip"


EVIDENCE_PACKS = web.AppKey("evidence packs", EvidencePacks)


def _pack(row: asyncpg.Record) -> Pack:
    problem = row["problem"]
    if problem is not None:
        # A code of a newer version is shown as a program error.
        problem = PackProblem(problem) if problem in list(PackProblem) else PackProblem.PROGRAM
    return Pack(**{**row, "state": FileOrderState(row["state"]), "problem": problem})
