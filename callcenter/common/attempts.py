"""Rate limit of guessing: a maximum of failures in a window for one secret and for one address, across all processes."""

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
        """Count an attempt at `secret` (`login anna`, `code anna`). Raises `TooManyAttempts`, which is not counted."""
        subjects = [secret, f"address {address}"]
        # Refused attempts write nothing, so a flood costs little.
        if await self._are_too_many(subjects, 1):
            raise TooManyAttempts
        # Counted before it is checked, so that simultaneous attempts cannot exceed the limit.
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
        """The attempt was right: delete it and earlier failures of this secret; those of the address stay."""
        await self._pool.execute(SQL["forgive"], attempt.ids, attempt.secret)


ATTEMPTS = web.AppKey("attempts", Attempts)
