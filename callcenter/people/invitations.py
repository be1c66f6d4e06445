"""One-time links by which a person sets a password."""

import re
from datetime import timedelta

import asyncpg
from aiohttp import web

from callcenter.common.passwords import Passwords, digest, new_token
from callcenter.common.scope import Connection, audit
from callcenter.common.sessions import person_of
from callcenter.common.tokens import revoke_all
from callcenter.domain.access import Role
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.errors import InvitationError
from callcenter.storage import queries

SQL = queries("staff")
OWN = queries("people")
LASTS = timedelta(hours=72)
LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)


async def invite(connection: Connection, person_id: int, *, by: Person | None = None, address: str = "") -> str:
    """The token of a new invitation. Earlier ones of this person, the password, the sessions and the tokens are over."""
    await connection.execute(SQL["withdraw"], person_id)
    await connection.execute(SQL["forget_password"], person_id)
    await connection.execute(OWN["end_sessions"], person_id, None)
    await revoke_all(connection, person_id, by=by, address=address)
    token = new_token()
    await connection.execute(SQL["invite"], digest(token), person_id, LASTS)
    return token


async def invite_administrator(connection: asyncpg.Connection, login: str, name: str) -> str:
    """The token of an invitation for an administrator, who is created unless there is one with this login.

    Raises `InvitationError` when the login is not valid, or somebody else's.
    """
    name = name.strip()
    if not LOGIN.fullmatch(login):
        raise InvitationError(
            f"{login!r} cannot be a login: 2 to 32 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter"
        )
    if not name:
        raise InvitationError("the name is empty; give the person's name after the login")
    async with connection.transaction():
        person_id = await connection.fetchval(SQL["add"], login, name, Role.ADMINISTRATOR, None, None, "ru")
        if person_id is None:
            row = await connection.fetchrow(SQL["by_login"], login)
            if row is None or row["role"] != Role.ADMINISTRATOR or not row["active"]:
                raise InvitationError(f"{login} is somebody who is no active administrator; choose another login")
            person_id = row["id"]
        await audit(
            connection,
            AuditAction.INVITED_PERSON,
            subject=AuditSubject.PERSON,
            subject_id=person_id,
            details={"by": "command line"},
        )
        return await invite(connection, person_id)


class Invitations:
    """Invitations over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool, passwords: Passwords) -> None:
        self._pool = pool
        self._passwords = passwords

    async def find(self, token: str) -> Person | None:
        """The invited person; None when the link was used, has expired, or never existed."""
        row = await self._pool.fetchrow(SQL["invited"], digest(token))
        return None if row is None else person_of(row)

    async def use(self, token: str, password: str, address: str) -> Person | None:
        """Set the password, which `NewPasswords` has accepted; None when the link no longer works."""
        person = await self.find(token)
        if person is None:
            return None
        password_hash = await self._passwords.hash(password)
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(SQL["use"], digest(token)) is None:
                return None
            await connection.execute(OWN["set_password"], person.id, password_hash)
            await connection.execute(OWN["end_sessions"], person.id, None)
            await audit(connection, AuditAction.ACCEPTED_INVITATION, person=person, address=address)
            # Whoever had the old password may have made some.
            await revoke_all(connection, person.id, by=person, address=address)
        return person


INVITATIONS = web.AppKey("invitations", Invitations)
