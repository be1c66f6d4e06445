"""`callcenter import-recordings` and `callcenter sweep-recordings`: recordings from the command line."""

import csv
from collections import Counter
from pathlib import Path

from callcenter.domain.ids import NodeName
from callcenter.recordings.incoming import Incoming
from callcenter.recordings.store import Store
from callcenter.recordings.sweep import sweep, sweep_store
from callcenter.settings import Settings
from callcenter.storage import open_pool


async def import_recordings(settings: Settings, folder: Path, listed: Path | None) -> int:
    """Import the folder; print what was refused and how many were imported. Returns the exit status."""
    pool = await open_pool(settings.database)
    store = Store(settings.s3)
    try:
        incoming = Incoming(pool, store, NodeName(settings.node), settings.copies.scratch)
        outcomes = await incoming.bring(folder, listed)
    except (UnicodeDecodeError, csv.Error) as problem:
        reason = problem if isinstance(problem, csv.Error) else "neither UTF-8 nor Windows-1251"
        print(f"{listed}: not a CSV file with the columns file, call and at: {reason}")
        return 1
    finally:
        store.close()
        await pool.close()
    for each in outcomes:
        if each.refused:
            print(f"{each.file}: {each.what}")
    counts = Counter("refused" if each.refused else each.what for each in outcomes)
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "there is nothing in the folder")
    return 1 if counts["refused"] else 0


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
