"""Brings a folder of a node's old recordings into the database and the store, in the same way as new ones.

A file is known by its name, or by a line of a CSV file with the columns `file`, `call` and `at`: the file's name in the
folder, the call's id, and when the talk began, in ISO 8601 with its zone. The folder is only read. A file
that was brought in already, under any name, is not brought in again.
"""

import csv
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg

from callcenter.domain.ids import CallId, NodeName
from callcenter.domain.recording import Defect, RecordingName
from callcenter.recordings.archive import Archive
from callcenter.recordings.spool import RAW, SUFFIX, Spool, recording_name
from callcenter.recordings.store import Store, digest
from callcenter.recordings.wav import inspect
from callcenter.storage import queries

SQL = queries("incoming")
COLUMNS = ("file", "call", "at")

BROUGHT = "brought in"
KNOWN = "known already"
NAMELESS = "its name is not that of a recording, nor is it in the CSV file"
STRANGE = "not a regular file of the folder"
UNREADABLE = "cannot be read"
OTHER = "another recording of this name is in the database"
BAD_LINE = "the line needs file, call and at (with its zone)"


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
        found = _listed(folder, listed) if listed else _named(folder)
        return [
            ImportOutcome(file.name, name if isinstance(name, str) else await self._one(file, name))
            for file, name in found
        ]

    async def _one(self, path: Path, name: RecordingName) -> str:
        if path.is_symlink() or not path.is_file():
            return STRANGE
        with tempfile.TemporaryDirectory(prefix="callcenter-import-", dir=self._scratch) as work:
            root = Path(work)
            for each in ("rec", "ready"):
                (root / each).mkdir()
            spool = Spool(root)
            try:
                shutil.copyfile(path, root / "rec" / f"{name}{path.suffix.lower()}")
            except OSError as problem:
                return f"{UNREADABLE}: {problem.strerror}"
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


def _named(folder: Path) -> Iterator[tuple[Path, RecordingName | str]]:
    """Each file with its name as a recording, or with why it has none."""
    for path in sorted(folder.iterdir()):
        name = recording_name(path.stem) if path.suffix.lower() in (SUFFIX, RAW) else None
        yield path, name or NAMELESS


def _listed(folder: Path, listed: Path) -> Iterator[tuple[Path, RecordingName | str]]:
    with listed.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        for line in csv.DictReader(file, delimiter=";" if ";" in first else ","):
            path = folder / Path(line.get("file") or "?").name
            name = _name_of(line)
            if path.name != line.get("file") or path.suffix.lower() not in (SUFFIX, RAW):
                yield Path(line.get("file") or "?"), STRANGE
            else:
                yield path, name or BAD_LINE


def _name_of(line: dict[str, str]) -> RecordingName | None:
    call = line.get("call") or ""
    # Two files of one call and second are two recordings, and the same file gets the same name each time.
    mark = int.from_bytes(hashlib.sha256((line.get("file") or "").encode()).digest()[:4])
    leg = f"{call.partition('-')[0]}-0.{mark}"
    try:
        at = datetime.fromisoformat(line.get("at") or "")
        return RecordingName(CallId(call), leg, int(at.timestamp())) if at.tzinfo else None
    except ValueError:
        return None
