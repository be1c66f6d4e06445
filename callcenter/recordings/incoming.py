"""Brings a folder of old recordings into the database and the store, in the same way as new ones.

A file is known by its name, or by a line of a CSV file (see `incoming_list`). Subfolders are looked into. What is not a
WAV is made one; the folder is only read. A file that was brought in already, under any name, is not brought in again.
"""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from callcenter.domain.ids import NodeName
from callcenter.domain.recording import Defect, RecordingName
from callcenter.errors import AudioProblem
from callcenter.recordings.archive import Archive
from callcenter.recordings.incoming_list import Found, listed_files, named_files
from callcenter.recordings.spool import SUFFIX, Spool
from callcenter.recordings.store import Store, digest
from callcenter.recordings.transcode import make_linear
from callcenter.recordings.wav import inspect
from callcenter.storage import queries

SQL = queries("incoming")

BROUGHT = "brought in"
KNOWN = "known already"
GONE = "is not in the folder"
STRANGE = "not a regular file of the folder"
UNREADABLE = "cannot be read"
OTHER = "another recording of this name is in the database"

FORMATS = {".mp3": "mp3", ".ogg": "ogg", ".gsm": "gsm"}
"""What is made a WAV, with ffmpeg's name of it: told by the file's ending, never guessed from its content."""


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of one file. `refused` means that a person must look at it."""

    file: str
    what: str

    @property
    def refused(self) -> bool:
        """Whether it is not in the database now."""
        return self.what not in (BROUGHT, KNOWN)


class Incoming:
    """Brings recordings in for one node."""

    def __init__(self, pool: asyncpg.Pool, store: Store, node: NodeName, scratch: Path | None = None) -> None:
        self._pool = pool
        self._store = store
        self._node = node
        self._scratch = scratch

    async def bring(self, folder: Path, listed: Path | None = None) -> list[ImportOutcome]:
        """Bring in all of `folder`, or only what the CSV file `listed` names.

        Raises `StoreError`, or what asyncpg or the disk raises; what was brought in until then is, and it can be
        called again.
        """
        await self._store.ensure_bucket()
        found = listed_files(folder, listed, self._node) if listed else named_files(folder, self._node)
        return [ImportOutcome(each.file, each.refused or await self._one(folder, each)) for each in found]

    async def _one(self, folder: Path, found: Found) -> str:
        path, name = found.path, found.name
        assert name is not None
        if not path.exists() and not path.is_symlink():
            return GONE
        # A folder in between that is a link would lead out as well.
        if path.resolve() != folder.resolve() / path.relative_to(folder) or not path.is_file():
            return STRANGE
        with tempfile.TemporaryDirectory(prefix="callcenter-import-", dir=self._scratch) as work:
            root = Path(work)
            for each in ("rec", "ready"):
                (root / each).mkdir()
            spool = Spool(root)
            try:
                await asyncio.to_thread(_copy, path, root / "rec", name)
            except OSError as problem:
                return f"{UNREADABLE}: {problem.strerror or problem}"
            except AudioProblem:
                return f"not an audio file of the kind that its name says ({path.suffix.lower()})"
            spool.collect()
            (file,) = spool.ready()
            defect = inspect(file.path).defect
            if defect in (Defect.EMPTY, Defect.NOT_WAV):
                return defect
            with file.open() as opened:
                sha256, _ = digest(opened)
            known = await self._pool.fetchval(SQL["known"], sha256)
            if known and known != str(name):
                return KNOWN
            # Retention counts from the talk, not from today.
            await self._pool.execute(SQL["enter"], str(name), self._node, name.began_at)
            # No more facts about such a call will come: it is attached to what there is.
            archive = Archive(self._pool, self._store, spool, self._node, 1, patience_s=-1)
            if not await archive.archive(file):
                return OTHER
            return KNOWN if known else BROUGHT


def _copy(path: Path, folder: Path, name: RecordingName) -> None:
    """Raises `OSError`, and `AudioProblem` for what cannot be made a WAV."""
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        with path.open("rb") as file:
            sha256, _ = digest(file)
        make_linear(path, folder / f"{name}{SUFFIX}", FORMATS[suffix], f"made from {suffix[1:]} sha256 {sha256.hex()}")
    else:
        shutil.copyfile(path, folder / f"{name}{suffix}")
