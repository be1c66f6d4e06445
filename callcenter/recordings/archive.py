"""From the Asterisk disk to the store: one recording at a time through its states, resumed after any crash.

What has been done is in the row, and every step can be repeated: the object's key follows from
the row, an update names the state that it starts from, and the file is removed last.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import asyncpg
import structlog

from callcenter import metrics
from callcenter.domain.ids import NodeName
from callcenter.domain.recording import (
    ARCHIVED,
    CALL_WAITED_FOR_S,
    RETENTION_OVER,
    RecordingName,
    RecordingState,
    RecordingStep,
)
from callcenter.errors import ObjectMissing, StorageError, StoreError
from callcenter.recordings.originals import WAV, Digest, ReadBack, read_back
from callcenter.recordings.packing import Packer, Upload
from callcenter.recordings.rows import RecordingRow, RecordingRows
from callcenter.recordings.spool import Spool, SpoolFile
from callcenter.recordings.store import Store, StoredObject, digest
from callcenter.recordings.wav import Wav, inspect_file
from callcenter.storage import AWAY

log = structlog.get_logger()

SCAN_EVERY_S = 0.5
COUNT_EVERY_S = 5.0
MISSING_EVERY_S = 60.0
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
SET_ASIDE_S = 60.0
# A busy store may save an upload seconds after its sender was killed; sent again before that, it would be stored twice.
SETTLE_S = 20.0
# Errors of one recording, not of PostgreSQL as a whole.
REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, StorageError)


class Archive:
    """Moves what is complete in `spool` into `store`, `uploads` files at the same time.

    A file whose call is not written yet waits for it `patience_s` seconds; one that was sent before, and is not
    in the store, is sent again after `settle_s` seconds. `on_attached` is called after each
    recording that was attached. `packer`: makes the FLACs that are stored; without it the WAVs are.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        store: Store,
        spool: Spool,
        node: NodeName,
        uploads: int,
        *,
        packer: Packer | None = None,
        on_attached: Callable[[], None] = lambda: None,
        patience_s: float = CALL_WAITED_FOR_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._rows = RecordingRows(pool, node)
        self._store = store
        self._spool = spool
        self._uploads = uploads
        self._packer = packer or Packer(None)
        self._on_attached = on_attached
        self._patience_s = patience_s
        self._settle_s = settle_s
        self._began = time.monotonic()
        self._sent_at: dict[RecordingName, float] = {}
        self._waiting: asyncio.Queue[SpoolFile] = asyncio.Queue()
        self._in_hand: set[RecordingName] = set()
        self._not_before: dict[SpoolFile, float] = {}
        # Verified in this run, the row and when: while such a file waits for its call, it is not read again.
        self._verified: dict[SpoolFile, tuple[int, float]] = {}

    async def run(self) -> None:
        """Archive until cancelled; continues when the store or the database is unavailable."""
        await self._ensure_bucket()
        self._packer.tidy()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._scan(), name="spool scan")
            for number in range(self._uploads):
                tasks.create_task(self._work(), name=f"upload {number}")
            tasks.create_task(self._every(MISSING_EVERY_S, self.mark_missing), name="missing recordings")
            tasks.create_task(self._every(COUNT_EVERY_S, self.count), name="recordings by state")

    async def archive(self, file: SpoolFile) -> bool:
        """Take one file through as many states as possible now. False when it waits for its call, or must stay on disk.

        Raises `StoreError`, or what asyncpg or the disk raises; then nothing is lost, and it can be called again.
        """
        verified = self._verified.pop(file, None)
        if verified is None:
            entry = await self._verify(file)
            if entry is None:
                return False
            if entry.state in ARCHIVED:
                file.remove()
                return True
            verified = entry.id, time.monotonic()
        row_id, waited_since = verified
        overdue = time.monotonic() - waited_since >= self._patience_s
        row = await self._rows.attach(row_id, file.name, overdue=overdue)
        if row is None:
            self._verified[file] = verified
            return False
        file.remove()
        log.info("recording attached", recording=str(file.name), ticket=row["ticket_id"], defect=row["defect"])
        self._on_attached()
        return True

    async def mark_missing(self) -> None:
        """Mark as missing the recordings of calls long over that are not on disk; attach those of late calls."""
        names = await asyncio.to_thread(self._spool.names)
        for recording_id in await self._rows.mark_missing(names):
            log.error("recording missing", recording_id=recording_id)
            metrics.problems_total.labels(problem="recording missing").inc()
        if await self._rows.adopt():
            self._on_attached()

    async def count(self) -> None:
        """Set the gauge of recordings by state."""
        counts = await self._rows.count()
        for state in RecordingState:
            metrics.recordings.labels(state=state).set(counts.get(state, 0))

    # One file

    async def _verify(self, file: SpoolFile) -> RecordingRow | None:
        """Bring the file into the database and the store, and compare what the store returns.

        None when the database has another recording of this name: then the file stays where it is.
        """
        try:
            sha256, size, wav = await asyncio.to_thread(_read, file)
        except FileNotFoundError:
            # Listed just before another worker finished with it.
            return None
        except OSError as problem:
            self._set_aside(file, SET_ASIDE_S, f"recording cannot be read: {problem.strerror}")
            return None
        async with self._packer.upload(file, (sha256, size), wav) as upload:
            entry = await self._rows.record(file.name, sha256, size, wav, upload.suffix)
            return await self._store_and_verify(file, entry, (sha256, size), upload)

    async def _store_and_verify(
        self, file: SpoolFile, entry: RecordingRow, original: Digest, upload: Upload
    ) -> RecordingRow | None:
        if entry.sha256 != original[0]:
            self._set_aside(file, math.inf, "another recording of this name is stored; this file stays on disk")
            return None
        if entry.state in RETENTION_OVER:
            return entry
        held = None if entry.state is RecordingState.RECORDED else await self._held(entry, original)
        if entry.state is not RecordingState.RECORDED and held is None:
            entry = replace(await self._rows.take(RecordingStep.STORE_AGAIN, entry), fresh=True)
        if entry.state is RecordingState.RECORDED:
            kept = None if entry.fresh else await self._found(entry, original)
            if kept is None:
                if not entry.fresh and (wait := self._still_coming(file)) > 0:
                    self._not_before[file] = time.monotonic() + wait
                    return None
                kept = await self._send(file, entry, original, upload)
            entry = await self._rows.take(RecordingStep.STORE, entry, kept.version, kept.locked_until)
            held = await self._held(replace(entry, version=kept.version), original)
            if held is None:
                raise StoreError(f"object {entry.key} is not what was stored; it will be stored again")
        if entry.state is RecordingState.STORED and held is not None:
            entry = await self._rows.take(RecordingStep.VERIFY, entry, *(held.packed or (None, None)))
        return entry

    async def _send(self, file: SpoolFile, entry: RecordingRow, original: Digest, upload: Upload) -> StoredObject:
        self._sent_at[file.name] = time.monotonic()
        if not entry.key.endswith(upload.suffix):
            # Its key was given when the node packed, or did not; of both keys the WAV itself may be the object.
            upload = Upload(file.path, original[0], "audio/wav", WAV)
        kept = await self._store.put(
            entry.key, upload.path, upload.sha256, upload.media_type, retain_until=entry.retain_until
        )
        self._sent_at.pop(file.name, None)
        return kept

    def _still_coming(self, file: SpoolFile) -> float:
        """Seconds for which the store may still be saving an earlier upload, by us or by a run that was killed."""
        return max(self._began, self._sent_at.get(file.name, self._began)) + self._settle_s - time.monotonic()

    async def _found(self, entry: RecordingRow, original: Digest) -> StoredObject | None:
        """The object that a run that was killed has left in the store: stored again it would be there twice."""
        for version in await self._store.versions(entry.key):
            if await self._held(replace(entry, version=version), original):
                return StoredObject(version)
        return None

    async def _held(self, entry: RecordingRow, original: Digest) -> ReadBack | None:
        """What the store gives back, if that is the original, unpacked."""
        try:
            found = await read_back(self._store, entry.key, entry.version)
        except ObjectMissing:
            return None
        return found if found.wav == original else None

    # All of them

    async def _scan(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await asyncio.to_thread(self._spool.collect)
                files = await asyncio.to_thread(self._spool.ready)
            except OSError as problem:
                log.error("the spool cannot be used", problem=problem.strerror)
                metrics.problems_total.labels(problem="the spool cannot be used").inc()
                await asyncio.sleep(BACKOFF_S[-1])
                continue
            self._forget_all_but(set(files))
            for file in files:
                if file.name not in self._in_hand and self._not_before.get(file, 0.0) <= time.monotonic():
                    self._in_hand.add(file.name)
                    self._waiting.put_nowait(file)
            # While the store is unavailable and the disk fills up, scanning it must not take most of the time.
            await self._watch(until=time.monotonic() + max(SCAN_EVERY_S, 20 * (time.monotonic() - began)))

    async def _watch(self, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._spool.watch)
            await asyncio.sleep(min(SCAN_EVERY_S, left))

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            began = time.monotonic()
            try:
                await work()
            except AWAY as problem:
                log.warning("recordings cannot be checked", problem=str(problem) or repr(problem))
            # A large table is scanned less often, so that scanning never takes more than 2 % of the time.
            await asyncio.sleep(max(seconds, 50 * (time.monotonic() - began)))

    def _forget_all_but(self, files: set[SpoolFile]) -> None:
        for known in (self._not_before, self._verified):
            for file in known.keys() - files:
                if file.name not in self._in_hand:
                    known.pop(file)
        for name in self._sent_at.keys() - {file.name for file in files}:
            self._sent_at.pop(name)

    async def _work(self) -> None:
        failures = 0
        while True:
            file = await self._waiting.get()
            try:
                await self.archive(file)
                failures = 0
            except REFUSED as problem:
                self._set_aside(file, SET_ASIDE_S, f"recording cannot be saved: {type(problem).__name__}")
            except (StoreError, *AWAY) as problem:
                log.warning("recording waits on disk", recording=str(file.name), problem=str(problem) or repr(problem))
                metrics.problems_total.labels(problem="recording waits on disk").inc()
                await self._rest(failures)
                failures += 1
            finally:
                self._in_hand.discard(file.name)

    def _set_aside(self, file: SpoolFile, seconds: float, problem: str) -> None:
        """One bad file must not hold up the others."""
        log.error("recording set aside", recording=str(file.name), problem=problem)
        metrics.problems_total.labels(problem="recording set aside").inc()
        self._not_before[file] = time.monotonic() + seconds

    async def _rest(self, failures: int) -> None:
        await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
        await self._ensure_bucket()

    async def _ensure_bucket(self) -> None:
        try:
            await self._store.ensure_bucket()
        except StoreError as problem:
            log.warning("the store cannot be used now", problem=str(problem))


def _read(file: SpoolFile) -> tuple[bytes, int, Wav]:
    with file.open() as opened:
        wav = inspect_file(opened)
        opened.seek(0)
        return *digest(opened), wav
