"""A warning before a limit and an alarm at it, on the supervisors' screens and in the metrics.

Nothing is marked: the deadlines are queried every few seconds, and a changed result is sent to the screens.
"""

import asyncpg

from callcenter import metrics
from callcenter.domain.deadlines import LimitStep
from callcenter.push.codec import entry
from callcenter.push.messages import DeadlineRow, DeadlinesMessage
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import queries

SQL = queries("alarms")
LOOK_S = 5.0
SHOWN = 20


class DeadlineAlarm:
    """Checks the deadlines every `every_s` seconds. Of several processes one does; another takes over when it ends."""

    def __init__(self, settings: DatabaseSettings, every_s: float = LOOK_S) -> None:
        self._settings = settings
        self._every_s = every_s
        self._told: DeadlinesMessage | None = None

    async def run(self) -> None:
        """Check until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.check, self._every_s, "deadlines not checked")

    async def check(self, connection: asyncpg.Connection) -> None:
        """Check once; send the result to the screens if it has changed."""
        counts = await connection.fetchrow(SQL["counts"])
        assert counts is not None
        urgent = tuple(_row(row) for row in await connection.fetch(SQL["next"], SHOWN))
        body = DeadlinesMessage(late=counts["late"], due_soon=counts["due_soon"], next=urgent)
        metrics.tickets_late.set(counts["late"])
        metrics.tickets_due_soon.set(counts["due_soon"])
        if body != self._told:
            await connection.execute(SQL["push"], [entry("supervisors", body)])
            self._told = body


def _row(row: asyncpg.Record) -> DeadlineRow:
    return DeadlineRow(**{**row, "step": LimitStep(row["step"])})
