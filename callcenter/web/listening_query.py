"""Which recordings are asked for, as it stands in the address of the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from callcenter.desk.journal_search import LONGEST, Search, clean
from callcenter.desk.listening import Place, Wanted
from callcenter.web.journal_query import Day, Id, cursor

FIELDS = ("q", "house", "operator", "company", "since", "until", "shortest", "longest", "state", "noted")
STATES = {
    "there": ("stored", "verified", "attached", "expired"),
    "waiting": ("expected", "recorded"),
    "missing": ("missing",),
    "deleted": ("deleted",),
}
"""What can be asked of a recording's state, and the states that it means."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_S = 24 * 3600


def seconds(text: object) -> object:
    """`1:30`, `1:02:03` or `90` as seconds. Raises `ValueError` for anything else."""
    if not isinstance(text, str):
        return text
    parts = text.split(":")
    if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() and len(part) <= 5 for part in parts):
        raise ValueError("no length")
    total = 0
    for part in parts:
        total = 60 * total + int(part)
    return total


Length = Annotated[int, Field(ge=0, le=_LONGEST_S), BeforeValidator(seconds)]


class Asked(BaseModel):
    """The form, every field of which may be absent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    q: Annotated[str, Field(max_length=LONGEST)] | None = None
    house: Annotated[str, Field(max_length=LONGEST)] | None = None
    operator: Id | None = None
    company: Id | None = None
    since: Day | None = None
    until: Day | None = None
    shortest: Length | None = None
    longest: Length | None = None
    state: Literal["there", "waiting", "missing", "deleted"] | None = None
    noted: Literal["marked", "reviewed", "unreviewed"] | None = None


PROBLEMS = {"since": "date", "until": "date", "shortest": "length", "longest": "length"}


@dataclass
class Form:
    """What was typed, what it means, and what is wrong with it by field: `choice`, `date`, `length`, `words`, `order`."""

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
        if asked.shortest is not None and asked.longest is not None and asked.longest < asked.shortest:
            self.problems["longest"] = "lengths"
        ends = asked.until if "until" not in self.problems else None
        return Wanted(
            company=asked.company,
            operator=asked.operator,
            house=asked.house or "",
            since=datetime.combine(asked.since, time(), ZoneInfo(zone)) if asked.since else None,
            until=datetime.combine(ends + timedelta(days=1), time(), ZoneInfo(zone)) if ends else None,
            shortest=asked.shortest,
            longest=None if "longest" in self.problems else asked.longest,
            states=STATES[asked.state] if asked.state else (),
            marked=True if asked.noted == "marked" else None,
            reviewed={"reviewed": True, "unreviewed": False}.get(asked.noted or ""),
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
                problems[name] = PROBLEMS.get(name, "choice")
                given.pop(name, None)


def place_of(text: str) -> Place | None:
    """Where a page begins; None for the first page, and for what is no such place."""
    found = cursor(text)
    return None if found is None else Place(found.opened_at, found.ticket)


def written(place: Place | None) -> str:
    """A place as it stands in an address."""
    return "" if place is None else f"{(place.at - EPOCH) // timedelta(microseconds=1)}-{place.recording}"
