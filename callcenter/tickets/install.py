"""Tickets and their journal."""

from aiohttp import web

from callcenter.common.object_store import OBJECT_STORE
from callcenter.domain.access import Permission, Role
from callcenter.errors import gettext_noop
from callcenter.storage import connect
from callcenter.tickets import bulk_pages, file_pages, filing_pages, joining_pages, journal_pages, new_pages, pages
from callcenter.tickets.choices import TICKET_CHOICES, TicketChoices
from callcenter.tickets.deadline_alarm import DeadlineAlarm
from callcenter.tickets.drafts import FILING_DRAFTS, FilingDrafts
from callcenter.tickets.feed import TICKET_FEED, TicketFeed
from callcenter.tickets.files import TICKET_FILES, TicketFiles
from callcenter.tickets.journal import JOURNAL, Journal
from callcenter.tickets.sections import TICKET_SECTIONS
from callcenter.tickets.service import TICKETS, Tickets
from callcenter.web.keys import POOL, SERVICES, SETTINGS
from callcenter.web.navigation import NAVIGATION, NavigationEntry


def install(app: web.Application) -> None:
    settings, pool = app[SETTINGS], app[POOL]
    app[TICKETS] = Tickets(pool)
    app[TICKET_CHOICES] = TicketChoices(pool)
    app[FILING_DRAFTS] = FilingDrafts(pool)
    app[TICKET_FILES] = TicketFiles(pool, app[OBJECT_STORE])
    app[TICKET_SECTIONS] = [joining_pages.SECTION]
    app[JOURNAL] = Journal(pool)
    app[TICKET_FEED] = TicketFeed(lambda: connect(settings.database))
    app[SERVICES].append(DeadlineAlarm(settings.database))
    app.cleanup_ctx.append(journal_pages.feeding)
    app.on_shutdown.append(journal_pages.end_feed)
    app[NAVIGATION].append(
        NavigationEntry(
            "/tickets", gettext_noop("Journal"), Permission.SEE_TICKETS, 30, frozenset({Role.MANAGER, Role.CREW})
        )
    )
    for part in (bulk_pages, file_pages, filing_pages, journal_pages, joining_pages, new_pages, pages):
        app.add_routes(part.routes)
