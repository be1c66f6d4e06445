"""Guessing is slowed down: so many failures within a while for one secret and for one address, by all processes alike."""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from aiohttp import web

from callcenter.errors import LimitReached, gettext_noop
from callcenter.storage import queries

SQL = queries("people")
WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_SECRET = 10
# An office shares one address.
ATTEMPTS_PER_ADDRESS = 100


class TooManyAttempts(LimitReached):
    """This secret, or this address, has been tried too often; wait `WINDOW`."""

    text = gettext_noop("Too many attempts. Wait a while and try again.")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt under way; it counts as a failure until it is forgiven."""

    ids: list[int]
    secret: str


class Attempts:
    """Failures, counted in PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def begin(self, secret: str, address: str) -> Attempt:
        """Count an attempt at `secret` (`login anna`, `code anna`). Raises `TooManyAttempts`, which counts for nothing."""
        subjects = [secret, f"address {address}"]
        # A flood that is refused already writes nothing.
        if await self._are_too_many(subjects, 1):
            raise TooManyAttempts
        # Counted before it is tried, so that many at the same time do not slip through.
        attempt = Attempt([row["id"] for row in await self._pool.fetch(SQL["attempt"], subjects, WINDOW)], secret)
        if await self._are_too_many(subjects, 0):
            await self._pool.execute(SQL["forgive"], attempt.ids, None)
            raise TooManyAttempts
        return attempt

    async def _are_too_many(self, subjects: list[str], more: int) -> bool:
        counts = {row["subject"]: row["attempts"] for row in await self._pool.fetch(SQL["attempts"], subjects, WINDOW)}
        limits = zip(subjects, (ATTEMPTS_PER_SECRET, ATTEMPTS_PER_ADDRESS), strict=True)
        return any(counts.get(subject, 0) + more > limit for subject, limit in limits)

    async def forgive(self, attempt: Attempt) -> None:
        """It was right: it and the failures at this secret before it are forgotten, those of the address are not."""
        await self._pool.execute(SQL["forgive"], attempt.ids, attempt.secret)


ATTEMPTS = web.AppKey("attempts", Attempts)
