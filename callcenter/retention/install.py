"""Completeness of recordings, legal holds, and the removal of personal data."""

from aiohttp import web

from callcenter.common.object_store import OBJECT_STORE
from callcenter.retention import legal_hold_pages, pages, personal_data_pages, resident_request_pages
from callcenter.retention.completeness_alarm import CompletenessAlarm
from callcenter.retention.legal_holds import LEGAL_HOLDS, LegalHolds
from callcenter.retention.removal import PersonalDataKeeper
from callcenter.tickets.sections import TICKET_SECTIONS
from callcenter.web.keys import POOL, SERVICES, SETTINGS


def install(app: web.Application) -> None:
    app[LEGAL_HOLDS] = LegalHolds(app[POOL])
    app[TICKET_SECTIONS].append(legal_hold_pages.SECTION)
    app[SERVICES].append(CompletenessAlarm(app[SETTINGS].database, app[SETTINGS].s3.hash_all_in_days))
    app[SERVICES].append(PersonalDataKeeper(app[SETTINGS].database, app[OBJECT_STORE]))
    for part in (legal_hold_pages, pages, personal_data_pages, resident_request_pages):
        app.add_routes(part.routes)
