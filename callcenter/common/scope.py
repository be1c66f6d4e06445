"""Transactions limited to what a person may see, and the audit log."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("scope")
Connection = asyncpg.Connection | PoolConnectionProxy


@asynccontextmanager
async def scoped(pool: asyncpg.Pool, person: Person) -> AsyncIterator[Connection]:
    """A transaction that sees only the rows of the person's company, whatever the query, if the person has one."""
    async with scoped_to(pool, person.company_id) as connection:
        yield connection


@asynccontextmanager
async def scoped_to(pool: asyncpg.Pool, company: int | None) -> AsyncIterator[Connection]:
    """A transaction that sees only the rows of one company; all rows when `company` is None."""
    async with pool.acquire() as connection, connection.transaction():
        await _enter(connection, company)
        yield connection


@asynccontextmanager
async def snapshot(pool: asyncpg.Pool, person: Person) -> AsyncIterator[Connection]:
    """As `scoped`, read only and repeatable read: all statements see the same moment."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await _enter(connection, person.company_id)
        yield connection


async def _enter(connection: Connection, company: int | None) -> None:
    if company is not None:
        await connection.execute(SQL["enter"], str(company))
        await connection.execute("set local role callcenter_company")


async def audit(
    connection: Connection,
    action: AuditAction,
    *,
    person: Person | None = None,
    company: int | None = None,
    subject: AuditSubject | None = None,
    subject_id: object = "",
    address: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """Add an entry to the audit log, in the transaction of the action.

    `subject`: the kind of row, `subject_id`: which one.
    """
    await connection.execute(
        SQL["audit"],
        None if person is None else person.id,
        company if company is not None or person is None else person.company_id,
        action,
        subject or "",
        str(subject_id),
        address,
        dict(details or {}),
    )
