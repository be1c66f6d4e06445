"""Guessing is slowed down: so many failures within a while for one secret and for one address, by all processes alike."""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from callcenter.storage import queries

SQL = queries("people")
WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_SECRET = 10
# An office shares one address.
ATTEMPTS_PER_ADDRESS = 100


class TooManyAttempts(Exception):
    """This secret, or this address, has been tried too often; wait `WINDOW`."""


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
        # Counted before it is tried, so that many at the same time do not slip through.
        attempt = Attempt([row["id"] for row in await self._pool.fetch(SQL["attempt"], subjects, WINDOW)], secret)
        counts = {row["subject"]: row["attempts"] for row in await self._pool.fetch(SQL["attempts"], subjects, WINDOW)}
        if counts.get(subjects[0], 0) > ATTEMPTS_PER_SECRET or counts.get(subjects[1], 0) > ATTEMPTS_PER_ADDRESS:
            await self._pool.execute(SQL["forgive"], attempt.ids, None)
            raise TooManyAttempts
        return attempt

    async def forgive(self, attempt: Attempt) -> None:
        """It was right: it and the failures at this secret before it are forgotten, those of the address are not."""
        await self._pool.execute(SQL["forgive"], attempt.ids, attempt.secret)
