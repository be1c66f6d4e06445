"""What the handlers work with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import asyncpg
from aiohttp import web

from callcenter.desk.accounts import Accounts
from callcenter.desk.audit_log import AuditLog
from callcenter.desk.crew_links import CrewLinks
from callcenter.desk.feed import Feed
from callcenter.desk.invitations import Invitations
from callcenter.desk.journal import Journal
from callcenter.desk.legal_holds import LegalHolds
from callcenter.desk.link_visits import LinkVisits
from callcenter.desk.links import ShareLinks
from callcenter.desk.listening import Room
from callcenter.desk.listenings import Listenings
from callcenter.desk.logins import Logins
from callcenter.desk.mail_server import MailServer
from callcenter.desk.people import People, Person
from callcenter.desk.reviews import Reviews
from callcenter.desk.staff import Staff
from callcenter.desk.ticket_choices import TicketChoices
from callcenter.desk.ticket_files import FileStore, TicketFiles
from callcenter.desk.tickets import Tickets
from callcenter.desk.undelivered import DeadLetters
from callcenter.push.hub import Hub
from callcenter.settings import Settings

Check = Callable[[], object | Awaitable[object]]


@dataclass(frozen=True)
class Parts:
    """Everything the handlers need. `popped`: number and call of the card last counted in `pop_seconds`, by audience."""

    settings: Settings
    pool: asyncpg.Pool
    hub: Hub
    people: People
    logins: Logins
    accounts: Accounts
    invitations: Invitations
    staff: Staff
    audit_log: AuditLog
    store: FileStore
    tickets: Tickets
    choices: TicketChoices
    files: TicketFiles
    legal_holds: LegalHolds
    crew_links: CrewLinks
    share_links: ShareLinks
    link_visits: LinkVisits
    mail: MailServer
    dead_letters: DeadLetters
    journal: Journal
    room: Room
    listenings: Listenings
    reviews: Reviews
    feed: Feed
    popped: dict[str, tuple[int, str]] = field(default_factory=dict)


PARTS = web.AppKey("parts", Parts)
CHECKS = web.AppKey("checks", Mapping[str, Check])
PERSON = web.RequestKey("person", Person)


def parts_of(request: web.Request) -> Parts:
    """The parts of the application that got this request."""
    return request.config_dict[PARTS]
