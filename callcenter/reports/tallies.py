"""Counts the calls of closed days, so that a report of a year reads a few rows a day."""

import asyncio

import asyncpg

from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import queries

SQL = queries("tallies")
LOOK_S = 600.0
PAUSE_S = 0.05
"""Between two months: after an upgrade there are many, and calls are written beside."""


class Tallies:
    """Counts every few minutes. Of several processes one does; another takes over when it ends."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings

    async def run(self) -> None:
        """Count until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], count_closed_days, LOOK_S, "calls not counted")


async def count_closed_days(connection: asyncpg.Connection) -> None:
    """Count what is missing, a company's month at a time: whoever writes a late fact waits for no more."""
    for row in await connection.fetch(SQL["missing"]):
        await connection.execute(SQL["tally"], row["company"], row["month"])
        await asyncio.sleep(PAUSE_S)
