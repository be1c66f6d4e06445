"""The channels by which a ticket is sent to a crew, and what is sent."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol, Self

import asyncpg

from callcenter.domain.ticket import TicketState


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewTicket:
    """The data of a ticket that its crew needs. A missing text is empty; times are in UTC.

    `category` is in the crew's language; `due_at` is the next limit that the work must meet.
    """

    ticket_id: int
    number: int
    company_id: int
    company: str
    zone: str
    state: TicketState
    category: str
    category_class: str
    subject: str
    description: str
    address: str
    entrance: int | None
    flat: str
    common_property: bool
    contact_name: str
    contact_phone: str
    access_at: datetime | None
    access_reason: str
    access_people: str
    planned_from: datetime | None
    planned_until: datetime | None
    opened_at: datetime
    due_at: datetime | None
    responsible: str
    result: str
    crew_id: int
    crew: str
    language: str
    email: str | None
    webhook_url: str | None
    webhook_secret: str | None
    """As the database keeps it: `SecretBox` opens it."""
    waiting_since: datetime | None = None
    """Since when it waits for the resident."""

    @classmethod
    def of(cls, row: asyncpg.Record, **more: object) -> Self:
        """From a row of `crew_tickets`."""
        names = [field.name for field in fields(CrewTicket)]
        return cls(**{name: row[name] for name in names} | {"state": TicketState(row["state"])} | more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(CrewTicket):
    """The content of a message. `key`: its idempotency key, the same each time it is sent; `link`: the crew's page."""

    key: str
    link: str


class Channel(Protocol):
    """A channel to crews."""

    async def send(self, assignment: Assignment) -> None:
        """Send it to the crew. Raises `NotDelivered`."""
        ...
