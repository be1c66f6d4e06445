"""The folders of recordings on a node: Asterisk writes into `rec/`, and what it has closed becomes a WAV in `ready/`.

A lease on the file shows that nobody writes it any more. A command that Asterisk ran at the end of each recording
would show it as well, but each would fork a process of a thousand threads, in the middle of a surge.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import structlog

from callcenter import metrics
from callcenter.domain.ids import CallId
from callcenter.domain.recording import RecordingName
from callcenter.recordings import timing
from callcenter.recordings.raw import RATE, is_made_from, make_wav, read_audio, swap_sides

log = structlog.get_logger()

SUFFIX = ".wav"
RAW = ".raw"
SWAPPED = ".sln"
"""A raw file of which the sides are swapped: of a call that an operator made (`dialplan/out.conf.j2`)."""
TAKEN = "another recording of this name is in ready/ already"


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One complete recording on disk. `complete_at`: seconds since the epoch when it was moved into `ready/`."""

    path: Path
    name: RecordingName
    identity: tuple[int, int, int, int]
    complete_at: float

    @property
    def call(self) -> CallId:
        """The call that it belongs to."""
        return self.name.call

    def open(self) -> BinaryIO:
        """Open this very file. Raises `FileNotFoundError` when it is gone or another file has its name."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        file = os.fdopen(descriptor, "rb")
        if _identity(os.fstat(descriptor)) != self.identity:
            file.close()
            raise FileNotFoundError(f"{self.path} was replaced")
        return file

    def remove(self) -> None:
        """Remove this very file; if it is gone, or another file has its name, do nothing."""
        try:
            if _identity(self.path.lstat()) == self.identity:
                self.path.unlink()
        except FileNotFoundError:
            pass


class Spool:
    """The spool below `root`. Files that do not belong there are left alone and reported once."""

    def __init__(self, root: Path) -> None:
        self._rec = root / "rec"
        self._ready = root / "ready"
        self._reported: set[Path] = set()
        self._notes = timing.Notes()

    def ready(self) -> list[SpoolFile]:
        """The complete recordings, oldest first. Raises `OSError` when the folder cannot be read."""
        found = [file for entry, status in self._entries(self._ready) if (file := self._recording(entry, status))]
        return sorted(found, key=lambda file: (file.complete_at, file.name))

    def names(self) -> list[str]:
        """The names of all recordings on disk, complete or not. Raises `OSError` when a folder cannot be read."""
        # In this order, so that a file that is moved meanwhile is seen twice rather than never.
        return [
            os.path.splitext(entry.name)[0]
            for folder in (self._rec, self._ready)
            for entry, _ in self._entries(folder)
            if entry.name.endswith((SUFFIX, RAW, SWAPPED))
        ]

    def collect(self) -> list[RecordingName]:
        """Bring closed files to `ready/`: of a talk that ended, or cut off when Asterisk crashed.

        A raw file is made into a WAV, a WAV is moved as it is. Returns the names brought. Raises `OSError` when a
        folder cannot be read or written, or is on a file system without leases (NFS): the spool must be a local one.
        A raw file that cannot be made into a WAV now, since the disk is full, is left for the next time.
        """
        brought = []
        for entry, status in self._entries(self._rec):
            if entry.name.endswith(timing.SUFFIX) and stat.S_ISREG(status.st_mode):
                self._forget(Path(entry.path).with_suffix(RAW))
                continue
            file = self._recording(entry, status, (SUFFIX, RAW, SWAPPED))
            if file is None:
                continue
            if being_written(file.path):
                continue
            if self._swap(file) if file.path.suffix == SWAPPED else self._bring(file):
                brought.append(file.name)
        return brought

    def watch(self) -> None:
        """Note how far Asterisk has come with each recording; once a second, or `collect` knows of no gaps in them.

        Raises `OSError` when the folder cannot be read.
        """
        for entry, status in self._entries(self._rec):
            path = Path(entry.path)
            if path.suffix in (RAW, SWAPPED) and recording_name(path.stem) is not None and stat.S_ISREG(status.st_mode):
                self._note(path, status)

    def _bring(self, file: SpoolFile) -> bool:
        return self._convert(file) if file.path.suffix == RAW else self._move(file)

    def _swap(self, file: SpoolFile) -> bool:
        raw = file.path.with_suffix(RAW)
        try:
            swap_sides(file.path, raw)
            return self._convert(replace(file, path=raw, identity=_identity(raw.lstat())))
        except OSError as problem:
            self._incomplete(file, problem)
            return False

    def _move(self, file: SpoolFile) -> bool:
        target = self._ready / file.path.name
        if target.exists() or target.is_symlink():
            self._report(file.path, TAKEN)
            return False
        file.path.rename(target)
        return True

    def _convert(self, file: SpoolFile) -> bool:
        """The raw file is removed last: killed before that, the next pass finds the WAV or makes it again."""
        target = self._ready / f"{file.name}{SUFFIX}"
        try:
            if timing.read(file.path):
                self._note(file.path, file.path.lstat())
            gaps = timing.gaps(timing.read(file.path), partial(read_audio, file.path))
            if not os.path.lexists(target):
                make_wav(file.path, target, gaps)
            elif not target.is_file() or not is_made_from(target, file.path, gaps):
                self._report(file.path, TAKEN)
                return False
        except OSError as problem:
            self._incomplete(file, problem)
            return False
        if gaps:
            log.info("silence inserted", recording=str(file.name), seconds=sum(gap.frames for gap in gaps) / RATE)
        file.path.unlink()
        self._notes.remove(file.path)
        return True

    def _incomplete(self, file: SpoolFile, problem: OSError) -> None:
        # Files that are complete must go on to the store, which is what makes room.
        log.error("recording cannot be made complete", recording=str(file.name), problem=problem.strerror)
        metrics.problems_total.labels(problem="recording cannot be made complete").inc()

    def _note(self, raw: Path, status: os.stat_result) -> None:
        try:
            self._notes.add(raw, status.st_size, status.st_mtime_ns)
        except OSError:
            # A recording may then be shorter than its talk, but it is there.
            self._report(raw, "how far it has come cannot be noted")

    def _forget(self, raw: Path) -> None:
        """Remove notes that were left when the node was killed after it had removed their file."""
        if not os.path.lexists(raw) and not os.path.lexists(raw.with_suffix(SWAPPED)):
            self._notes.remove(raw)

    def _entries(self, folder: Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    yield entry, entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue

    def _recording(
        self, entry: os.DirEntry[str], status: os.stat_result, suffixes: tuple[str, ...] = (SUFFIX,)
    ) -> SpoolFile | None:
        path = Path(entry.path)
        name = recording_name(path.stem) if path.suffix in suffixes else None
        if name is None:
            self._report(path, "not the name of a recording")
            return None
        if not stat.S_ISREG(status.st_mode):
            self._report(path, "not a regular file")
            return None
        # Moving a file changes its ctime: that is when it became complete.
        return SpoolFile(path, name, _identity(status), status.st_ctime)

    def _report(self, path: Path, problem: str) -> None:
        if path not in self._reported:
            self._reported.add(path)
            # A stray file may have any name, even a person's.
            log.warning("left in the spool", folder=path.parent.name, length=len(path.name), problem=problem)


def recording_name(stem: str) -> RecordingName | None:
    """The name, if the stem of a file is one."""
    try:
        return RecordingName.parse(stem)
    except ValueError:
        return None


def being_written(path: Path) -> bool:
    """Whether some process has the file open for writing: the kernel grants a read lease only when none has.

    A file that is gone counts as one. Raises `PermissionError` when the file is another user's and this process has no
    CAP_LEASE, another `OSError` when the file system has no leases.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
