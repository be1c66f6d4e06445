"""Completeness of recordings, and legal holds."""

from aiohttp import web

from callcenter.retention import legal_hold_pages, pages
from callcenter.retention.completeness_alarm import CompletenessAlarm
from callcenter.retention.legal_holds import LEGAL_HOLDS, LegalHolds
from callcenter.tickets.sections import TICKET_SECTIONS
from callcenter.web.keys import POOL, SERVICES, SETTINGS


def install(app: web.Application) -> None:
    app[LEGAL_HOLDS] = LegalHolds(app[POOL])
    app[TICKET_SECTIONS].append(legal_hold_pages.SECTION)
    app[SERVICES].append(CompletenessAlarm(app[SETTINGS].database, app[SETTINGS].s3.hash_all_in_days))
    for part in (legal_hold_pages, pages):
        app.add_routes(part.routes)
