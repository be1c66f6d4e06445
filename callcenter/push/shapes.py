"""What all messages of the socket are made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import ConfigDict, PlainSerializer, WithJsonSchema


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


Moment = Annotated[datetime, PlainSerializer(_stamp), WithJsonSchema({"type": "string", "format": "date-time"})]
"""ISO 8601 with microseconds, in UTC."""


class Shape:
    """What all messages share: no field may be missing, none unknown, and a field's docstring says what it means."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class Shown(Shape):
    """The body of one part of a screen. `shown_as`: the kind of its deltas."""

    shown_as: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketKey(Shape):
    """Where a ticket is found, and what it is called."""

    id: int
    number: int
