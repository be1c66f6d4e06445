"""Guessing is slowed down: failures within a while are counted by login, by address and by both, in all processes alike."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from aiohttp import web

from callcenter.errors import LimitReached, gettext_noop
from callcenter.storage import queries

SQL = queries("people")
WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_SECRET = 10
# Whoever is elsewhere does not slow the person down at their own address, unless there are many.
ATTEMPTS_PER_LOGIN = 50
# An office shares one address; behind a proxy that is not trusted, everybody does.
ATTEMPTS_PER_ADDRESS = 100
PAUSE_OF_SECRET = timedelta(seconds=5)
PAUSE_OF_LOGIN = timedelta(seconds=1)
PAUSE_OF_ADDRESS = timedelta(seconds=0.5)
LONGEST_WAIT = timedelta(seconds=15)
"""How long an attempt waits for its turn before it is refused."""


class TooManyAttempts(LimitReached):
    """So much has been tried that this was not even looked at; try again after `wait`."""

    text = gettext_noop("Too many attempts. Wait a while and try again.")

    def __init__(self, wait: timedelta = WINDOW) -> None:
        super().__init__()
        self.wait = wait

    @property
    def minutes(self) -> int:
        """The wait in whole minutes, at least one."""
        return math.ceil(self.wait / timedelta(minutes=1)) or 1

    @property
    def headers(self) -> Mapping[str, str]:
        """The wait for programs, in seconds."""
        return {"Retry-After": str(math.ceil(self.wait.total_seconds()) or 1)}


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """After `free` failures within `WINDOW` there is one attempt each `pause`; None: none until some are older."""

    free: int
    pause: timedelta | None

    def wait(self, failures: int, newest: timedelta) -> timedelta:
        """How long the next attempt waits. `newest`: the turn of the last one, from now. Raises `TooManyAttempts`."""
        if failures < self.free:
            return timedelta()
        if self.pause is None:
            raise TooManyAttempts
        return max(timedelta(), newest + self.pause)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt under way; it counts as a failure until it is forgiven."""

    ids: list[int]
    secrets: list[str]


class Attempts:
    """Failures, counted in PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def at_password(self, login: str, address: str) -> Attempt:
        """Count an attempt at a password, and wait for its turn: a right one is always let in, at worst slowly.

        Raises `TooManyAttempts`, which counts for nothing, when too many wait already.
        """
        return await self._begin(
            {
                f"login {login} from {address}": AttemptLimit(ATTEMPTS_PER_SECRET, PAUSE_OF_SECRET),
                f"login {login}": AttemptLimit(ATTEMPTS_PER_LOGIN, PAUSE_OF_LOGIN),
            },
            address,
        )

    async def at_code(self, login: str, address: str) -> Attempt:
        """Count an attempt at a code. Raises `TooManyAttempts`.

        A code is short enough to be guessed slowly too, and only those who know the password get this far.
        """
        return await self._begin({f"code {login}": AttemptLimit(ATTEMPTS_PER_SECRET, None)}, address)

    async def wrong_link(self, address: str) -> None:
        """Count a link that leads nowhere. Raises `TooManyAttempts` when this address tried so many.

        A right link is too long to be guessed, and never counted: whoever holds one is let in whatever others tried.
        """
        await self._count({f"link {address}": AttemptLimit(ATTEMPTS_PER_ADDRESS, None)})

    async def forgive(self, attempt: Attempt) -> None:
        """It was right: it and the failures at this secret before it are forgotten, those of the address are not."""
        await self._pool.execute(SQL["forgive"], attempt.ids, attempt.secrets)

    async def _begin(self, limits: Mapping[str, AttemptLimit], address: str) -> Attempt:
        of_address = {f"address {address}": AttemptLimit(ATTEMPTS_PER_ADDRESS, PAUSE_OF_ADDRESS)}
        ids, wait = await self._count({**limits, **of_address})
        await asyncio.sleep(wait.total_seconds())
        return Attempt(ids, list(limits))

    async def _count(self, limits: Mapping[str, AttemptLimit]) -> tuple[list[int], timedelta]:
        """Take a turn in each of these rows, before anything is tried, so that many at once do not slip through."""
        subjects, none = list(limits), (0, timedelta())
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["lock_attempts"], subjects)
            known = {
                row["subject"]: (row["attempts"], row["newest"])
                for row in await connection.fetch(SQL["attempts"], subjects, WINDOW)
            }
            waits = [limit.wait(*known.get(subject, none)) for subject, limit in limits.items()]
            longest = max(waits)
            # A flood that is refused already writes nothing.
            if longest > LONGEST_WAIT:
                raise TooManyAttempts(longest)
            turns = [f"{wait.total_seconds()} s" for wait in waits]
            rows = await connection.fetch(SQL["attempt"], subjects, WINDOW, turns)
        return [row["id"] for row in rows], longest


ATTEMPTS = web.AppKey("attempts", Attempts)
