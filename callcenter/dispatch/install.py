"""Hand-over of tickets to crews."""

import asyncpg
from aiohttp import web

from callcenter.common.attempts import ATTEMPTS
from callcenter.common.jobs import Worker
from callcenter.common.secret_box import SECRET_BOX, SecretBox
from callcenter.common.sending import backoff
from callcenter.dispatch import crew_pages, link_section, pages
from callcenter.dispatch.crew_answers import CrewAnswers
from callcenter.dispatch.crew_links import CREW_LINKS, CrewLinks
from callcenter.dispatch.crew_lists import CREW_LISTS, CrewLists
from callcenter.dispatch.delivery import HandoverChannel
from callcenter.dispatch.handover import Deliveries, Handover, Links
from callcenter.dispatch.mail import Mail
from callcenter.dispatch.texts import letter
from callcenter.dispatch.undelivered import UNDELIVERED, DeadLetters
from callcenter.dispatch.webhook import Webhook
from callcenter.domain.access import Permission
from callcenter.errors import gettext_noop
from callcenter.settings import Settings
from callcenter.tickets.sections import TICKET_SECTIONS
from callcenter.tickets.service import TICKETS
from callcenter.web.keys import POOL, SERVICES, SETTINGS
from callcenter.web.navigation import NAVIGATION, NavigationEntry


def install(app: web.Application) -> None:
    settings, pool = app[SETTINGS], app[POOL]
    links = Links(settings.handover, settings.web.url)
    app[TICKETS] = app[TICKETS].also(Handover(links).on_change)
    app[CREW_LINKS] = CrewLinks(pool, app[ATTEMPTS])
    app[CREW_LISTS] = CrewLists(pool, app[ATTEMPTS], links)
    app[TICKET_SECTIONS].append(link_section.SECTION)
    app[SERVICES].append(CrewAnswers(settings.database))
    app[UNDELIVERED] = DeadLetters(pool, links.lasts)
    app[SERVICES].append(worker(settings, pool, app[SECRET_BOX]))
    app[NAVIGATION].append(NavigationEntry("/deliveries", gettext_noop("Messages"), Permission.RESEND, 70))
    for part in (crew_pages, link_section, pages):
        app.add_routes(part.routes)


def worker(settings: Settings, pool: asyncpg.Pool, box: SecretBox) -> Worker:
    """The worker that sends messages to crews."""
    deliveries = Deliveries(
        pool,
        Links(settings.handover, settings.web.url),
        {
            HandoverChannel.EMAIL: Mail(settings.smtp, letter),
            HandoverChannel.WEBHOOK: Webhook(settings.handover, box),
        },
        attempts=settings.handover.attempts,
        wait=backoff(settings.handover),
    )
    return Worker(settings.database, [deliveries.kind])
