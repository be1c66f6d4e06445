"""Keeps what callers hear on one node's disk as the outages are now, and tells the engine whom it concerns."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import asyncpg
import structlog

from callcenter import metrics
from callcenter.domain.events import Event, OutageAnnounced, Source
from callcenter.errors import SpeechError
from callcenter.outages.announcements import Announced, AnnouncementFolder, Speech, compose
from callcenter.retrying import repeat
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect, listening, queries

log = structlog.get_logger()

SQL = queries("outages")
RETRY_S = 2.0
LOOK_EVERY_S = 15.0
"""Planned works begin and end, and an expected end passes, without anybody writing anything."""


class Speaker(Protocol):
    """What the announcements are spoken by."""

    async def speak(self, speeches: Iterable[Speech]) -> Mapping[Speech, bytes]:
        """What can be spoken: 8,000 bytes of A-law a second. Raises `SpeechError`."""

    async def add_numbers(self, folder: Path, language: str) -> None:
        """The pieces of ticket numbers. Raises `SpeechError`."""


class Announcer:
    """Writes the announcements, at the start, at every change, and at intervals. `put` must not block."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        settings: DatabaseSettings,
        folder: Path,
        speaker: Speaker,
        put: Callable[[Event], None],
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._numbers = folder / "numbers"
        self._folder = AnnouncementFolder(folder)
        self._speaker = speaker
        self._put = put
        self._changed = asyncio.Event()
        # By outage, the telephones that hear it: what the engine knows already.
        self._told: dict[int, frozenset[str]] = {}

    async def run(self) -> None:
        """Keep the folder right until cancelled; reconnects by itself. While PostgreSQL is away the folder stays as it is."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(repeat(self._listen, RETRY_S, "outages not heard"), name="outages listen")
            tasks.create_task(self._keep_writing(), name="outages write")
            tasks.create_task(self._prepare(), name="outages numbers")

    async def _listen(self) -> None:
        async with listening(lambda: connect(self._settings), "outages") as (_, payloads):
            # What changed before this listener was connected.
            self._changed.set()
            async for _ in payloads:
                self._changed.set()

    async def _keep_writing(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.refresh()
            except (*AWAY, OSError, SpeechError) as problem:
                log.warning("announcements not written", problem=type(problem).__name__)
                metrics.problems_total.labels(problem="announcements not written").inc()
                await asyncio.sleep(RETRY_S)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._changed.wait()

    async def _prepare(self) -> None:
        while True:
            try:
                await self.prepare()
            except SpeechError:
                # A node runs without a voice too; an outage that is opened says what is wrong.
                return
            except (*AWAY, OSError):
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def prepare(self) -> None:
        """Speak what every outage needs, before there is one: a new voice takes minutes for it. Raises `SpeechError`."""
        for row in await self._pool.fetch(SQL["languages"]):
            await self._speaker.add_numbers(self._numbers, row["language"])

    async def refresh(self) -> int:
        """Write what is to be heard now; the number of files that changed."""
        now = datetime.now(UTC)
        wanted = await self._wanted(now)
        for language in wanted.languages:
            await self._speaker.add_numbers(self._numbers, language)
        missing = self._folder.missing(wanted)
        if missing:
            spoken = await self._speaker.speak(missing)
            for speech, alaw in spoken.items():
                await asyncio.to_thread(self._folder.add_sound, speech, alaw)
            if unspoken := missing - spoken.keys():
                # The last good file of these plays on, if there is one.
                log.error("announcements not spoken", count=len(unspoken))
                metrics.problems_total.labels(problem="announcements not spoken").inc(len(unspoken))
                wanted = wanted.without(unspoken)
        changed = await asyncio.to_thread(self._folder.put, wanted)
        self._tell(wanted)
        return changed

    async def _wanted(self, now: datetime) -> Announced:
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            outages = await connection.fetch(SQL["announced"])
            ids = [row["id"] for row in outages]
            places = await connection.fetch(SQL["places"], ids)
            flats = await connection.fetch(SQL["announced_flats"], ids)
        return await asyncio.to_thread(compose, outages, places, flats, now)

    def _tell(self, wanted: Announced) -> None:
        """Whoever waits already and is concerned is told at once; the domain decides who that is.

        With the time at which it lies on the disk: whoever called before may have been let past it.
        """
        now = datetime.now(UTC)
        for outage, callers in wanted.callers.items():
            if self._told.get(outage) != callers:
                self._put(
                    OutageAnnounced(
                        at=now, source=Source.DESK, outage=outage, dids=wanted.dids[outage], callers=callers
                    )
                )
        self._told = dict(wanted.callers)
