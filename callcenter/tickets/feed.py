"""Who looks at the journal hears that a ticket has changed: one listener on PostgreSQL, many readers.

A reader hears that something changed, not what: changes that come while it is busy are one. When the listener was away
every reader hears of a change, for it may have missed one.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import asyncpg
from aiohttp import web

from callcenter.retrying import Backoff, repeat
from callcenter.storage import listening

CHANNEL = "tickets"
BACKOFF_S = (0.1, 5.0)


class FeedReader:
    """Somebody who looks at the tickets of a company, or of all when `company` is None."""

    def __init__(self, company: int | None) -> None:
        self.company = company
        self.ended = False
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that something changed."""
        self._wake.set()

    def end(self) -> None:
        """Say that nothing more will come."""
        self.ended = True
        self._wake.set()

    async def changed(self, within_s: float) -> bool:
        """Whether something changed since the last time, or does `within_s` from now."""
        try:
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return not self.ended


class TicketFeed:
    """Listens for changes of tickets. `connect` opens a connection for the listener alone."""

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]]) -> None:
        self._connect = connect
        self._readers: set[FeedReader] = set()
        self._backoff = Backoff(*BACKOFF_S)

    async def run(self) -> None:
        """Listen until cancelled."""
        try:
            await repeat(self._listen, self._backoff, "ticket listener interrupted")
        finally:
            self.end()

    async def _listen(self) -> None:
        async with listening(self._connect, CHANNEL) as (_connection, payloads):
            self._backoff.reset()
            self._wake(None)
            async for payload in payloads:
                self._wake(_company_of(payload))

    @contextmanager
    def reader(self, company: int | None) -> Iterator[FeedReader]:
        """A reader, for as long as it reads."""
        reader = FeedReader(company)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    def end(self) -> None:
        """Let every reader go."""
        for reader in self._readers:
            reader.end()

    def _wake(self, company: int | None) -> None:
        """Wake those who look at this company; everybody when None."""
        for reader in self._readers:
            if company is None or reader.company in (None, company):
                reader.wake()


TICKET_FEED = web.AppKey("ticket_feed", TicketFeed)


def _company_of(payload: str) -> int | None:
    try:
        company = json.loads(payload)["company"]
    except (ValueError, KeyError, TypeError):
        return None
    return company if isinstance(company, int) else None
