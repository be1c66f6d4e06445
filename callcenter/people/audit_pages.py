"""The audit log: who logged in, and saw or changed what."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_datetime

from callcenter.common.cursors import PageCursor
from callcenter.domain.access import Permission
from callcenter.people.audit_details import words
from callcenter.people.audit_log import AUDIT_LOG, AuditFilter
from callcenter.people.audit_texts import action_name, subject_name, subjects
from callcenter.web.auth import needs
from callcenter.web.language import language_of
from callcenter.web.render import ZONE, render

routes = web.RouteTableDef()
FIELDS = ("person", "action", "subject", "subject_id", "since", "until")
LONGEST = 100


@routes.get("/audit")
@needs(Permission.SEE_AUDIT)
async def audit(request: web.Request) -> web.Response:
    """A page of the log, newest first; for an invalid filter the problem is shown, and no entries."""
    log = request.app[AUDIT_LOG]
    typed = {field: request.query.get(field, "").strip() for field in FIELDS}
    criteria, problems = read(typed)
    after = _place(request.query.get("after", ""))
    entries, following = ((), None) if problems else await log.entries(criteria, after)
    language = language_of(request)
    names = await log.names()
    asked = {key: value for key, value in typed.items() if value}
    return render(
        request,
        "people/audit.html",
        400 if problems else 200,
        entries=entries,
        typed=typed,
        problems=problems,
        first=f"/audit?{urlencode(asked)}" if after else "",
        following=f"/audit?{urlencode({**asked, 'after': str(following)})}" if following else "",
        people=await log.people(),
        actions=sorted(((action, action_name(language, action)) for action in await log.actions()), key=lambda a: a[1]),
        action_name=lambda action: action_name(language, action),
        subjects=subjects(language),
        subject_name=lambda subject: subject_name(language, subject),
        details=lambda entry: words(entry, language, names),
        moment=lambda at: format_datetime(at, "d MMM y, HH:mm:ss", tzinfo=ZoneInfo(ZONE), locale=language),
    )


def read(typed: Mapping[str, str]) -> tuple[AuditFilter, dict[str, str]]:
    """The filter, and what is wrong by field. Days are those of the dispatch centre, the last one included."""
    problems = {field: "long" for field in FIELDS if len(typed[field]) > LONGEST or "\0" in typed[field]}
    days: dict[str, date] = {}
    for field in ("since", "until"):
        if typed[field] and field not in problems:
            try:
                days[field] = date.fromisoformat(typed[field])
            except ValueError:
                problems[field] = "day"
    if len(days) == 2 and days["until"] < days["since"]:
        problems["until"] = "before"
    person = typed["person"]
    if person and not (person.isascii() and person.isdigit() and len(person) < 10):
        problems["person"] = "unknown"
    if problems:
        return AuditFilter(), problems
    return (
        AuditFilter(
            person=int(person) if person else None,
            action=typed["action"],
            subject=typed["subject"],
            subject_id=typed["subject_id"],
            since=_begins(days.get("since"), 0),
            until=_begins(days.get("until"), 1),
        ),
        {},
    )


def _begins(day: date | None, later: int) -> datetime | None:
    if day is None or not date(1970, 1, 1) <= day <= date(9000, 1, 1):
        return None
    return datetime.combine(day + timedelta(days=later), time(), ZoneInfo(ZONE)).astimezone(UTC)


def _place(text: str) -> PageCursor | None:
    if not text:
        return None
    try:
        return PageCursor.parse(text)
    except ValueError:
        raise web.HTTPBadRequest from None
