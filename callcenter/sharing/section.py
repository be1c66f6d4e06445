"""The section of a ticket's page with links to its recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from callcenter.common.delivery import DeliveryProblem
from callcenter.common.scope import Connection
from callcenter.domain.access import Permission
from callcenter.domain.sharing import LinkState, LinkUseKind
from callcenter.sharing.links import ShareableRecording, ShareLink, links_of, shareable_of
from callcenter.sharing.texts import link_states, link_uses
from callcenter.tickets.sections import TicketSection
from callcenter.tickets.ticket import Ticket
from callcenter.web.browsers import browser_name
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.labels import delivery_problems
from callcenter.web.language import language_of

MOST_FETCHES = 100


@dataclass(frozen=True, slots=True)
class Made:
    """A link that was just created. `email`: where it was sent, unless there was a `problem`."""

    url: str
    pin: str
    email: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SharingAnswer:
    """The result of the form: what was typed and what was wrong with it, or the new link."""

    typed: Mapping[str, str] | None = None
    chosen: Sequence[str] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    made: Made | None = None


@dataclass(frozen=True, slots=True)
class SharingSection:
    """The section of the page."""

    offered: Sequence[ShareableRecording]
    links: Sequence[ShareLink]
    typed: Mapping[str, str]
    chosen: Sequence[str]
    problems: Mapping[str, str]
    made: Made | None
    states: Mapping[LinkState, str]
    uses: Mapping[LinkUseKind, str]
    mail_problems: Mapping[DeliveryProblem, str]
    longest_days: int
    most_fetches: int = MOST_FETCHES

    def browser(self, name: str) -> str:
        """A readable name of the browser."""
        return browser_name(name) if name else ""


async def sharing_section(
    request: web.Request, connection: Connection, ticket: Ticket, sharing: SharingAnswer | None
) -> SharingSection | None:
    """The section, for those who may share; None for others."""
    person, app, language = request[PERSON], request.app, language_of(request)
    if not person.may(Permission.SHARE_RECORDINGS):
        return None
    sharing = sharing or SharingAnswer()
    offered = await shareable_of(connection, ticket.id)
    usual = {
        "recipient": "", "email": "", "purpose": "", "language": ticket.language,
        "days": str(app[SETTINGS].sharing.days), "fetches": "5", "pin": "",
    }  # fmt: skip
    return SharingSection(
        offered=offered,
        links=await links_of(connection, ticket.id),
        typed=sharing.typed or usual,
        chosen=[str(each.id) for each in offered] if sharing.typed is None else sharing.chosen,
        problems=sharing.problems,
        made=sharing.made,
        states=link_states(language),
        uses=link_uses(language),
        mail_problems=delivery_problems(language),
        longest_days=app[SETTINGS].sharing.longest_days,
    )


SECTION = TicketSection("sharing", "sharing/ticket_section.html", sharing_section, style="sharing/sharing.css")
