"""The page of completeness: talks without a recording, and why; what was deleted by policy."""

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.numbers import format_decimal, format_percent

from callcenter.common.scope import audit, scoped
from callcenter.common.sheets import MEDIA, Cell, Csv
from callcenter.domain.access import Permission
from callcenter.domain.audit import AuditAction
from callcenter.recordings.hashes import coverage, findings
from callcenter.recordings.sweep import sweep
from callcenter.retention.completeness import Deletion, Hour, deletions, disks, hours, ratio, strays, unverified_talks
from callcenter.retention.completeness_alarm import filling, logs_filling
from callcenter.retention.texts import deleted_title, deletion_head, hash_problems, reasons, states
from callcenter.web.attachment import attachment
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON, POOL, SETTINGS
from callcenter.web.language import language_of
from callcenter.web.render import render

routes = web.RouteTableDef()


DAYS = {"1": 1, "7": 7, "31": 31}
DELETED_WITHIN = timedelta(days=366)
MOST_IN_A_FILE = 100_000


@routes.get("/recordings/ledger")
@needs(Permission.SEE_LEDGER)
async def ledger(request: web.Request) -> web.Response:
    """The page, for the last days."""
    days = DAYS.get(request.query.get("days", "1"))
    if days is None:
        raise web.HTTPBadRequest
    now, language = datetime.now(UTC), language_of(request)
    since = now - timedelta(days=days)
    async with scoped(request.app[POOL], request[PERSON]) as connection:
        found = await hours(connection, since, now + timedelta(hours=1))
        room = await disks(connection)
        return render(
            request,
            "retention/completeness.html",
            days=days,
            choices=sorted(DAYS.values()),
            hours=found,
            totals={name: sum(getattr(hour, name) for hour in found) for name in COUNTS},
            share=lambda rows: share_text(rows, language),
            unverified_talks=await unverified_talks(connection, since),
            strays=await strays(connection, since),
            unrecorded=[found for found in await sweep(request.app[POOL], since=since) if not found.recording_id],
            hashed=await coverage(connection, request.app[SETTINGS].s3.hash_all_in_days, now),
            findings=await findings(connection),
            hash_problems=hash_problems(language),
            deletions=await deletions(connection, now - DELETED_WITHIN),
            disks=[(disk, filling(disk, now) or logs_filling(disk)) for disk in room],
            size=lambda count: size_text(count, language),
            states=states(language),
            reasons=reasons(language),
        )


COUNTS = ("expected", "verified", "late", "missing", "open")


@routes.get("/recordings/deleted.csv", allow_head=False)
@needs(Permission.SEE_LEDGER)
async def deleted(request: web.Request) -> web.Response:
    """The recordings deleted by policy, or soon to be, as a file."""
    person, language = request[PERSON], language_of(request)
    async with scoped(request.app[POOL], person) as connection:
        rows = await deletions(connection, datetime.now(UTC) - DELETED_WITHIN, MOST_IN_A_FILE)
        await audit(
            connection, AuditAction.DOWNLOADED_LIST_OF_DELETED_RECORDINGS, person=person, address=request.remote or ""
        )
    file = io.BytesIO()
    sheet = Csv(file, language, deletion_head(language))
    sheet.add([_cells(row, states(language)) for row in rows])
    sheet.finish()
    headers = attachment(f"{deleted_title(language)}.csv") | {"Cache-Control": "private, no-store"}
    return web.Response(body=file.getvalue(), content_type=MEDIA["csv"], charset="utf-8", headers=headers)


def share_text(rows: list[Hour], language: str) -> str:
    """Verified ÷ expected, rounded down, so that 100 % means all of them; a dash when nothing was expected."""
    share = ratio(rows)
    return "–" if share is None else format_percent(int(share * 1000) / 1000, "#,##0.#%", language)


def size_text(count: int, language: str) -> str:
    """Bytes in gigabytes of 10^9."""
    return format_decimal(round(count / 1e9, 1), locale=language)


def _cells(row: Deletion, names: dict[str, str]) -> list[Cell]:
    def local(at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(ZoneInfo(row.zone)).replace(tzinfo=None, microsecond=0)

    moments = (local(row.at), local(row.retain_until), local(row.deleted_at))
    return [row.recording, row.company, row.ticket, *moments, row.days, names[row.state], row.because, row.size]
