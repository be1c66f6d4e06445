"""Tickets as programs see and send them."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, RootModel

from callcenter.api.types import (
    Id,
    Limit,
    Line,
    LongId,
    LongText,
    Moment,
    Money,
    QueryModel,
    RequestModel,
    RequiredText,
    ResponseModel,
    Telephone,
    whole,
)
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.ticket import PaymentState, Step, TicketClass, TicketEventKind, TicketSource, TicketState
from callcenter.tickets.journal import DueFilter
from callcenter.tickets.ticket import TicketEdit

Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="the version that was read"), BeforeValidator(whole)]


class DeadlineModel(ResponseModel):
    """What must have happened by when; `met_at` is null until it has. `held_at`: since when the limit does not run."""

    step: LimitStep
    due_at: Moment
    met_at: Moment | None
    held_at: Moment | None


class TicketLine(ResponseModel):
    """A ticket in the list."""

    id: int
    company_id: int
    number: int
    version: int
    state: TicketState
    category_id: int | None
    category: str | None
    category_class: TicketClass | None
    subject: str
    caller: str
    contact_name: str
    contact_phone: str
    house_id: int | None
    premises_id: int | None
    crew_id: int | None
    responsible_id: int | None
    opened_at: Moment
    updated_at: Moment
    closed_at: Moment | None


class TicketModel(TicketLine):
    """A ticket. `version` grows with every change but a comment; send it with the next change."""

    call_id: str | None
    description: str
    common_property: bool
    address: str
    flat: str
    entrance: int | None
    resident_id: int | None
    access_at: Moment | None
    access_reason: str
    access_people: str
    price: Annotated[str | None, Field(coerce_numbers_to_str=True)]
    payment: PaymentState
    crew: str
    responsible: str
    responsible_phone: str
    planned_from: Moment | None
    planned_until: Moment | None
    accepted_at: Moment | None
    started_at: Moment | None
    done_at: Moment | None
    result: str
    cancel_reason: str
    parent_id: int | None
    source: TicketSource
    waiting_since: Moment | None
    merged_into: int | None
    deadlines: list[DeadlineModel]


class EventModel(ResponseModel):
    """Something that happened to a ticket. `changes`: the old and the new value, by field."""

    id: int
    at: Moment
    kind: TicketEventKind
    who: str
    crew: str
    from_state: TicketState | None
    to_state: TicketState | None
    comment: str
    changes: dict[str, tuple[Any, Any]]


class PageOfTickets(QueryModel):
    """Which tickets. With both `number` and `phone`, tickets that have either."""

    company_id: Id | None = None
    state: TicketState | None = None
    due: Annotated[
        DueFilter | None,
        Field(
            description="what needs attention: what is late or will be soon, waits for the resident, or was answered by its crew"
        ),
    ] = None
    category_id: Id | None = None
    house_id: Id | None = None
    crew_id: Id | None = None
    payment: PaymentState | None = None
    since: Annotated[Moment | None, Field(description="opened at this time or later")] = None
    until: Annotated[Moment | None, Field(description="opened before this time")] = None
    number: Id | None = None
    phone: Telephone | None = None
    cursor: LongId | None = None
    limit: Limit = 50


class TicketFields(RequestModel):
    """What may be set. A flat sets its house too, a resident their flat."""

    category_id: Id | None = None
    subject: Line = ""
    description: LongText = ""
    contact_name: Line = ""
    contact_phone: Telephone | Literal[""] = ""
    house_id: Id | None = None
    premises_id: Id | None = None
    resident_id: Id | None = None
    common_property: bool = False
    access_at: Moment | None = None
    access_reason: Line = ""
    access_people: Line = ""
    price: Money | None = None
    payment: PaymentState = PaymentState.NONE
    responsible_id: Id | None = None
    planned_from: Moment | None = None
    planned_until: Moment | None = None
    parent_id: LongId | None = None

    def edit(self) -> TicketEdit:
        """The fields that were given."""
        given = self.model_fields_set & TicketEdit.model_fields.keys()
        return TicketEdit(**{name: getattr(self, name) for name in given})


class NewTicket(TicketFields):
    """A ticket to open. `caller`: the number it came from; `source`: how it came in."""

    company_id: Id
    caller: Telephone | Literal[""] = ""
    source: TicketSource = TicketSource.PROGRAM


class TicketChange(TicketFields):
    """The fields to change; those that are left out stay as they are."""

    version: Version


class _Step(RequestModel):
    version: Version | None = None
    below: Annotated[
        bool, Field(description="with `close` and `cancel` of an incident: its open tickets as well, or they stay open")
    ] = False


class Assign(_Step):
    """Assign to a crew, which is notified."""

    step: Literal[Step.ASSIGN]
    crew_id: Id
    responsible_id: Id | None = None
    comment: LongText = ""


class StepWithComment(_Step):
    """`comment` is the result of `finish`, the reason of `refuse`, `cancel` and `reopen`."""

    step: Literal[Step.FINISH, Step.REFUSE, Step.CANCEL, Step.REOPEN]
    comment: RequiredText


class SimpleStep(_Step):
    """Steps without further fields."""

    step: Literal[Step.ACCEPT, Step.START, Step.CLOSE]
    comment: LongText = ""


class NewStep(RootModel[Annotated[Assign | StepWithComment | SimpleStep, Field(discriminator="step")]]):
    """A step to take. With a `version` it is taken only if that is still the newest."""


class NewComment(RequestModel):
    """A comment to add."""

    text: RequiredText
