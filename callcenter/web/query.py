"""Filters of lists in the query string of a page: untrusted, validated field by field, never refused as a whole."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Annotated, ClassVar, Generic, Self, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from callcenter.common.cursors import PageCursor
from callcenter.common.search import Search, clean

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def only_date(value: object) -> object:
    """The text of a day; any other text raises `ValueError`, since a number would be taken for seconds since 1970."""
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError("no date")
    return value


def _only_digits(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("no number")
    return value


Id = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_only_digits)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31)), BeforeValidator(only_date)]

Asked = TypeVar("Asked", bound=BaseModel)


@dataclass
class Query(Generic[Asked]):
    """What was typed, the validated values, and what is wrong by field.

    `asked` has a field for each that there is, all of them optional. A problem is `choice`, or what `PROBLEMS` says of the
    field; words that cannot be searched for are `words`, days in the wrong order `order`.
    """

    typed: Mapping[str, str]
    asked: Asked
    problems: dict[str, str] = field(default_factory=dict)

    PROBLEMS: ClassVar[Mapping[str, str]] = {"since": "date", "until": "date"}

    @classmethod
    def read(cls, form: type[Asked], query: Mapping[str, str]) -> Self:
        """Validate a query string. An invalid field is reported and left out, so that the others still count."""
        typed = {name: value for name in form.model_fields if (value := clean(query.get(name, "")))}
        given = dict(typed)
        problems: dict[str, str] = {}
        while True:
            try:
                return cls(typed=typed, asked=form.model_validate(given), problems=problems)
            except ValidationError as error:
                for item in error.errors(include_url=False, include_input=False):
                    name = str(item["loc"][0])
                    problems[name] = cls.PROBLEMS.get(name, "choice")
                    given.pop(name, None)

    def search(self, typed: str | None) -> Search | None:
        """The field `q` as words or numbers to search for."""
        found = Search.of(typed) if typed else None
        if typed and found is None:
            self.problems["q"] = "words"
        return found

    def days(self, since: date | None, until: date | None, zone: str) -> tuple[datetime | None, datetime | None]:
        """From the first moment of one day on, and before the end of the other, in the zone."""
        if since and until and until < since:
            self.problems["until"] = "order"
        last = until if "until" not in self.problems else None
        return (
            _midnight(since, zone) if since else None,
            _midnight(last + timedelta(days=1), zone) if last else None,
        )

    def address(self, **changes: str) -> str:
        """The query string of this filter with other values in some fields, empty ones left out."""
        return urlencode({name: value for name, value in {**self.typed, **changes}.items() if value})


def cursor_of(text: str) -> PageCursor | None:
    """The cursor of a page; None for the first page, and for an invalid cursor."""
    try:
        return PageCursor.parse(text)
    except ValueError:
        return None


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))
