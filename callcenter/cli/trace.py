"""`callcenter trace CALL`: every fact of one call from every source, in order of time, and what is missing between them."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from callcenter.domain.call import Direction, Outcome
from callcenter.domain.recording import RecordingName, RecordingState
from callcenter.errors import ParseProblem
from callcenter.settings import Settings
from callcenter.storage import queries
from callcenter.telephony.ledger_file import rotated_files
from callcenter.telephony.ledger_line import parse_line

SQL = queries("trace")
LATE_S = 5.0
"""Seconds after which a live event counts as late, and after its end a recording as overdue."""
DUE_AFTER = timedelta(minutes=5)
KEPT = (RecordingState.VERIFIED, RecordingState.ATTACHED, RecordingState.EXPIRED, RecordingState.DELETED)


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """`source`: `ami`, `ledger file`, `database` and so on; `GAP` for what is missing."""

    at: datetime
    source: str
    what: str
    details: str = ""

    def __str__(self) -> str:
        return (
            f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
            + f"  {self.source:<13} {self.what}  {self.details}".rstrip()
        )


async def trace(connection: asyncpg.Connection, settings: Settings, asked: str) -> int:
    """Print a line for each fact and gap; 1 when there is no such call. `asked`: a call's id, or a recording's name."""
    id_ = _call_of(asked)
    call = await connection.fetchrow(SQL["call"], id_)
    if call is None:
        print(
            f"no call {id_} is known; the ledger has {len(ledger_facts(settings.asterisk.queue_log, id_))} lines of it"
        )
        return 1
    rows = await connection.fetch(SQL["facts"], id_)
    known = [Fact(row["at"], row["source"], row["what"], _ids(row["details"])) for row in rows]
    written = ledger_facts(settings.asterisk.queue_log, id_)
    seen = await connection.fetch(SQL["gaps"], call["node"], call["arrived_at"], call["ended_at"])
    talks = await connection.fetch(SQL["talks"], id_)
    found = [*gaps_in_sight(seen), *gaps_of_call(call), *gaps_of_talks(talks), *late(rows)]
    if call["node"] == settings.node and not call["imported"]:
        found += unlike(known, written, call["arrived_at"])
    print(f"call {id_} at {call['node']}: {call['direction']}, {call['outcome'] or call['state']}")
    for fact in sorted([*known, *written, *found]):
        print(fact)
    print(f"{len(known) + len(written)} facts, {len(found)} gaps")
    return 0


def _call_of(asked: str) -> str:
    try:
        return RecordingName.parse(asked).call
    except ValueError:
        return asked


def _ids(details: dict[str, Any]) -> str:
    return " ".join(
        f"{name}={json.dumps(value) if isinstance(value, bool) else value}" for name, value in details.items()
    )


def ledger_facts(path: Path, call: str) -> list[Fact]:
    """The lines of this call in the ledger and in what was made of earlier files, as far as they can be read."""
    files = [*(file.path for file in rotated_files(path)), path]
    mark = f"|{call}|".encode()
    # An Asterisk of another PBX has ids without the node's name.
    bare = f"|{call.partition('-')[2]}|".encode()
    lines = (line for file in files for line in _lines(file) if mark in line or bare in line)
    return [fact for line in lines if (fact := _ledger_fact(line)) is not None]


def _lines(file: Path) -> Iterator[bytes]:
    opener = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rb") as lines:
            yield from lines
    except OSError:
        return


def _ledger_fact(line: bytes) -> Fact | None:
    fields = line.decode(errors="replace").split("|")
    try:
        event = parse_line(line)
    except ParseProblem:
        return None
    if event is not None:
        return Fact(event.at, "ledger file", fields[4], type(event).__name__)
    if len(fields) < 5 or not fields[0].isdigit():
        return None
    return Fact(datetime.fromtimestamp(int(fields[0]), UTC), "ledger file", fields[4])


def gaps_in_sight(rows: Sequence[asyncpg.Record]) -> Iterator[Fact]:
    """When the node had no live view, or lines of the ledger were lost."""
    for row in rows:
        seconds = (row["ended_at"] - row["began_at"]).total_seconds()
        what = "lines of the ledger may be lost" if row["lost"] else "the node did not hear Asterisk"
        yield Fact(row["began_at"], "GAP", what, f"for {seconds:.1f} s")


def gaps_of_call(call: asyncpg.Record) -> Iterator[Fact]:
    """What the call itself lacks."""
    at = call["ended_at"] or call["arrived_at"]
    if call["ended_at"] is None:
        yield Fact(at, "GAP", "its end is not known", f"state={call['state']}")
    elif call["ended_at"] < call["arrived_at"]:
        yield Fact(at, "GAP", "it ended before it came: a clock was set back in it")
    answered = call["outcome"] == Outcome.ANSWERED and call["direction"] == Direction.IN
    if answered and call["ticket_id"] is None and call["no_ticket"] is None:
        yield Fact(at, "GAP", "it was answered and has no ticket")


def gaps_of_talks(rows: Sequence[asyncpg.Record]) -> Iterator[Fact]:
    """Talks whose recording is not safe."""
    for row in rows:
        name = f"recording={row['recording']}"
        if row["state"] is None:
            yield Fact(row["began_at"], "GAP", "the talk has no recording", name)
        elif row["state"] not in KEPT and (row["ended_at"] is None or datetime.now(UTC) - row["ended_at"] > DUE_AFTER):
            yield Fact(row["ended_at"] or row["began_at"], "GAP", f"the recording is only {row['state']}", name)
        elif row["defect"]:
            yield Fact(row["ended_at"] or row["began_at"], "GAP", f"the recording is defective: {row['defect']}", name)


def late(rows: Iterable[asyncpg.Record]) -> Iterator[Fact]:
    """What was learned late, or by the ledger alone."""
    for row in rows:
        after = row["details"].get("seen_after_s")
        if row["source"] == "ledger":
            yield Fact(row["at"], "GAP", f"{row['what']} was missed and taken from the ledger", f"{after} s later")
        elif row["source"] == "ami" and after is not None and after > LATE_S:
            yield Fact(row["at"], "GAP", f"{row['what']} was learned late", f"after {after} s")


def unlike(known: Sequence[Fact], written: Sequence[Fact], at: datetime) -> Iterator[Fact]:
    """What the ledger's file has and the database has not."""
    if not written:
        yield Fact(at, "GAP", "the ledger's files have nothing of it: they were removed, or cannot be read here")
        return
    stored = Counter(fact.what for fact in known)
    for kind, count in Counter(fact.details for fact in written if fact.details).items():
        if not stored[kind]:
            first = next(fact for fact in written if fact.details == kind)
            yield Fact(first.at, "GAP", f"{kind} is in the ledger and was never stored", f"lines={count}")
