"""The directory as a sheet; what it holds can be imported again, and changes nothing then."""

import asyncio
from typing import Literal

import asyncpg

from callcenter.common.scope import audit, scoped
from callcenter.directory.sheet import write_csv, write_xlsx
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.domain.phone import local
from callcenter.storage import queries

SQL = queries("directory_import")


async def export(
    pool: asyncpg.Pool, person: Person, kind: Literal["csv", "xlsx"], language: str, company: int | None = None
) -> bytes:
    """Houses, flats, residents and telephones of one company, or of all that the person may see. Is audited."""
    only = person.company_id if person.company_id is not None else company
    async with scoped(pool, person) as connection:
        found = await connection.fetch(SQL["rows"], only)
        details = {"kind": kind, "lines": len(found)}
        await audit(
            connection,
            AuditAction.EXPORTED_DIRECTORY,
            person=person,
            company=only,
            subject=AuditSubject.DIRECTORY,
            details=details,
        )
    return await asyncio.to_thread(_write, found, kind, language)


def _write(found: list[asyncpg.Record], kind: Literal["csv", "xlsx"], language: str) -> bytes:
    rows = ({**row, "phones": ", ".join(local(phone) for phone in row["phones"])} for row in found)
    return write_csv(rows, language) if kind == "csv" else write_xlsx(rows, language)
