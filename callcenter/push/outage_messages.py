"""What screens show of outages, and of the one that a caller is in."""

from dataclasses import dataclass
from typing import ClassVar

from callcenter.domain.outage import OutageState
from callcenter.push.shapes import Moment, Shape, Shown, TicketKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Shape):
    """The calls by which an outage was suspected."""

    calls: int
    flats: int
    seconds: int
    """From the first of the calls to the last."""
    usual: float
    """How many flats usually call in that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRow(Shape):
    """An outage that is not over."""

    id: int
    state: OutageState
    kind: str | None
    """What is off, as a code; null while nobody has said it."""
    company_id: int
    company: str
    zone: str
    addresses: tuple[str, ...]
    """The first three; empty when no house is known."""
    more_houses: int
    since: Moment
    until: Moment | None
    """When it is expected to end."""
    evidence: Evidence | None
    unspoken: bool
    """The voice failed: callers hear what was said before, or are not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutagesMessage(Shown):
    """The outages that are suspected, and those that are not over, from the newest."""

    shown_as: ClassVar[str] = "outages"
    outages: tuple[OutageRow, ...]
    not_shown: int
    """How many there are besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageFiguresRow(Shape):
    """How many callers an outage has."""

    id: int
    calls: int
    hearing: int
    """Are being told of it now."""
    helped: int
    """Heard it to the end, with the number of their ticket."""
    waiting: int
    """Wait for an operator all the same."""
    tickets: int
    """Of flats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageFiguresMessage(Shown):
    """The figures of the outages, of those that have callers."""

    shown_as: ClassVar[str] = "outage_figures"
    figures: tuple[OutageFiguresRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutage(Shape):
    """The outage that a caller is in."""

    id: int
    kind: str | None
    """What is off, as a code; null when it is only suspected."""
    until: Moment | None
    """When it is expected to end."""
    calls: int
    """How many have called about it."""
    ticket: TicketKey | None
    """The ticket that the caller's flat has in it."""
