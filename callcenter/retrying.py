"""What is done again and again for as long as the program runs, also while PostgreSQL is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import asyncpg
import structlog

from callcenter.errors import CallcenterError
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect

log = structlog.get_logger()

RETRY_S = 5.0


class Backoff:
    """A pause that doubles from `first_s` to `longest_s` seconds, until it is `reset`."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = self._next_s = first_s
        self._longest_s = longest_s

    def reset(self) -> None:
        """It worked: the next pause is the first one again."""
        self._next_s = self._first_s

    async def pause(self) -> None:
        """Sleep."""
        pause_s, self._next_s = self._next_s, min(self._next_s * 2, self._longest_s)
        await asyncio.sleep(pause_s)


async def repeat(
    work: Callable[[], Awaitable[None]],
    pause: float | Backoff,
    failure: str,
    *,
    errors: tuple[type[Exception], ...] = AWAY,
) -> NoReturn:
    """Do it until cancelled, with a pause between, in seconds. `failure`: what the log says when one of `errors` ends it."""
    backoff = pause if isinstance(pause, Backoff) else Backoff(pause, pause)
    while True:
        try:
            await work()
        except errors as problem:
            # What PostgreSQL says may hold values of a row; what is raised here, or by the system, does not.
            said = str(problem) if isinstance(problem, CallcenterError | OSError) else ""
            log.warning(failure, problem=said or type(problem).__name__)
        await backoff.pause()


async def watch(
    settings: DatabaseSettings,
    lead: str,
    look: Callable[[asyncpg.Connection], Awaitable[None]],
    every_s: float,
    failure: str,
    *,
    errors: tuple[type[Exception], ...] = AWAY,
) -> NoReturn:
    """Look until cancelled, every `every_s` seconds, on a connection of its own; reconnects by itself.

    `lead`: the statement that says whether this process is the one that looks; when that one ends, another does.
    `failure`, `errors`: as `repeat` has them.
    """

    async def lead_and_look() -> None:
        connection = await connect(settings)
        try:
            while not await connection.fetchval(lead):
                await asyncio.sleep(every_s)
            while True:
                await look(connection)
                await asyncio.sleep(every_s)
        finally:
            connection.terminate()

    await repeat(lead_and_look, RETRY_S, failure, errors=errors)
