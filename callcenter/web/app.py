"""The web application, put together."""

from collections.abc import Mapping

import asyncpg
from aiohttp import web

from callcenter.desk.accounts import Accounts
from callcenter.desk.attempts import Attempts
from callcenter.desk.audit_log import AuditLog
from callcenter.desk.crew_links import CrewLinks
from callcenter.desk.feed import Feed
from callcenter.desk.handover import Handover, Links
from callcenter.desk.invitations import Invitations
from callcenter.desk.journal import Journal
from callcenter.desk.legal_holds import LegalHolds
from callcenter.desk.link_visits import LinkVisits
from callcenter.desk.links import ShareLinks
from callcenter.desk.listening import Room
from callcenter.desk.listenings import Listenings
from callcenter.desk.logins import Logins
from callcenter.desk.mail_server import MailServer
from callcenter.desk.passwords import Passwords
from callcenter.desk.people import People
from callcenter.desk.reviews import Reviews
from callcenter.desk.staff import Staff
from callcenter.desk.ticket_choices import TicketChoices
from callcenter.desk.ticket_files import FileStore, TicketFiles
from callcenter.desk.tickets import Tickets
from callcenter.desk.undelivered import DeadLetters
from callcenter.push.hub import Hub
from callcenter.settings import Settings
from callcenter.storage import connect
from callcenter.web import (
    account,
    api,
    audit,
    auth,
    calls,
    crew,
    deliveries,
    directory,
    directory_files,
    directory_offices,
    evidence,
    exports,
    invite,
    journal,
    ledger,
    legal_holds,
    links,
    listening,
    login,
    monitor,
    pages,
    people,
    player,
    proxies,
    recordings,
    reports,
    reviews,
    shield,
    socket,
    static,
    ticket_files,
    ticket_links,
    ticket_new,
    tickets,
    tokens,
)
from callcenter.web.api.errors import show_problems
from callcenter.web.parts import CHECKS, PARTS, Check, Parts

# Each with its routes.
SUBJECTS = (
    account,
    api,
    audit,
    auth,
    calls,
    crew,
    deliveries,
    directory,
    directory_files,
    directory_offices,
    evidence,
    exports,
    invite,
    journal,
    listening,
    ledger,
    legal_holds,
    links,
    login,
    monitor,
    pages,
    people,
    player,
    recordings,
    reports,
    reviews,
    socket,
    static,
    ticket_files,
    ticket_links,
    ticket_new,
    tickets,
    tokens,
)


def create_app(
    *, settings: Settings, pool: asyncpg.Pool, hub: Hub, store: FileStore, checks: Mapping[str, Check]
) -> web.Application:
    """Make the application.

    `checks`: what `/readyz` asks beside the database and the screens, by name. A part is ready unless
    its check, plain or async, says False or raises.
    """
    app = web.Application(
        middlewares=[
            proxies.know_address,
            pages.show_errors,
            show_problems,
            shield.refuse_foreign_origin,
            auth.know_person,
        ],
        client_max_size=16 * 1024,
    )
    passwords, attempts = Passwords(), Attempts(pool)
    links = Links(settings.handover, settings.web.url)
    app[PARTS] = Parts(
        settings=settings,
        pool=pool,
        hub=hub,
        people=People(pool),
        logins=Logins(pool, passwords, attempts),
        accounts=Accounts(pool, passwords, attempts),
        invitations=Invitations(pool, passwords),
        staff=Staff(pool),
        audit_log=AuditLog(pool),
        store=store,
        tickets=Tickets(pool, Handover(links).on_change),
        choices=TicketChoices(pool),
        files=TicketFiles(pool, store),
        legal_holds=LegalHolds(pool),
        crew_links=CrewLinks(pool, attempts),
        share_links=ShareLinks(pool, passwords),
        link_visits=LinkVisits(pool, passwords, attempts),
        mail=MailServer(settings.smtp),
        dead_letters=DeadLetters(pool, links.lasts),
        journal=Journal(pool),
        room=Room(pool),
        listenings=Listenings(pool),
        reviews=Reviews(pool),
        feed=Feed(lambda: connect(settings.database)),
    )
    app[CHECKS] = {"database": monitor.database(pool), "screens": lambda: hub.live, **checks}
    app.on_response_prepare.append(shield.add_headers)
    app.cleanup_ctx.append(journal.feeding)
    app.on_shutdown.append(journal.end_feed)
    for subject in SUBJECTS:
        app.add_routes(subject.routes)
    return app


def create_monitor(*, pool: asyncpg.Pool, checks: Mapping[str, Check]) -> web.Application:
    """Health and figures only, for a node whose pages are served elsewhere."""
    app = web.Application()
    app[CHECKS] = {"database": monitor.database(pool), **checks}
    app.add_routes(monitor.routes)
    return app
