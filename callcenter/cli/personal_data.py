"""`callcenter personal-data`: what would be removed, company by company, or its removal now instead of at night."""

from datetime import UTC, datetime

import asyncpg

from callcenter.recordings.store import Store
from callcenter.retention.personal_data import CompanyKeeping, companies, count_due, reports
from callcenter.retention.removal import Removal, begin
from callcenter.settings import Settings


async def personal_data(
    connection: asyncpg.Connection, settings: Settings, company: int | None, *, remove: bool
) -> int:
    """Print it; 1 when there is no such company. `company`: only this one, 0 for what belongs to none."""
    found = await companies(connection, company)
    store = Store(settings.s3)
    try:
        for of in found:
            if not of.terms:
                print(f"{_named(of)}: no terms are set, nothing is removed")
            elif remove:
                await _remove(connection, store, of)
            else:
                await _look_ahead(connection, of)
    finally:
        store.close()
    if not found:
        print(f"there is no company {company}")
    return 0 if found else 1


async def _look_ahead(connection: asyncpg.Connection, of: CompanyKeeping) -> None:
    print(f"{_named(of)}:")
    for kind in of.kinds:
        if kind in of.terms:
            due = await count_due(connection, of, kind, of.terms[kind], datetime.now(UTC))
            left = "".join(f", {count} left: {reason}" for reason, count in sorted(due.left.items()))
            more = " and more" if due.more else ""
            print(f"  {kind}, {of.terms[kind]} months: {due.going}{more} older than {due.until:%Y-%m-%d}{left}")


async def _remove(connection: asyncpg.Connection, store: Store, of: CompanyKeeping) -> None:
    run = await begin(connection, of, datetime.now(UTC))
    if run is None:
        return
    removal = Removal(connection, store, run)
    while await removal.step():
        pass
    await removal.finish()
    report = (await reports(connection, of.id))[0]
    print(
        f"{_named(of)}: removed {dict(report.removed)}, left {dict(report.left_behind)}, entry {report.entry} of the chain"
    )


def _named(of: CompanyKeeping) -> str:
    return f"company {of.id}" if of.id else "the centre"
