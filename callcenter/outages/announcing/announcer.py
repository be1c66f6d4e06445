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
from callcenter.domain.ids import NodeName
from callcenter.errors import SpeechError
from callcenter.outages import rows
from callcenter.outages.announcing.announcements import Announced, AnnouncementFolder, ToldOutage, compose
from callcenter.outages.announcing.wording import Speech
from callcenter.retrying import repeat
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect, listening, queries

log = structlog.get_logger()

SQL, RECORDINGS = queries("outages"), queries("outage_recordings")
RETRY_S = 2.0
LOOK_EVERY_S = 15.0
"""Planned works begin and end, and an expected end passes, without anybody writing anything."""


class Speaker(Protocol):
    """What the announcements are spoken by."""

    async def load(self) -> None:
        """Make speaking as fast as it can be. Raises `SpeechError`."""

    async def close(self) -> None:
        """After the last one."""

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
        node: NodeName,
        folder: Path,
        speaker: Speaker,
        put: Callable[[Event], None],
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._node = node
        self._numbers = folder / "numbers"
        self._folder = AnnouncementFolder(folder)
        self._speaker = speaker
        self._put = put
        self._changed = asyncio.Event()
        # By outage, the telephones that hear it: what the engine knows already.
        self._told: dict[int, frozenset[str]] = {}
        # What lies in the folder, as far as this process has written all of it.
        self._written: Announced | None = None
        # What the database was told; None: nothing yet.
        self._unspoken: frozenset[int] | None = None

    async def run(self) -> None:
        """Keep the folder right until cancelled; reconnects by itself. While PostgreSQL is away the folder stays as it is."""
        try:
            await self._keep_right()
        finally:
            await self._speaker.close()

    async def _keep_right(self) -> None:
        try:
            await self._speaker.load()
        except SpeechError as problem:
            # A centre may do without a voice; whether it has one is tried again when something is to be said.
            log.warning("no voice for announcements", problem=str(problem))
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
            except (*AWAY, OSError) as problem:
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
        if unspoken := await self._speak(wanted):
            # The last good file of these plays on, if there is one.
            log.error("announcements not spoken", count=len(unspoken))
            metrics.problems_total.labels(problem="announcements not spoken").inc(len(unspoken))
            wanted = wanted.without(unspoken)
        if wanted.unspoken != self._unspoken:
            await self._pool.execute(RECORDINGS["say_unspoken"], self._node, list(wanted.unspoken))
            self._unspoken = wanted.unspoken
        changed = await self._write(wanted, now)
        self._tell(wanted)
        return changed

    async def _speak(self, wanted: Announced) -> set[Speech]:
        """Make the sounds that are not there yet; which could not be made."""
        unspoken = set[Speech]()
        for language in wanted.languages:
            try:
                await self._speaker.add_numbers(self._numbers, language)
            except SpeechError:
                # Without the ticket's number an announcement helps nobody.
                unspoken |= {speech for speech in wanted.speeches if speech.language == language}
        missing = self._folder.missing(wanted) - unspoken
        sounds = await self._recorded(missing)
        if to_speak := {speech for speech in missing if not speech.recording}:
            with suppress(SpeechError):
                sounds |= await self._speaker.speak(to_speak)
        for speech, alaw in sounds.items():
            await asyncio.to_thread(self._folder.add_sound, speech, alaw)
        return unspoken | (missing - sounds.keys())

    async def _recorded(self, speeches: Iterable[Speech]) -> dict[Speech, bytes]:
        found = {
            speech: await self._pool.fetchval(RECORDINGS["sound"], speech.recording)
            for speech in speeches
            if speech.recording
        }
        # One that is missing was removed a moment ago.
        return {speech: alaw for speech, alaw in found.items() if alaw is not None}

    async def _write(self, wanted: Announced, now: datetime) -> int:
        if wanted == self._written:
            return 0
        self._written = None
        changed = await asyncio.to_thread(self._folder.put, wanted, now.timestamp())
        self._written = wanted
        return changed

    async def _wanted(self, now: datetime) -> Announced:
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            told = await connection.fetch(SQL["announced"])
            ids = [row["id"] for row in told]
            outages = {outage.id: outage for outage in await rows.read(connection, None, ids)}
            flats = await connection.fetch(SQL["announced_flats"], ids)
        told_outages = [
            ToldOutage(outages[row["id"]], tuple(row["dids"]), row["spare_from"], row["spare_until"]) for row in told
        ]
        return await asyncio.to_thread(compose, told_outages, flats, now)

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
