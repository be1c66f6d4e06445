"""Outages."""

import asyncpg
from aiohttp import web

from callcenter.common.jobs import Worker
from callcenter.common.max_bot import MaxBot
from callcenter.common.secret_box import SECRET_BOX, SecretBox
from callcenter.common.sending import backoff
from callcenter.common.smtp import MailServer
from callcenter.domain.access import Permission
from callcenter.errors import gettext_noop
from callcenter.outages import flat_pages, pages, place_pages
from callcenter.outages.announcing import preview_pages
from callcenter.outages.announcing.preview import PREVIEWS, Previews
from callcenter.outages.announcing.recordings import OUTAGE_RECORDINGS, OutageRecordings
from callcenter.outages.announcing.voice import Voice
from callcenter.outages.choices import OUTAGE_CHOICES, OutageChoices
from callcenter.outages.detection.watcher import OutageWatcher
from callcenter.outages.flats import OUTAGE_FLATS, OutageFlats
from callcenter.outages.joining import JOINING, Joining
from callcenter.outages.notices import pages as recipient_pages
from callcenter.outages.notices.channels import NoticeMail, NoticeMax, NoticeWebhook
from callcenter.outages.notices.notice import NoticeChannel, NoticeWay
from callcenter.outages.notices.recipients import RECIPIENTS, Recipients
from callcenter.outages.notices.sending import NoticeDeliveries, Notices
from callcenter.outages.planned import pages as import_pages
from callcenter.outages.planned.ends import PlannedEnds
from callcenter.outages.planned.importing import PLANNED_IMPORT, PlannedImport
from callcenter.outages.public import pages as public_pages
from callcenter.outages.public.board import PUBLIC_BOARD, PublicBoard
from callcenter.outages.section import SECTION
from callcenter.outages.service import OUTAGES, Outages
from callcenter.settings import Settings
from callcenter.tickets.sections import TICKET_SECTIONS
from callcenter.tickets.service import TICKETS
from callcenter.web.keys import POOL, SERVICES, SETTINGS
from callcenter.web.navigation import NAVIGATION, NavigationEntry
from callcenter.web.throttle import Throttle


def install(app: web.Application) -> None:
    settings, pool = app[SETTINGS], app[POOL]
    app[OUTAGES] = Outages(pool, app[TICKETS]).also(Notices(settings.web.url).on_change)
    app[TICKETS] = app[TICKETS].also(app[OUTAGES].end_with_incident)
    app[OUTAGE_CHOICES] = OutageChoices(pool)
    app[NAVIGATION].append(NavigationEntry("/outages", gettext_noop("Outages"), Permission.SEE_OUTAGES, 25))
    app[OUTAGE_RECORDINGS] = OutageRecordings(pool, app[OUTAGES])
    app[PREVIEWS] = Previews(pool, Voice(settings.speech), app[OUTAGE_RECORDINGS])
    app[JOINING] = Joining(pool, app[TICKETS])
    app[OUTAGE_FLATS] = OutageFlats(pool)
    app[TICKET_SECTIONS].insert(0, SECTION)
    app[SERVICES].append(OutageWatcher(settings.database))
    app[PUBLIC_BOARD] = PublicBoard(pool)
    app[public_pages.THROTTLE] = Throttle(settings.web.public_requests_per_minute)
    app[PLANNED_IMPORT] = PlannedImport(pool, app[OUTAGES])
    app[RECIPIENTS] = Recipients(pool, app[SECRET_BOX])
    app[SERVICES] += [worker(settings, pool, app[SECRET_BOX]), PlannedEnds(settings.database, app[OUTAGES])]
    for part in (import_pages, recipient_pages, pages, place_pages, preview_pages, flat_pages, public_pages):
        app.add_routes(part.routes)


def worker(settings: Settings, pool: asyncpg.Pool, box: SecretBox) -> Worker:
    """The worker that tells others of outages."""
    channels: dict[NoticeWay, NoticeChannel] = {
        NoticeWay.EMAIL: NoticeMail(MailServer(settings.smtp)),
        NoticeWay.WEBHOOK: NoticeWebhook(settings.handover, box),
        NoticeWay.MAX: NoticeMax(MaxBot(settings.max)),
    }
    handover = settings.handover
    deliveries = NoticeDeliveries(pool, channels, attempts=handover.attempts, wait=backoff(handover))
    return Worker(settings.database, [deliveries.kind])
