"""A ticket, an edit of it, and the reasons for which an edit is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from callcenter.domain.call import CallState, Outcome
from callcenter.domain.deadlines import LimitStep, is_missed
from callcenter.domain.phone import e164
from callcenter.domain.ticket import CrewAnswer, PaymentState, TicketClass, TicketEventKind, TicketSource, TicketState
from callcenter.errors import NotFound, Refusal, gettext_noop


def _phone(typed: str) -> str:
    number = e164(typed) if typed else ""
    if number and not (number[0] == "+" and number[1:].isascii() and number[1:].isdigit() and 4 <= len(number) <= 16):
        raise ValueError("not a telephone number")
    return number


def _text(typed: str) -> str:
    if "\0" in typed:
        raise ValueError("holds a zero byte")
    return typed.strip().replace("\r\n", "\n")


def _whole_cents(price: Decimal | None) -> Decimal | None:
    return None if price is None else price.quantize(Decimal("0.01"))


Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
LongId = Annotated[int, Field(ge=1, le=2**63 - 1)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_text)]
LongText = Annotated[str, Field(max_length=10_000), AfterValidator(_text)]
Price = Annotated[
    Decimal, Field(ge=0, max_digits=12, decimal_places=2, allow_inf_nan=False), AfterValidator(_whole_cents)
]


class TicketEdit(BaseModel):
    """An edit: only the fields that are given. A telephone number is normalised to E.164."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category_id: Id | None = None
    subject: Line = ""
    description: LongText = ""
    contact_name: Line = ""
    contact_phone: Annotated[str, Field(max_length=40), AfterValidator(_text), AfterValidator(_phone)] = ""
    house_id: Id | None = None
    premises_id: Id | None = None
    resident_id: Id | None = None
    common_property: bool = False
    access_at: AwareDatetime | None = None
    access_reason: Line = ""
    access_people: Line = ""
    price: Price | None = None
    payment: PaymentState = PaymentState.NONE
    responsible_id: Id | None = None
    planned_from: AwareDatetime | None = None
    planned_until: AwareDatetime | None = None
    parent_id: LongId | None = None

    def given(self) -> dict[str, object]:
        """The fields that were given, by name."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


@dataclass(frozen=True, slots=True)
class Deadline:
    """What must have happened by when. `met_at` is None until it has; `held_at`: since when the limit does not run."""

    step: LimitStep
    due_at: datetime
    warn_at: datetime
    met_at: datetime | None
    held_at: datetime | None = None

    def late(self, now: datetime) -> bool:
        """Whether it was, or is, missed."""
        return is_missed(self.due_at, self.met_at, self.held_at, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket with the names of the rows it refers to. Times are in UTC; `zone` and `language` are its company's.

    A missing name, address or text is empty; `category` is the category's code.
    """

    id: int
    company_id: int
    company: str
    zone: str
    language: str
    number: int
    version: int
    state: TicketState
    call_id: str | None
    caller: str
    category_id: int | None
    category: str | None
    category_class: TicketClass | None
    category_ru: str | None
    category_en: str | None
    subject: str
    description: str
    contact_name: str
    contact_phone: str
    common_property: bool
    house_id: int | None
    address: str
    premises_id: int | None
    flat: str
    entrance: int | None
    resident_id: int | None
    resident: str
    access_at: datetime | None
    access_reason: str
    access_people: str
    price: Decimal | None
    payment: PaymentState
    crew_id: int | None
    crew: str
    responsible_id: int | None
    responsible: str
    responsible_phone: str
    planned_from: datetime | None
    planned_until: datetime | None
    opened_at: datetime
    accepted_at: datetime | None
    started_at: datetime | None
    done_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime
    result: str
    cancel_reason: str
    parent_id: int | None
    parent_number: int | None
    source: TicketSource
    crew_said: CrewAnswer | None
    waiting_since: datetime | None
    waited: timedelta
    limits_from: datetime | None
    merged_into: int | None
    merged_into_number: int | None
    operator_id: int | None
    operator: str
    deadlines: tuple[Deadline, ...] = ()

    def is_overdue(self, now: datetime) -> bool:
        """Whether somebody did not do in time what could have been done; of a ticket that is over, while it was open."""
        return any(line.late(self.closed_at or now) for line in self.deadlines)

    @property
    def has_somebody_to_tell(self) -> bool:
        """Whether there is a resident to be told of it: what the company found itself has none."""
        return bool(self.call_id or self.caller or self.resident_id or self.contact_name or self.contact_phone)

    def category_name(self, language: str) -> str:
        """The category in a language; empty when none was chosen yet."""
        return (self.category_ru if language == "ru" else self.category_en) or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEvent:
    """What happened to a ticket.

    `who` or `crew` did it. `changes`: the old and the new value by field, as JSON has them. `labels`: the names of
    rows that the changes refer to, by field and id, in Russian and in English.
    """

    id: int
    at: datetime
    kind: TicketEventKind
    who: str
    crew: str
    from_state: TicketState | None
    to_state: TicketState | None
    comment: str
    changes: Mapping[str, tuple[object, object]] = field(default_factory=dict)
    labels: Mapping[tuple[str, object], tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCall:
    """A call about a ticket. `talk_s` in seconds; `recordings`: the ids of those that can be listened to."""

    id: str
    arrived_at: datetime
    answered_at: datetime | None
    caller: str
    state: CallState
    outcome: Outcome | None
    talk_s: float | None
    operator: str
    recordings: tuple[int, ...]


class Conflict(Refusal):
    """The version given is not the newest; nothing was written.

    `changed`: what others changed since, by field: the value before and the value now.
    """

    status = 409
    text = gettext_noop(
        "Somebody else has changed this ticket since the given version; read it again and repeat the change."
    )
    code = "conflict"

    def __init__(self, current: Ticket, changed: dict[str, tuple[object, object]]) -> None:
        super().__init__()
        self.current = current
        self.changed = changed

    @property
    def details(self) -> Mapping[str, object]:
        """The newest version, and the changes."""
        return {"current_version": self.current.version, "changed": sorted(self.changed)}


class BadEdit(Refusal):
    """The change makes no sense; nothing was written. `fields`: what is wrong, by field.

    `unknown` (no such row of this company), `inactive`, `other house`, `other flat`, `before start`, `linked`
    (the incident is part of another, is this ticket, or this ticket is an incident itself), `words` (needs some).
    """

    status = 409
    text = gettext_noop("The change contradicts the directory.")
    meanings: ClassVar = {
        "unknown": "there is no such thing in this company",
        "inactive": "is not in use any more",
        "other house": "belongs to another house",
        "other flat": "belongs to another flat",
        "before start": "lies before the start",
        "linked": "an incident cannot be part of another, nor of itself",
        "words": "needs some words",
    }
    code = "bad edit"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__()
        self._fields = fields

    def __str__(self) -> str:
        return ", ".join(f"{name}: {problem}" for name, problem in self._fields.items())

    @property
    def fields(self) -> dict[str, str]:
        """What is wrong, by field."""
        return self._fields


class NoTicket(NotFound):
    """There is no such ticket, or none that this person or crew may see."""

    code = "no ticket"
