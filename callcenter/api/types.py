"""The types of fields in requests and answers."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

MOMENT_PATTERN = (
    r"^20[0-9]{2}-(0[1-9]|1[0-2])-[0-3][0-9]T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
MONEY_PATTERN = r"^[0-9]{1,10}(\.[0-9]{1,2})?$"
_MOMENT = re.compile(MOMENT_PATTERN, re.ASCII)
_MONEY = re.compile(MONEY_PATTERN, re.ASCII)


def _moment(given: object) -> object:
    if isinstance(given, str):
        if not _MOMENT.fullmatch(given):
            raise ValueError("a time is written as 2026-03-05T09:30:00Z, with a zone, in this century")
        return datetime.fromisoformat(given).astimezone(UTC)
    return given


def _money(given: object) -> object:
    if isinstance(given, str):
        if not _MONEY.fullmatch(given):
            raise ValueError("a price is written as 1250.00")
        return Decimal(given)
    raise ValueError("a price is written as a string, such as 1250.00")


def whole(given: object) -> object:
    """A whole number, however it is written in JSON."""
    # In JSON Schema 1.0 is an integer, and some programs have floating-point numbers only.
    return int(given) if isinstance(given, float) and given.is_integer() else given


Id = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(whole)]
LongId = Annotated[int, Field(ge=1, le=2**63 - 1), BeforeValidator(whole)]
CallName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": MOMENT_PATTERN}, mode="validation"),
]
Money = Annotated[
    Decimal, BeforeValidator(_money), WithJsonSchema({"type": "string", "pattern": MONEY_PATTERN}, mode="validation")
]
Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
LongText = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]
RequiredText = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[^\x00]*[^\x00-\x20][^\x00]*$")]
Telephone = Annotated[str, Field(pattern=r"^\+[0-9]{3,15}$", description="E.164, as +79161234567")]
Limit = Annotated[int, Field(ge=1, le=200, description="how many at most"), BeforeValidator(whole)]


def only_given(schema: dict[str, Any]) -> None:
    """Schema of an optional query parameter: it can be left out, but not be null."""
    for part in schema.get("properties", {}).values():
        kinds = [kind for kind in part.get("anyOf", ()) if kind.get("type") != "null"]
        if len(kinds) == 1:
            del part["anyOf"]
            part.update(kinds[0])
        if part.get("default", "") is None:
            del part["default"]


def published_name(model: type) -> str:
    """The name of a model in the description of the interface."""
    return model.__name__.replace("Model", "")


class RequestModel(BaseModel):
    """A request body. An unknown name in it is an error, since it is most often a typo."""

    model_config = ConfigDict(frozen=True, extra="forbid", model_title_generator=published_name)


class QueryModel(RequestModel):
    """A query string."""

    model_config = ConfigDict(json_schema_extra=only_given)


class ResponseModel(BaseModel):
    """A response body, made from a row or an object with these names."""

    model_config = ConfigDict(frozen=True, from_attributes=True, model_title_generator=published_name)


Item = TypeVar("Item", bound=ResponseModel)


class All(ResponseModel, Generic[Item]):
    """All there are."""

    items: list[Item]


class PageModel(ResponseModel, Generic[Item]):
    """A page of a list. Send `next` as `cursor` to get the following page; null on the last page."""

    items: list[Item]
    next: str | int | None


def page_of(model: type[Item], rows: Sequence[Any], limit: int) -> PageModel[Item]:
    """A page of at most `limit` of these rows, which contain one more when another page follows."""
    shown = [model.model_validate(dict(row)) for row in rows[:limit]]
    following = rows[limit - 1]["id"] if len(rows) > limit else None
    return PageModel[model](items=shown, next=following)  # type: ignore[valid-type]
