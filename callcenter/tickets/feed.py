"""Notifies open pages of the journal that a ticket has changed: one listener on PostgreSQL, many readers.

A reader learns that something changed, not what: changes that come while it is busy count as one. After the listener
was disconnected every reader is notified, since it may have missed a change.
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
    """An open page with the tickets of a company, or of all when `company` is None."""

    def __init__(self, company: int | None) -> None:
        self.company = company
        self.ended = False
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Report a change."""
        self._wake.set()

    def end(self) -> None:
        """Report the end of the feed."""
        self.ended = True
        self._wake.set()

    async def changed(self, within_s: float) -> bool:
        """Whether something has changed since the last call, or changes within `within_s` seconds."""
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
        """A reader, subscribed inside the `with` block."""
        reader = FeedReader(company)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    def end(self) -> None:
        """End every reader."""
        for reader in self._readers:
            reader.end()

    def _wake(self, company: int | None) -> None:
        """Wake the readers of this company; all readers when None."""
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
