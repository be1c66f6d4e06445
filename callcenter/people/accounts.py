"""What people manage in their own logins: sessions, the password, one-time codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import asyncpg
from aiohttp import web

from callcenter.common.attempts import Attempts
from callcenter.common.passwords import LONGEST, Passwords, digest
from callcenter.common.scope import Connection, audit
from callcenter.common.secret_box import SecretBox
from callcenter.common.tokens import revoke_all
from callcenter.domain.audit import AuditAction
from callcenter.domain.person import Person
from callcenter.people.new_passwords import NewPasswords
from callcenter.people.second_factor import new_recovery_codes, new_secret, step_of, without_groups
from callcenter.storage import queries

SQL = queries("people")
Codes = Literal["off", "pending", "on"]


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which somebody is logged in; `own` is the one that sent this request."""

    id: int
    created_at: datetime
    seen_at: datetime
    address: str
    browser: str
    own: bool


class Accounts:
    """A person's own login over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        passwords: Passwords,
        new_passwords: NewPasswords,
        attempts: Attempts,
        box: SecretBox,
    ) -> None:
        self._pool = pool
        self._passwords = passwords
        self._new_passwords = new_passwords
        self._attempts = attempts
        self._box = box

    async def sessions(self, person: Person, token: str) -> Sequence[Session]:
        """This person's sessions: that of this request first, then by when they were last seen."""
        rows = await self._pool.fetch(SQL["sessions"], person.id, digest(token))
        return [Session(**row) for row in rows]

    async def end_session(self, person: Person, session_id: int, address: str) -> bool:
        """End one of this person's sessions; False when there is no such session."""
        async with self._pool.acquire() as connection, connection.transaction():
            ended = await connection.fetchval(SQL["end_session"], person.id, session_id)
            if ended is not None:
                await audit(connection, AuditAction.ENDED_SESSION, person=person, address=address)
        return ended is not None

    async def end_others(self, person: Person, token: str, address: str) -> int:
        """End all of this person's sessions but that of this request; returns how many."""
        async with self._pool.acquire() as connection, connection.transaction():
            ended = await connection.fetch(SQL["end_sessions"], person.id, digest(token))
            if ended:
                await audit(
                    connection, AuditAction.ENDED_SESSION, person=person, address=address, details={"n": len(ended)}
                )
        return len(ended)

    async def change_password(
        self, person: Person, token: str, old: str, new: str, again: str, address: str
    ) -> str | None:
        """Change the password, end the other sessions and all tokens; or what is wrong: `old`, or as `NewPasswords` says.

        Raises `TooManyAttempts` for the old password.
        """
        if problem := await self._new_passwords.problem_with(person, new, again):
            return problem
        if not await self._is_password(person, old, address):
            return "old"
        password_hash = await self._passwords.hash(new)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["set_password"], person.id, password_hash)
            await connection.execute(SQL["end_sessions"], person.id, digest(token))
            await audit(connection, AuditAction.CHANGED_PASSWORD, person=person, address=address)
            await revoke_all(connection, person.id, by=person, address=address)
        return None

    async def codes(self, person: Person) -> Codes:
        """Whether codes are on, or off, or off with a secret that waits to be confirmed."""
        row = await self._secrets(person)
        if row["totp_secret"] is not None:
            return "on"
        return "off" if row["totp_pending"] is None else "pending"

    async def begin_codes(self, person: Person, password: str, address: str) -> str | None:
        """A new secret to be confirmed, known only now; None when this is not the password, or codes are on already.

        Raises `TooManyAttempts`.
        """
        if not await self._is_password(person, password, address):
            return None
        secret = new_secret()
        begun = await self._pool.fetchval(SQL["begin_code"], person.id, self._box.seal(secret))
        return None if begun is None else secret

    async def confirm_codes(self, person: Person, code: str, address: str, now: datetime) -> list[str] | None:
        """Turn codes on, if this one proves that the telephone has the secret; returns the recovery codes.

        Raises `TooManyAttempts`.
        """
        pending = (await self._secrets(person))["totp_pending"]
        if pending is None:
            return None
        attempt = await self._attempts.at_code(person.login, address)
        step = step_of(self._box.open(pending), code, now)
        if step is None:
            return None
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(SQL["confirm_code"], person.id, pending, step) is None:
                return None
            await audit(connection, AuditAction.TURNED_CODES_ON, person=person, address=address)
            recovery = await _set_recovery_codes(connection, person, address)
        await self._attempts.forgive(attempt)
        return recovery

    async def remove_codes(self, person: Person, password: str, address: str) -> bool:
        """Turn codes off; False when this is not the password. Raises `TooManyAttempts`."""
        if not await self._is_password(person, password, address):
            return False
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(SQL["remove_code"], person.id) is not None:
                await audit(connection, AuditAction.TURNED_CODES_OFF, person=person, address=address)
        return True

    async def recovery_codes_left(self, person: Person) -> int:
        """How many recovery codes have not been used."""
        return int(await self._pool.fetchval(SQL["recovery_codes_left"], person.id))

    async def renew_recovery_codes(self, person: Person, password: str, address: str) -> list[str] | None:
        """New recovery codes, known only now, in place of the earlier ones; None when this is not the password.

        None also when codes are off. Raises `TooManyAttempts`.
        """
        if not await self._is_password(person, password, address):
            return None
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(SQL["codes_on"], person.id):
                return None
            return await _set_recovery_codes(connection, person, address)

    async def _is_password(self, person: Person, password: str, address: str) -> bool:
        if len(password) > LONGEST:
            return False
        attempt = await self._attempts.at_password(person.login, address)
        if not await self._passwords.check((await self._secrets(person))["password_hash"], password):
            return False
        await self._attempts.forgive(attempt)
        return True

    async def _secrets(self, person: Person) -> asyncpg.Record:
        row = await self._pool.fetchrow(SQL["secrets"], person.id)
        assert row is not None, "nobody is ever removed"
        return row


ACCOUNTS = web.AppKey("accounts", Accounts)


async def _set_recovery_codes(connection: Connection, person: Person, address: str) -> list[str]:
    codes = new_recovery_codes()
    await connection.execute(SQL["set_recovery_codes"], person.id, [digest(without_groups(code)) for code in codes])
    await audit(connection, AuditAction.MADE_RECOVERY_CODES, person=person, address=address)
    return codes
