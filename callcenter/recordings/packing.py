"""Makes the FLAC that goes into the store in place of a WAV, if it gives back the same WAV."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from callcenter import metrics
from callcenter.errors import AudioProblem
from callcenter.recordings.flac import MEDIA_TYPE, can_be_packed, pack
from callcenter.recordings.originals import FLAC, WAV, Digest, digest_of_packed
from callcenter.recordings.spool import SpoolFile
from callcenter.recordings.store import digest
from callcenter.recordings.wav import Wav

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Upload:
    """The file that goes into the store, its SHA-256, its type, and how its key ends."""

    path: Path
    sha256: bytes
    media_type: str
    suffix: str


class Packer:
    """Packs into `folder`, which is its own; None for a node that stores every WAV as it is."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def tidy(self) -> None:
        """Remove what a run that was killed has left."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @asynccontextmanager
    async def upload(self, file: SpoolFile, original: Digest, wav: Wav) -> AsyncIterator[Upload]:
        """What to store of this WAV: its FLAC while this lasts, or itself.

        Itself is always right: a recording never waits for its FLAC, whatever prevents that.
        """
        as_it_is = Upload(file.path, original[0], "audio/wav", WAV)
        if self._folder is None or not can_be_packed(wav):
            yield as_it_is
            return
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            work = TemporaryDirectory(dir=self._folder)
        except OSError as problem:
            _report(file, problem.strerror)
            yield as_it_is
            return
        with work as made:
            yield await self._packed(file, original, wav, Path(made)) or as_it_is

    async def _packed(self, file: SpoolFile, original: Digest, wav: Wav, folder: Path) -> Upload | None:
        target = folder / f"{file.name}{FLAC}"
        try:
            await pack(file.path, wav, target)
            with target.open("rb") as made:
                if await digest_of_packed(made) != original:
                    raise AudioProblem("its FLAC gives back another WAV")
                made.seek(0)
                sha256, _ = await asyncio.to_thread(digest, made)
        except (AudioProblem, OSError) as problem:
            _report(file, str(problem))
            return None
        return Upload(target, sha256, MEDIA_TYPE, FLAC)


def _report(file: SpoolFile, problem: str | None) -> None:
    log.warning("recording is kept as WAV", recording=str(file.name), problem=problem)
    metrics.problems_total.labels(problem="recording is kept as WAV").inc()
