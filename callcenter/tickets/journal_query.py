"""The journal's filter in the query string of the page."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from callcenter.common.search import LONGEST
from callcenter.domain.ticket import OPEN, PaymentState, TicketClass, TicketState
from callcenter.tickets.journal import DueFilter, JournalFilter
from callcenter.web.query import Day, Id, Query

PAYMENTS = tuple(state for state in PaymentState if state is not PaymentState.NONE)
"""The states of tickets with a payment."""


class JournalQuery(BaseModel):
    """The form, every field of which may be absent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    q: Annotated[str, Field(max_length=LONGEST)] | None = None
    state: TicketState | Literal["open"] | None = None
    due: DueFilter | None = None
    category: TicketClass | Id | None = None
    company: Id | None = None
    house: Annotated[str, Field(max_length=LONGEST)] | None = None
    crew: Id | None = None
    operator: Id | None = None
    since: Day | None = None
    until: Day | None = None
    paid: Literal["any", PaymentState.DUE, PaymentState.PAID, PaymentState.REFUNDED] | None = None


class JournalFilterForm(Query[JournalQuery]):
    """The filter of the journal."""

    def criteria(self, zone: str) -> JournalFilter:
        """The criteria; days are those of the zone."""
        asked = self.asked
        search = self.search(asked.q)
        since, until = self.days(asked.since, asked.until, zone)
        return JournalFilter(
            company=asked.company,
            states=OPEN if asked.state == "open" else (TicketState(asked.state),) if asked.state else (),
            due=asked.due,
            category_class=asked.category if isinstance(asked.category, TicketClass) else None,
            category=asked.category if isinstance(asked.category, int) else None,
            house=asked.house or "",
            crew=asked.crew,
            operator=asked.operator,
            since=since,
            until=until,
            payments=PAYMENTS if asked.paid == "any" else (asked.paid,) if asked.paid else (),
            search=search,
        )
