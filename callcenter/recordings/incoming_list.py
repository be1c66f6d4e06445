"""Which recordings a folder of old ones has: by the names of the files, or by a CSV file that lists them.

The CSV file, in UTF-8 or in Windows' Cyrillic code page, has the columns `file`, `call` and `at`: the file in the folder
or in its subfolders, the call's id, and when the talk began, in ISO 8601 with its zone. An id without a node is taken
for the given node's. It may have `dialled` and `caller`: the number of the company, and the telephone outside.
"""

import csv
import hashlib
import io
import os
import re
import unicodedata
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from zoneinfo import ZoneInfo

from callcenter.domain.ids import CallId, NodeName
from callcenter.domain.recording import RecordingName
from callcenter.recordings.cdr import Cdr
from callcenter.recordings.other_pbx import OldCall, call_of, digits, outside_number
from callcenter.recordings.spool import RAW, SUFFIX, recording_name

COLUMNS = ("file", "call", "at")
SUFFIXES = (SUFFIX, RAW, ".mp3", ".ogg", ".gsm")

NAMELESS = "its name is not that of a recording, nor is it in the CSV file"
OUTSIDE = "not a regular file of the folder"
FOREIGN = f"none of the kinds that are read: {', '.join(SUFFIXES)}"
BAD_CALL = "the call's id is not Asterisk's, seconds.number with or without its node before it"
BAD_AT = "the time needs its date, hours, minutes and zone, as in 2025-01-01T10:00:00+03:00"

_PLAIN = re.compile(r"[0-9]{1,11}\.[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Found:
    """One file, as it is written in the list or relative to the folder; its name as a recording, or why it has none.

    `call`: what is known of the call, unless our own Asterisk carried it.
    """

    file: str
    path: Path
    name: RecordingName | None = None
    refused: str = ""
    call: OldCall | None = None


def named_files(folder: Path, node: NodeName, zone: ZoneInfo, cdr: Cdr) -> Iterator[Found]:
    """Each file of the folder and its subfolders."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        file = path.relative_to(folder).as_posix()
        name = call = None
        if path.suffix.lower() in SUFFIXES:
            name = recording_name(path.stem)
            if name is None and (call := _old_call(path, node, zone, cdr)):
                name = _name(call.id, file, int(call.at.timestamp()))
        yield Found(file, path, name, "" if name else NAMELESS, call)


def _old_call(path: Path, node: NodeName, zone: ZoneInfo, cdr: Cdr) -> OldCall | None:
    """By the CDR, if it knows the file or its call: it has the number dialled, which the name of a queue's lacks."""
    named = call_of(path.stem, node, zone)
    known = cdr.files.get(path.name) or (named and named.id)
    return (known and cdr.calls.get(known)) or named


def listed_files(folder: Path, listed: Path, node: NodeName, cdr: Cdr) -> Iterator[Found]:
    """Each line of the list. Raises `csv.Error` when it is none, `UnicodeDecodeError` when it is no text."""
    text = _text(listed.read_bytes())
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    if missing := set(COLUMNS) - set(lines.fieldnames or ()):
        raise csv.Error(f"no column {', '.join(sorted(missing))}")
    on_disk = {_comparable(path.relative_to(folder)): path for path in folder.rglob("*")}
    for line in lines:
        file = line["file"] or "?"
        relative = PurePosixPath(file.replace("\\", "/"))
        path = on_disk.get(_comparable(relative), folder / relative)
        if relative.is_absolute() or ".." in relative.parts:
            yield Found(file, path, refused=OUTSIDE)
        elif path.suffix.lower() not in SUFFIXES:
            yield Found(file, path, refused=FOREIGN)
        else:
            yield _line(file, path, line, node, cdr)


def _line(file: str, path: Path, line: dict[str, str], node: NodeName, cdr: Cdr) -> Found:
    call = (line["call"] or "").strip()
    try:
        at = datetime.fromisoformat((line["at"] or "").strip())
    except ValueError:
        return Found(file, path, refused=BAD_AT)
    if at.tzinfo is None:
        return Found(file, path, refused=BAD_AT)
    name = _name(f"{node}-{call}" if _PLAIN.fullmatch(call) else call, file, int(at.timestamp()))
    if name is None:
        return Found(file, path, refused=BAD_CALL)
    numbers = digits(line.get("dialled") or ""), outside_number(line.get("caller") or "")
    return Found(file, path, name, call=cdr.calls.get(name.call, OldCall(name.call, at.astimezone(UTC), *numbers)))


def _name(call: str, file: str, epoch: int) -> RecordingName | None:
    # Two files of one call and second are two recordings, and the same file gets the same name each time.
    mark = int.from_bytes(hashlib.sha256(file.encode(errors="surrogateescape")).digest()[:4])
    try:
        return RecordingName(CallId(call), f"{call.partition('-')[0]}-0.{mark}", epoch)
    except ValueError:
        return None


def _text(data: bytes) -> str:
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1251")


def _comparable(path: PurePath) -> str:
    """The same for one name however it is composed, and in whichever code page an old disk has it."""
    raw = os.fsencode(path)
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("cp1251", "replace")
    return unicodedata.normalize("NFC", name)
