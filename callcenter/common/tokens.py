"""Tokens by which programs act for their owners."""

import math
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from aiohttp import web

from callcenter.common.passwords import digest
from callcenter.common.scope import Connection, audit
from callcenter.common.sessions import person_of
from callcenter.domain.access import Permission, Scope
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("tokens")
PEOPLE = queries("people")
# So that a token is recognised where it should not be, in a log or in a repository.
PREFIX = "ccapi_"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it; the token itself is not stored."""

    id: int
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Use:
    """One request of a program: its owner, its scopes, its number in the current window and the seconds left of that."""

    token_id: int
    person: Person
    scopes: frozenset[Scope]
    requests: int
    seconds_left: int


class Tokens:
    """Tokens over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def make(
        self, person: Person, name: str, scopes: Collection[Scope], lasts: timedelta, *, address: str = ""
    ) -> str:
        """Create a token and return it, only this once."""
        token = PREFIX + secrets.token_urlsafe(32)
        async with self._pool.acquire() as connection, connection.transaction():
            made = await connection.fetchval(SQL["make"], digest(token), person.id, name, sorted(scopes), lasts)
            await audit(
                connection,
                AuditAction.MADE_TOKEN,
                person=person,
                subject=AuditSubject.TOKEN,
                subject_id=made,
                address=address,
                details={"name": name, "scopes": sorted(scopes)},
            )
        return token

    async def of(self, person: Person) -> list[Token]:
        """This person's tokens, newest first, including expired ones."""
        return [
            Token(
                id=row["id"],
                name=row["name"],
                scopes=_scopes(row),
                created_at=row["created_at"],
                expires_at=row["expires_at"],
                used_at=row["used_at"],
            )
            for row in await self._pool.fetch(SQL["of_person"], person.id)
        ]

    async def revoke(self, person: Person, token_id: int, *, address: str = "") -> bool:
        """Revoke the token; False when this person has no such token."""
        async with self._pool.acquire() as connection, connection.transaction():
            name = await connection.fetchval(SQL["revoke"], token_id, person.id)
            if name is None:
                return False
            await audit(
                connection,
                AuditAction.REVOKED_TOKEN,
                person=person,
                subject=AuditSubject.TOKEN,
                subject_id=token_id,
                address=address,
                details={"name": name},
            )
        return True

    async def use(self, token: str) -> Use | None:
        """Count one request by this token; None when it does not exist or is not valid, or its owner is blocked."""
        row = await self._pool.fetchrow(SQL["use"], digest(token))
        if row is None:
            return None
        person = person_of(row)
        if not person.may(Permission.USE_API):
            return None
        return Use(
            token_id=row["token_id"],
            person=person,
            scopes=_scopes(row),
            requests=row["requests"],
            seconds_left=max(1, math.ceil(row["seconds_left"])),
        )


TOKENS = web.AppKey("tokens", Tokens)


async def revoke_all(connection: Connection, owner: int, *, by: Person | None = None, address: str = "") -> None:
    """End all tokens of a person, and the logins that wait for a code. `by`: who wants it; None for the command line."""
    await connection.execute(PEOPLE["code_given"], owner)
    if revoked := await connection.fetch(SQL["revoke_all"], owner):
        await audit(
            connection,
            AuditAction.REVOKED_TOKEN,
            person=by,
            subject=AuditSubject.PERSON,
            subject_id=owner,
            address=address,
            details={"n": len(revoked)},
        )


def _scopes(row: asyncpg.Record) -> frozenset[Scope]:
    known = set(Scope)
    return frozenset(Scope(scope) for scope in row["scopes"] if scope in known)
