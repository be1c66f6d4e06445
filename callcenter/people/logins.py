"""Login, in one step or two, and logout."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from aiohttp import web

from callcenter.common import requests
from callcenter.common.attempts import Attempts
from callcenter.common.browser_telephones import close_ended
from callcenter.common.origin import LONGEST_BROWSER, Origin
from callcenter.common.passwords import LONGEST, Passwords, digest, new_token
from callcenter.common.scope import Connection, audit
from callcenter.common.secret_box import SecretBox
from callcenter.common.sessions import SessionTerm, person_of
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.errors import Refusal, gettext_noop
from callcenter.people.second_factor import is_recovery_code, step_of, without_groups
from callcenter.storage import queries

SQL = queries("people")
CODE_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Login succeeded; `token` is the session's."""

    person: Person
    token: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right; a code must be given with `token` within `CODE_WITHIN`."""

    token: str


class LoginExpired(Refusal):
    """The first step of this login was too long ago, or never happened."""

    status = 401
    text = gettext_noop("That took too long. Enter the login and the password again.")
    code = "expired"


class Logins:
    """Logins over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(
        self, pool: asyncpg.Pool, passwords: Passwords, attempts: Attempts, term: SessionTerm, box: SecretBox
    ) -> None:
        self._pool = pool
        self._passwords = passwords
        self._attempts = attempts
        self._term = term
        self._box = box

    async def log_in(self, login: str, password: str, origin: Origin) -> LoggedIn | CodeNeeded | None:
        """A session, or the token of the second step; None when the login or the password is wrong.

        An unknown login takes as long as a wrong password. Raises `TooManyAttempts`.
        """
        if len(login) > LONGEST or len(password) > LONGEST or "\0" in login:
            return None
        attempt = await self._attempts.at_password(login, origin.address)
        row = await self._pool.fetchrow(SQL["login"], login)
        right = await self._passwords.check(None if row is None else row["password_hash"], password)
        if row is None or not right or not row["active"]:
            await self._failed(None if row is None else row["id"], origin, "password")
            return None
        await self._attempts.forgive(attempt)
        token = new_token()
        if row["totp_secret"] is not None:
            await self._pool.execute(SQL["ask_code"], digest(token), row["id"], CODE_WITHIN)
            return CodeNeeded(token)
        async with self._pool.acquire() as connection, connection.transaction():
            return await self._enter(connection, person_of(row), token, origin)

    async def waits_for_code(self, token: str) -> bool:
        """Whether this is the token of a login that waits for its code."""
        return await self._pool.fetchrow(SQL["waiting_for_code"], digest(token)) is not None

    async def give_code(self, token: str, code: str, origin: Origin, now: datetime) -> LoggedIn | None:
        """A session, for a code of the telephone or a recovery code; None when it is wrong or was used.

        Raises `LoginExpired` and `TooManyAttempts`.
        """
        row = await self._pool.fetchrow(SQL["waiting_for_code"], digest(token))
        if row is None:
            raise LoginExpired
        attempt = await self._attempts.at_code(row["login"], origin.address)
        recovery = is_recovery_code(code)
        if not await (self._take_recovery_code(row, code) if recovery else self._take_code(row, code, now)):
            await self._failed(row["id"], origin, "recovery code" if recovery else "code")
            return None
        await self._attempts.forgive(attempt)
        person = person_of(row)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["code_given"], row["id"])
            if recovery:
                await audit(connection, AuditAction.USED_RECOVERY_CODE, person=person, address=origin.address)
            return await self._enter(connection, person, new_token(), origin)

    async def log_out(self, token: str, address: str) -> None:
        """End the session. Whoever takes calls takes no more of them."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["close_session"], digest(token))
            if row is not None:
                person = person_of(row)
                await audit(connection, AuditAction.LOGGED_OUT, person=person, address=address)
                await requests.take_off_the_line(connection, person.id, asker=person.id)
                await close_ended(connection, self._box, person.id)

    async def _take_code(self, row: asyncpg.Record, code: str, now: datetime) -> bool:
        step = step_of(self._box.open(row["totp_secret"]), code, now, row["totp_step"])
        return step is not None and await self._pool.fetchval(SQL["take_step"], row["id"], step) is not None

    async def _take_recovery_code(self, row: asyncpg.Record, code: str) -> bool:
        taken = await self._pool.fetchval(SQL["take_recovery_code"], row["id"], digest(without_groups(code)))
        return taken is not None

    async def _enter(self, connection: Connection, person: Person, token: str, origin: Origin) -> LoggedIn:
        browser = origin.browser[:LONGEST_BROWSER].encode(errors="ignore").decode().replace("\0", "")
        await connection.execute(
            SQL["open_session"], digest(token), person.id, self._term.lasts, origin.address, browser, self._term.idle
        )
        details = {"browser": browser}
        await audit(connection, AuditAction.LOGGED_IN, person=person, address=origin.address, details=details)
        return LoggedIn(person, token)

    async def _failed(self, who: int | None, origin: Origin, wrong: str) -> None:
        # An unknown login may be a password typed into the wrong field, so it is not logged.
        async with self._pool.acquire() as connection:
            await audit(
                connection,
                AuditAction.FAILED_TO_LOG_IN,
                subject=None if who is None else AuditSubject.PERSON,
                subject_id="" if who is None else who,
                address=origin.address,
                details={"wrong": wrong if who is not None else "login"},
            )


LOGINS = web.AppKey("logins", Logins)
