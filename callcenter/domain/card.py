"""The resident's card: what an operator sees before saying hello."""

from dataclasses import dataclass
from datetime import datetime

from callcenter.domain.ids import CompanyId


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTicket:
    """A ticket of this flat or this caller that is not closed yet."""

    number: int
    subject: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """An earlier call from the same number. `outcome`: an `Outcome` of `domain.call`, or the `CallState` of one that is not over."""

    at: datetime
    outcome: str
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Who is calling, as far as the directory knows.

    `resident` is empty for an unknown number; then `address` and `flat` are where it called from last, if it did. `others`
    counts further residents registered with the same phone (a family shares one). Ids are None when unknown.
    """

    caller: str
    did: str
    company_id: CompanyId | None = None
    company: str = ""
    resident_id: int | None = None
    resident: str = ""
    premises_id: int | None = None
    house_id: int | None = None
    address: str = ""
    flat: str = ""
    others: int = 0
    open_tickets: tuple[CardTicket, ...] = ()
    past_calls: tuple[PastCall, ...] = ()
