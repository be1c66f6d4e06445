"""Parts of a ticket's page that belong to other subjects, each provided by its own package."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from callcenter.common.scope import Connection
from callcenter.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class TicketSection:
    """A section: its `template` gets what `content` returns; for whom that is None the page has no such section.

    `content(request, connection, ticket, answer)`: `connection` is in the transaction in which the whole page is read, as
    the person may see it; `answer` is the result of the section's own form, None when it was not sent.
    """

    name: str
    template: str
    content: Callable[[web.Request, Connection, Ticket, Any], Awaitable[object | None]]
    style: str | None = None


TICKET_SECTIONS = web.AppKey("ticket sections", list[TicketSection])
