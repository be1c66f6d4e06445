"""Parts of a ticket's page that belong to other subjects, each shown by its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from callcenter.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class TicketSection:
    """A section: its `template` gets what `content` returns; for whom that is None the page has no such section.

    `content(request, ticket, answer)`: `answer` is what the section's own form led to, None when it was not sent.
    """

    name: str
    template: str
    content: Callable[[web.Request, Ticket, Any], Awaitable[object | None]]
    style: str | None = None


TICKET_SECTIONS = web.AppKey("ticket sections", list[TicketSection])
