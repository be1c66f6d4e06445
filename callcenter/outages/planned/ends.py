"""Planned works end by their times: closed, with their tickets, when the end has come."""

import asyncpg
import structlog

from callcenter.outages.service import SQL, Outages
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings

log = structlog.get_logger()

LOOK_S = 15.0


class PlannedEnds:
    """Looks every `every_s` seconds. Of several processes one does; another takes over when it ends."""

    def __init__(self, settings: DatabaseSettings, outages: Outages, every_s: float = LOOK_S) -> None:
        self._settings = settings
        self._outages = outages
        self._every_s = every_s

    async def run(self) -> None:
        """Look until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self._look, self._every_s, "planned works not ended")

    async def _look(self, _connection: asyncpg.Connection) -> None:
        for outage in await self._outages.end_planned():
            log.info("planned works ended", outage=outage)
