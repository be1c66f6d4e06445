"""Brings a folder of old recordings into the database and the store, in the same way as new ones.

A file is known by its name, or by a line of a CSV file (see `incoming_list`). Subfolders are looked into. What is not a
WAV is made one; the folder is only read. A file that was brought in already, under any name, is not brought in again. A
call that our own Asterisk did not carry is entered with its recording, and so are the calls of a CDR (see `cdr`).
"""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from callcenter.domain.ids import CompanyId, NodeName
from callcenter.domain.recording import Defect, RecordingName
from callcenter.errors import AudioProblem
from callcenter.recordings.archive import Archive
from callcenter.recordings.cdr import Cdr
from callcenter.recordings.incoming_calls import Companies, IncomingCalls
from callcenter.recordings.incoming_list import Found, listed_files, named_files
from callcenter.recordings.packing import Packer
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

ZONE = ZoneInfo("Europe/Moscow")

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


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of each file, and of the calls.

    `calls`: entered. `left_out`: calls of a CDR that are of no company. `nobodys`: recordings of this node that are of no
    company, so that nobody's retention applies to them. `unreadable`: lines of the CDR that make no sense.
    """

    outcomes: list[ImportOutcome]
    calls: int
    left_out: int
    nobodys: int
    unreadable: int


class Incoming:
    """Brings recordings in for one node.

    `otherwise`: the company of calls of which no company's number is known. `zone`: of the clock by which files are named
    that tell no other time. `flac`: originals are stored packed.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        store: Store,
        node: NodeName,
        scratch: Path | None = None,
        *,
        otherwise: CompanyId | None = None,
        zone: ZoneInfo = ZONE,
        flac: bool = False,
    ) -> None:
        self._pool = pool
        self._store = store
        self._node = node
        self._scratch = scratch
        self._otherwise = otherwise
        self._zone = zone
        self._flac = flac

    async def bring(self, folder: Path, listed: Path | None = None, cdr: Cdr | None = None) -> ImportReport:
        """Bring in all of `folder`, or only what the CSV file `listed` names, and the calls that the CDR has besides.

        Raises `StoreError`, or what asyncpg or the disk raises; what was brought in until then is, and it can be
        called again.
        """
        cdr = cdr or Cdr()
        await self._store.ensure_bucket()
        await self._pool.execute(SQL["add_node"], self._node)
        calls = IncomingCalls(self._pool, self._node, await Companies.load(self._pool, self._otherwise))
        if listed:
            found = listed_files(folder, listed, self._node, cdr)
        else:
            found = named_files(folder, self._node, self._zone, cdr)
        outcomes = [ImportOutcome(each.file, each.refused or await self._one(folder, each, calls)) for each in found]
        await calls.enter_unrecorded(cdr.calls.values())
        nobodys = await calls.adopt()
        return ImportReport(outcomes, calls.counts["added"], calls.counts["left out"], nobodys, cdr.unreadable)

    async def _one(self, folder: Path, found: Found, calls: IncomingCalls) -> str:
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
            content = inspect(file.path)
            if content.defect in (Defect.EMPTY, Defect.NOT_WAV):
                return content.defect
            with file.open() as opened:
                sha256, _ = digest(opened)
            known = await self._pool.fetchval(SQL["known"], sha256)
            if found.call is not None:
                entered = RecordingName.parse(known) if known else name
                await calls.enter(replace(found.call, id=entered.call), entered, content.duration_s)
            if known and known != str(name):
                return KNOWN
            # Retention counts from the talk, not from today.
            await self._pool.execute(SQL["enter"], str(name), self._node, name.began_at)
            # No more facts about such a call will come: it is attached to what there is.
            packer = Packer(root / "packing" if self._flac else None)
            archive = Archive(self._pool, self._store, spool, self._node, 1, packer=packer, patience_s=-1)
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
