"""This process says every few seconds that it is there, what its clock is, and which of its parts are ready."""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

import asyncpg
import structlog

from callcenter import metrics
from callcenter.retrying import repeat
from callcenter.storage import AWAY, queries
from callcenter.web.health import look
from callcenter.web.keys import HealthCheck

log = structlog.get_logger()

SQL = queries("heartbeats")
BEAT_S = 5.0
SILENT_AFTER_S = 4 * BEAT_S
"""Seconds after which a process counts as dead or hanging: three beats that are missing, and the checks of the fourth."""
STOP_WITHIN_S = 1.0


class ProcessRole(StrEnum):
    """What a process does. One with both beats for both."""

    NODE = "node"
    PAGES = "pages"


class Heartbeat:
    """Of one process, in the table `heartbeats` and in the metrics."""

    def __init__(self, pool: asyncpg.Pool, role: ProcessRole, name: str, checks: Mapping[str, HealthCheck]) -> None:
        self._pool = pool
        self._role = role
        self._name = name
        self._checks = checks

    async def run(self) -> None:
        """Beat until cancelled; then say that this was in order."""
        if self._role is ProcessRole.PAGES:
            await self._say(SQL["forget_stopped"], self._role)
        try:
            await repeat(self.beat, BEAT_S, "heartbeat not written")
        finally:
            await self._say(SQL["stop"], self._name)

    async def beat(self) -> None:
        """Look at every part and say so."""
        parts = await look(self._checks)
        for part, problem in parts.items():
            metrics.part_ready.labels(part=part).set(problem is None)
        async with self._pool.acquire(timeout=BEAT_S) as connection:
            now = datetime.now(UTC)
            await connection.execute(SQL["beat"], self._name, self._role, now, parts, timeout=BEAT_S)

    async def _say(self, statement: str, about: str) -> None:
        with contextlib.suppress(*AWAY):
            async with asyncio.timeout(STOP_WITHIN_S):
                await self._pool.execute(statement, about)
