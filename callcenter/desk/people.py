"""People who work here: who they are, how they log in, how long that lasts."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from callcenter.domain.ids import OperatorId
from callcenter.storage import queries

SQL = queries("people")
WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_LOGIN = 10
# An office shares one address.
ATTEMPTS_PER_ADDRESS = 100
LONGEST = 256


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a login."""

    id: OperatorId
    login: str
    name: str
    role: Literal["operator", "supervisor"]
    language: str
    has_phone: bool

    @property
    def supervises(self) -> bool:
        """Whether the board and the recordings are open to this person."""
        return self.role == "supervisor"


class TooManyAttempts(Exception):
    """This login, or this address, has tried too often; wait `WINDOW`."""


class People:
    """Logins and sessions over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex())
        # One password takes 64 MB and a core for some 50 ms: a flood of logins must not take the machine.
        self._one_at_a_time = asyncio.Semaphore(1)

    async def log_in(self, login: str, password: str, address: str, lasts: timedelta) -> tuple[Person, str] | None:
        """The person and a new session's token, or None when the login or the password is wrong.

        An unknown login takes as long as a wrong password. Raises `TooManyAttempts`.
        """
        if len(login) > LONGEST or len(password) > LONGEST or "\0" in login:
            return None
        subjects = [f"login {login}", f"address {address}"]
        # Counted before it is tried, so that many at the same time do not slip through.
        await self._pool.execute(SQL["attempt"], subjects, WINDOW)
        counts = {row["subject"]: row["attempts"] for row in await self._pool.fetch(SQL["attempts"], subjects, WINDOW)}
        if counts.get(subjects[0], 0) > ATTEMPTS_PER_LOGIN or counts.get(subjects[1], 0) > ATTEMPTS_PER_ADDRESS:
            raise TooManyAttempts
        row = await self._pool.fetchrow(SQL["login"], login)
        right = await self._check(row["password_hash"] if row else self._nobody, password)
        if row is None or not right:
            return None
        await self._pool.execute(SQL["forgive"], subjects[:1])
        token = secrets.token_urlsafe(32)
        await self._pool.execute(SQL["open_session"], _digest(token), row["id"], lasts)
        return _person(row), token

    async def who_is(self, token: str) -> Person | None:
        """The person whose session this is, unless it has ended."""
        row = await self._pool.fetchrow(SQL["session"], _digest(token))
        return None if row is None else _person(row)

    async def log_out(self, token: str) -> None:
        """End the session."""
        await self._pool.execute(SQL["close_session"], _digest(token))

    async def set_language(self, person: OperatorId, language: str) -> None:
        """Remember the language of this person's pages, `ru` or `en`."""
        await self._pool.execute(SQL["language"], person, language)

    async def _check(self, password_hash: str, password: str) -> bool:
        async with self._one_at_a_time:
            try:
                return await asyncio.to_thread(self._hasher.verify, password_hash, password)
            except (VerificationError, InvalidHashError):
                return False


def _digest(token: str) -> bytes:
    # A cookie may hold any bytes; aiohttp shows them as surrogates.
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


def _person(row: asyncpg.Record) -> Person:
    return Person(
        id=OperatorId(row["id"]),
        login=row["login"],
        name=row["name"],
        role=row["role"],
        language=row["language"],
        has_phone=row["endpoint"] is not None,
    )
