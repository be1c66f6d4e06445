"""One listener on PostgreSQL, many screens.

A screen that reads too slowly is ended; nobody waits for it. When the listener was away it reads
what it missed from `push_log`; when that is no longer held, or it is away for longer than a
moment, every screen is ended. Its browser then says so, comes back with the last number it saw,
and gets the rest or a new snapshot.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Self

import asyncpg
import structlog
from aiohttp import web

from callcenter import metrics
from callcenter.push.state import Delta, Message, Resumed, Snapshot
from callcenter.retrying import Backoff, repeat
from callcenter.storage import ANSWER_WITHIN_S, listening, queries

log = structlog.get_logger()

SQL = queries("push")
KEEP = timedelta(hours=1)
FORGET_EVERY_S = 300.0
# A listener that is back sooner is not worth disturbing the browsers for.
GRACE_S = 3.0
BACKOFF_S = (0.05, 5.0)


class Screen:
    """One subscriber: iterate over it for the snapshot (or what was missed), then what happens.

    The iteration ends when the hub ends the screen; `slow` says whether that was for not reading.
    """

    def __init__(self, limit: int, on_slow: Callable[[], None]) -> None:
        self.slow = False
        self._limit = limit
        self._on_slow = on_slow
        self._waiting: deque[Message] = deque()
        self._floor: int | None = None
        self._wake = asyncio.Event()
        self._ended = False

    def begin(self, first: Iterable[Message], n: int) -> None:
        """Put what PostgreSQL said, up to number `n`, before what came in while it was asked."""
        live = [item for item in self._waiting if isinstance(item, Delta) and item.n > n]
        self._waiting = deque([*first, *live])
        self._floor = n
        self._wake.set()

    def offer(self, delta: Delta) -> None:
        """Queue a delta; a screen that already has too many unread is ended."""
        if self._ended or (self._floor is not None and delta.n <= self._floor):
            return
        if len(self._waiting) >= self._limit:
            self.slow = True
            metrics.slow_clients_total.inc()
            self.end()
            self._on_slow()
            return
        self._waiting.append(delta)
        self._wake.set()

    def end(self) -> None:
        """Stop the iteration; what is unread is dropped."""
        self._ended = True
        self._waiting.clear()
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        while not self._ended:
            if self._waiting and self._floor is not None:
                return self._waiting.popleft()
            self._wake.clear()
            await self._wake.wait()
        raise StopAsyncIteration


class Hub:
    """Feeds screens from the `push` notifications.

    `connect` opens a connection for the listener alone, with jsonb as Python objects.
    `slow_limit`: unread deltas a screen may have.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        slow_limit: int,
        grace_s: float = GRACE_S,
    ) -> None:
        self._pool = pool
        self._connect = connect
        self._slow_limit = slow_limit
        self._grace_s = grace_s
        self._screens: dict[str, set[Screen]] = {}
        self._seen: int | None = None
        self._live = asyncio.Event()
        self._grace: asyncio.TimerHandle | None = None
        self._backoff = Backoff(*BACKOFF_S)

    @property
    def live(self) -> bool:
        """Whether what happens now reaches the screens."""
        return self._live.is_set() and self._grace is None

    async def run(self) -> None:
        """Listen, and forget old deltas, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_listening(), name="push-listen")
                tasks.create_task(self._keep_forgetting(), name="push-forget")
        finally:
            if self._grace is not None:
                self._grace.cancel()
            self._give_up()

    @asynccontextmanager
    async def subscribe(
        self, audiences: Iterable[str], last: int | None, on_slow: Callable[[], None] = lambda: None
    ) -> AsyncIterator[Screen]:
        """Open a screen for these audiences. `last`: the newest number it has seen, None for a new one.

        `on_slow` is called at once when the screen is ended for not reading. Raises `TimeoutError` or
        an `asyncpg` error when PostgreSQL cannot be reached.
        """
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await self._live.wait()
        names = sorted(set(audiences))
        screen = Screen(self._slow_limit, on_slow)
        for name in names:
            self._screens.setdefault(name, set()).add(screen)
        try:
            screen.begin(*await self._read(names, last))
            yield screen
        finally:
            for name in names:
                self._screens[name].discard(screen)
                if not self._screens[name]:
                    del self._screens[name]

    async def _read(self, names: list[str], last: int | None) -> tuple[list[Message], int]:
        async with (
            self._pool.acquire(timeout=ANSWER_WITHIN_S) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            [held] = await connection.fetch(SQL["held"])
            if last is not None and held["oldest"] <= last <= held["newest"]:
                missed = await connection.fetch(SQL["missed"], names, last, self._slow_limit)
                # So long a tail would count as unread at once; the snapshot is shorter.
                if len(missed) <= self._slow_limit // 2:
                    return [Resumed(last), *map(_delta, missed)], held["newest"]
            [row] = await connection.fetch(SQL["snapshot"], names)
            return [Snapshot(row["n"], row["state"])], row["n"]

    async def _keep_listening(self) -> None:
        await repeat(self._listen, self._backoff, "push listener interrupted")

    async def _listen(self) -> None:
        try:
            async with listening(self._connect, "push") as (connection, payloads):
                await self._catch_up(connection)
                self._be_live()
                async for payload in payloads:
                    await self._spread(connection, payload)
        finally:
            if self._live.is_set() and self._grace is None:
                self._grace = asyncio.get_running_loop().call_later(self._grace_s, self._give_up)

    async def _catch_up(self, connection: asyncpg.Connection) -> None:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            [held] = await connection.fetch(SQL["held"])
            if self._seen is not None and held["oldest"] <= self._seen <= held["newest"]:
                for row in await connection.fetch(SQL["since"], self._seen):
                    self._deliver(_delta(row))
            else:
                self._end_all()
            self._seen = held["newest"]

    async def _spread(self, connection: asyncpg.Connection, payload: str) -> None:
        message = json.loads(payload)
        n = message["seq"]
        if self._seen is not None and n <= self._seen:
            return
        body = message.get("body")
        if body is None:
            body = await connection.fetchval(SQL["body"], n, timeout=ANSWER_WITHIN_S)
        self._deliver(Delta(n, message["audience"], message["kind"], body))
        self._seen = n

    def _deliver(self, delta: Delta) -> None:
        for screen in tuple(self._screens.get(delta.audience, ())):
            screen.offer(delta)

    def _be_live(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        self._backoff.reset()
        self._live.set()

    def _give_up(self) -> None:
        self._grace = None
        self._live.clear()
        self._end_all()

    def _end_all(self) -> None:
        for screens in tuple(self._screens.values()):
            for screen in tuple(screens):
                screen.end()

    async def _keep_forgetting(self) -> None:
        await repeat(lambda: self.forget(KEEP), FORGET_EVERY_S, "old deltas not deleted")

    async def forget(self, older_than: timedelta) -> None:
        """Delete deltas older than this; screens that need them get a new snapshot."""
        await self._pool.execute(SQL["forget"], older_than)


HUB = web.AppKey("hub", Hub)


def _delta(row: asyncpg.Record) -> Delta:
    return Delta(row["seq"], row["audience"], row["kind"], row["body"])
