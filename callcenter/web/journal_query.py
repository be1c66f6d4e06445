"""What of the journal is asked for, as it stands in the address of the page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from callcenter.desk.journal import OPEN, Cursor, Payment, Wanted
from callcenter.desk.journal_search import LONGEST, Search, clean
from callcenter.domain.ticket import TicketState

PAYMENTS: tuple[Payment, ...] = ("due", "paid", "refunded")
FIELDS = ("q", "state", "due", "category", "company", "house", "crew", "operator", "since", "until", "paid")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,18})", re.ASCII)


def _only_date(value: object) -> object:
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError("no date")
    return value


def _only_digits(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("no number")
    return value


Id = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_only_digits)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31)), BeforeValidator(_only_date)]


class Asked(BaseModel):
    """The form, every field of which may be absent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    q: Annotated[str, Field(max_length=LONGEST)] | None = None
    state: TicketState | Literal["open"] | None = None
    due: Literal["late", "soon"] | None = None
    category: Literal["emergency", "planned", "paid", "question"] | Id | None = None
    company: Id | None = None
    house: Annotated[str, Field(max_length=LONGEST)] | None = None
    crew: Id | None = None
    operator: Id | None = None
    since: Day | None = None
    until: Day | None = None
    paid: Literal["any", "due", "paid", "refunded"] | None = None


@dataclass
class Form:
    """What was typed, what it means, and what is wrong with it by field: `choice`, `date`, `words`, `long`, `order`."""

    typed: Mapping[str, str]
    asked: Asked
    problems: dict[str, str] = field(default_factory=dict)

    def wanted(self, zone: str) -> Wanted:
        """What to look for; days are those of the zone."""
        asked = self.asked
        search = Search.of(asked.q) if asked.q else None
        if asked.q and search is None:
            self.problems["q"] = "words"
        if asked.since and asked.until and asked.until < asked.since:
            self.problems["until"] = "order"
        ends = asked.until if "until" not in self.problems else None
        return Wanted(
            company=asked.company,
            states=OPEN if asked.state == "open" else (TicketState(asked.state),) if asked.state else (),
            due=asked.due,
            category_class=asked.category if isinstance(asked.category, str) else None,
            category=asked.category if isinstance(asked.category, int) else None,
            house=asked.house or "",
            crew=asked.crew,
            operator=asked.operator,
            since=_midnight(asked.since, zone) if asked.since else None,
            until=_midnight(ends + timedelta(days=1), zone) if ends else None,
            payments=PAYMENTS if asked.paid == "any" else (asked.paid,) if asked.paid else (),
            search=search,
        )

    def address(self, **changes: str) -> str:
        """The query string of this filter with other values in some fields, empty ones left out."""
        return urlencode({name: value for name, value in {**self.typed, **changes}.items() if value})


def read(query: Mapping[str, str]) -> Form:
    """Understand a query string. A field that makes no sense is told of and left out, so that the others still count."""
    typed = {name: value for name in FIELDS if (value := clean(query.get(name, "")))}
    given = dict(typed)
    problems: dict[str, str] = {}
    while True:
        try:
            return Form(typed=typed, asked=Asked.model_validate(given), problems=problems)
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False):
                name = str(item["loc"][0])
                problems[name] = "date" if name in ("since", "until") else "choice"
                given.pop(name, None)


def cursor(text: str) -> Cursor | None:
    """Where a page begins; None for the first page, and for what is no such place."""
    found = _CURSOR.fullmatch(text)
    if found is None:
        return None
    return Cursor(EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))


def place(at: Cursor | None) -> str:
    """A cursor as it stands in an address."""
    return "" if at is None else f"{(at.opened_at - EPOCH) // timedelta(microseconds=1)}-{at.ticket}"


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))
