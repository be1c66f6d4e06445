"""Notices outages from what calls, and shows all outages on the screens.

Each second what is new is read from PostgreSQL and given to the detector (docs/decisions/0018); what it suggests becomes a
suspected outage, of which no caller is told. Everything is read anew by whoever begins to watch.
"""

from datetime import UTC, date, datetime, timedelta

import asyncpg

from callcenter.outages import screens
from callcenter.outages.detection import suggested
from callcenter.outages.detection.arrivals import Arrivals, usual
from callcenter.outages.detection.detector import Detector
from callcenter.push.codec import entry
from callcenter.push.shapes import Shown
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import queries

SQL = queries("outage_watch")
LOOK_S = 1.0
# The pattern is read anew at three at night, UTC, with the first look of the day.
NIGHT = timedelta(hours=3)


class OutageWatcher:
    """Looks every `every_s` seconds. Of several processes one does; another takes over when it ends."""

    def __init__(self, settings: DatabaseSettings, every_s: float = LOOK_S) -> None:
        self._settings = settings
        self._every_s = every_s
        self._arrivals = Arrivals()
        self._detector: Detector | None = None
        self._learnt_on: date | None = None
        self._told: dict[str, Shown] = {}

    async def run(self) -> None:
        """Look until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.look, self._every_s, "outages not watched")

    async def look(self, connection: asyncpg.Connection) -> None:
        """Look once; write what is suspected, and send what changed to the screens."""
        now = datetime.now(UTC)
        detector = await self._with_pattern(connection, now)
        suspected = await suggested.tell_known(connection, detector, now)
        arrivals = await self._arrivals.new(connection, now)
        suggestions = [each for arrival in arrivals for each in detector.arrived(arrival)]
        await suggested.keep(connection, suspected, suggestions, now)
        await suggested.end(connection)
        await self._show(connection)

    async def _with_pattern(self, connection: asyncpg.Connection, now: datetime) -> Detector:
        today = (now - NIGHT).date()
        if self._detector is None:
            self._detector = Detector(await usual(connection))
        elif self._learnt_on != today:
            self._detector.pattern = await usual(connection)
        self._learnt_on = today
        return self._detector

    async def _show(self, connection: asyncpg.Connection) -> None:
        parts = await screens.parts(connection)
        changed = [body for body in parts if self._told.get(body.shown_as) != body]
        if changed:
            await connection.execute(SQL["push"], [entry("all", body) for body in changed])
            self._told.update((body.shown_as, body) for body in changed)
