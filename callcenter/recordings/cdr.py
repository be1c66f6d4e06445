"""Call detail records of another PBX: who called when, and what became of it.

Read from a CSV file with the names of the columns in its first line, as the table `cdr` of FreePBX and Issabel is exported
(by a page, by `mysql --batch`, by mysqldump), or from the file that Asterisk itself writes, `Master.csv`, which has no such
line. Of what is in it only times, numbers and outcomes are used.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from callcenter.domain.call import Direction, Outcome
from callcenter.domain.ids import CallId, NodeName
from callcenter.recordings.other_pbx import OldCall, digits, outside_number

# https://docs.asterisk.org/Configuration/Reporting/Call-Detail-Records-CDR/CDR-Storage-Backends/ for cdr_csv
MASTER = [
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "uniqueid",
    "userfield",
]
NEEDED = ("src", "dst", "duration", "billsec", "disposition", "uniqueid")
EXTENSION_DIGITS = 6
"""Numbers of up to so many digits are telephones of the PBX."""
LONGEST_S = 7 * 24 * 3600

_UNIQUEID = re.compile(
    r"(?:(?P<node>[a-z][a-z0-9]{0,15})-)?(?P<seconds>[0-9]{9,11})\.(?P<number>[0-9]{1,10})", re.ASCII
)
_SECONDS = re.compile(r"[0-9]{1,7}", re.ASCII)

Row = Mapping[str, str]


@dataclass(slots=True)
class Cdr:
    """The calls by their ids, and of which call each recording's file is. `unreadable`: lines that make no sense."""

    calls: dict[CallId, OldCall] = field(default_factory=dict)
    files: dict[str, CallId] = field(default_factory=dict)
    unreadable: int = 0


@dataclass(slots=True)
class _Legs:
    """What the lines of one call say together."""

    began: datetime
    ended: datetime
    dialled: str = ""
    outside: str = ""
    direction: Direction | None = None
    """None while it is a call between telephones of the PBX."""
    queued: bool = False
    answered_at: datetime | None = None


def read_cdr(path: Path, node: NodeName) -> Cdr:
    """Raises `csv.Error` when it is no such file, and `OSError`. `node`: of the PBX that it comes from."""
    cdr = Cdr()
    calls: dict[CallId, _Legs] = {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for row in _rows(file):
            call = _call_id(row.get("linkedid", ""), node) or _call_id(row["uniqueid"], node)
            if call is None or not _add(calls, call, row):
                cdr.unreadable += 1
                continue
            if recorded := _file(row):
                cdr.files[recorded] = call
    for call, legs in calls.items():
        if legs.direction is not None:
            cdr.calls[call] = _old_call(call, legs, legs.direction)
    return cdr


def _rows(file: Iterator[str]) -> Iterator[Row]:
    first = next(file, "")
    delimiter = max(";,\t", key=first.count)
    (names,) = csv.reader([first], delimiter=delimiter) if first.strip() else ([],)
    names = [name.strip().lower() for name in names]
    if len(names) in (len(MASTER) - 2, len(MASTER)) and "uniqueid" not in names:
        names, rest = MASTER, _with(first, file)
    else:
        rest = file
    if missing := set(NEEDED) - set(names):
        raise csv.Error(f"no column {', '.join(sorted(missing))}: export the table with the names of its columns")
    # mysqldump puts a backslash before a quote, others double it.
    for values in csv.reader(rest, delimiter=delimiter, escapechar="\\"):
        if values:
            yield dict(zip(names, values, strict=False)) | dict.fromkeys(names[len(values) :], "")


def _with(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _call_id(text: str, node: NodeName) -> CallId | None:
    found = _UNIQUEID.fullmatch(text.strip())
    return None if found is None else CallId(f"{found['node'] or node}-{found['seconds']}.{found['number']}")


def _began(call: CallId) -> datetime:
    return datetime.fromtimestamp(int(call.rpartition("-")[2].partition(".")[0]), UTC)


def _add(calls: dict[CallId, _Legs], call: CallId, row: Row) -> bool:
    """Whether the line makes sense."""
    leg = _call_id(row["uniqueid"], NodeName(call.partition("-")[0]))
    duration, talked = row["duration"].strip(), row["billsec"].strip()
    if leg is None or not _SECONDS.fullmatch(duration) or not _SECONDS.fullmatch(talked) or int(duration) > LONGEST_S:
        return False
    ended = _began(leg) + timedelta(seconds=int(duration))
    legs = calls.setdefault(call, _Legs(_began(call), ended))
    legs.ended = max(legs.ended, ended)
    legs.queued |= row.get("lastapp", "").strip().lower() == "queue"
    if row["disposition"].strip().upper() == "ANSWERED" and int(talked) and row.get("dstchannel", "-").strip():
        answered_at = ended - timedelta(seconds=int(talked))
        legs.answered_at = min(legs.answered_at or answered_at, answered_at)
    _add_numbers(legs, row, first=leg == call)
    return True


def _add_numbers(legs: _Legs, row: Row, *, first: bool) -> None:
    did, source, destination = (digits(row.get(name, "")) for name in ("did", "src", "dst"))
    legs.dialled = legs.dialled or did
    # The lines after the first are of colleagues and transfers.
    if not first or legs.direction is not None:
        return
    if did or len(source) > EXTENSION_DIGITS:
        legs.direction, legs.outside = Direction.IN, outside_number(row["src"])
        legs.dialled = legs.dialled or destination
    elif len(destination) > EXTENSION_DIGITS:
        legs.direction, legs.outside = Direction.OUT, outside_number(row["dst"])


def _old_call(call: CallId, legs: _Legs, direction: Direction) -> OldCall:
    if legs.answered_at is not None:
        outcome = Outcome.ANSWERED
    else:
        outcome = Outcome.ABANDONED if legs.queued else Outcome.HUNG_UP_EARLY
    return OldCall(
        call,
        legs.began,
        "" if direction is Direction.OUT else legs.dialled,
        legs.outside,
        direction,
        outcome,
        legs.answered_at,
        legs.ended,
    )


def _file(row: Row) -> str:
    """The name of the recording's file; older ones have it in `userfield`, after `audio:`."""
    given = row.get("recordingfile", "").strip() or row.get("userfield", "").strip().removeprefix("audio:")
    name = PurePosixPath(given.replace("\\", "/")).name
    return name if "." in name else ""
