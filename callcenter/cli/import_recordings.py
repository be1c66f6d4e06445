"""`callcenter import-recordings` and `callcenter sweep-recordings`: recordings from the command line."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from callcenter.domain.ids import CompanyId, NodeName
from callcenter.errors import SettingsError
from callcenter.recordings.cdr import Cdr, read_cdr
from callcenter.recordings.incoming import ZONE, ImportReport, Incoming
from callcenter.recordings.store import Store
from callcenter.recordings.sweep import sweep, sweep_store
from callcenter.settings import Settings
from callcenter.storage import open_pool, queries

SQL = queries("incoming")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`listed`: a CSV file that says which file is which call. `cdr`: call detail records.

    `company`: the name or the number of the company of calls of which no company's number is known. `zone`: of the clock
    by which files are named. `node`: of the PBX that they come from, this node unless told.
    """

    listed: Path | None = None
    cdr: Path | None = None
    company: str | None = None
    zone: ZoneInfo | None = None
    node: str | None = None


async def import_recordings(settings: Settings, folder: Path, options: ImportOptions = ImportOptions()) -> int:
    """Import the folder; print what was refused and how many were imported. Returns the exit status."""
    node = NodeName(options.node or settings.node)
    try:
        cdr = read_cdr(options.cdr, node) if options.cdr else Cdr()
    except csv.Error as problem:
        print(f"{options.cdr}: not a CSV file of call detail records: {problem}")
        return 1
    pool = await open_pool(settings.database)
    store = Store(settings.s3)
    try:
        company, zone = await _company(pool, options.company)
        incoming = Incoming(
            pool,
            store,
            node,
            settings.copies.scratch,
            otherwise=company,
            zone=options.zone or zone or ZONE,
            flac=settings.s3.originals == "flac",
        )
        report = await incoming.bring(folder, options.listed, cdr)
    except (UnicodeDecodeError, csv.Error) as problem:
        reason = problem if isinstance(problem, csv.Error) else "neither UTF-8 nor Windows-1251"
        print(f"{options.listed}: not a CSV file with the columns file, call and at: {reason}")
        return 1
    finally:
        store.close()
        await pool.close()
    return _tell(report)


async def _company(pool: asyncpg.Pool, wanted: str | None) -> tuple[CompanyId | None, ZoneInfo | None]:
    if wanted is None:
        return None, None
    row = await pool.fetchrow(SQL["company"], wanted)
    if row is None:
        raise SettingsError("--company: no company has this name or this number in its address on the pages")
    return CompanyId(row["id"]), ZoneInfo(row["zone"])


def _tell(report: ImportReport) -> int:
    for each in report.outcomes:
        if each.refused:
            print(f"{printable(each.file)}: {each.what}")
    for line in _about_calls(report):
        print(line)
    counts = Counter("refused" if each.refused else each.what for each in report.outcomes)
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "there is nothing in the folder")
    return 1 if counts["refused"] or report.unreadable else 0


def _about_calls(report: ImportReport) -> Sequence[str]:
    lines = {
        f"calls entered: {report.calls}": report.calls,
        f"calls of the CDR left out, since no company has the number: {report.left_out}": report.left_out,
        f"lines of the CDR that make no sense: {report.unreadable}": report.unreadable,
        f"recordings of no company, so that no retention applies to them: {report.nobodys}; add the numbers to their"
        " companies, or say whose they are with --company, and import again": report.nobodys,
    }
    return [line for line, count in lines.items() if count]


def printable(name: str) -> str:
    """A file's name without what a terminal would obey, and in whichever code page an old disk has it."""
    plain = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in plain)


async def sweep_recordings(settings: Settings, node: str | None, *, look_into_store: bool) -> int:
    """Print the inconsistencies, a line each. Returns 1 if there are any."""
    pool = await open_pool(settings.database)
    store = Store(settings.s3)
    try:
        found = [*await sweep(pool, node), *(await sweep_store(pool, store) if look_into_store else ())]
    finally:
        store.close()
        await pool.close()
    for each in found:
        at = each.at.isoformat(timespec="seconds") if each.at else "-"
        print(
            f"{each.kind}: {at} recording {each.recording_id or '-'} call {each.call_id or '-'} {each.detail or ''}".strip()
        )
    print(f"inconsistencies: {len(found)}" if found else "everything is consistent")
    return 1 if found else 0
