"""What the public may know of an outage: what is off, where, since when and until when, and why; nobody's data.

Not here, on purpose: who is at work, operators' notes, callers, tickets, which flats and which riser.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import asyncpg

from callcenter.domain.outage import OFF, OutageState


class PublicState(StrEnum):
    """An outage as the public sees it."""

    PLANNED = "planned"
    """Works that have not begun."""
    OFF = "off"
    RESTORED = "restored"
    """It is back, and is still being checked."""
    OVER = "over"
    NONE = "none"
    """There was no outage: what was told before was a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPlace:
    """A house. No entrances: all of them; `part`: not all of its flats."""

    house_id: int
    address: str
    entrances: tuple[int, ...]
    part: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicOutage:
    """An outage. `names`: what is off, by language; times are aware UTC."""

    id: int
    kind: str
    names: Mapping[str, str]
    planned: bool
    state: PublicState
    since: datetime
    until: datetime | None
    cause: str
    message: str
    places: tuple[PublicPlace, ...]

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        until = None if self.until is None else self.until.isoformat()
        return asdict(self) | {"since": self.since.isoformat(), "until": until}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCompany:
    """A company with a public page, and what is off at its houses or will be."""

    id: int
    page: str
    name: str
    zone: str
    language: str
    outages: tuple[PublicOutage, ...] = ()
    houses: Mapping[int, str] = field(default_factory=dict)
    """All of its addresses, by the house's id."""

    def at(self, house: int | None) -> tuple[PublicOutage, ...]:
        """Those of one house, or all, in the order in which they began or will."""
        return tuple(
            each for each in self.outages if house is None or any(place.house_id == house for place in each.places)
        )

    def document(self, house: int | None) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "company": self.name,
            "zone": self.zone,
            "house": None if house is None else {"id": house, "address": self.houses[house]},
            "outages": [each.document() for each in self.at(house)],
        }


def state_of(state: OutageState, planned: bool, since: datetime, now: datetime) -> PublicState:
    """What the public sees of an outage that somebody has confirmed."""
    if state is OutageState.CANCELLED:
        return PublicState.NONE
    if state in OFF:
        return PublicState.PLANNED if planned and now < since else PublicState.OFF
    return PublicState.OVER if state is OutageState.CLOSED else PublicState.RESTORED


def public_outage(row: asyncpg.Record, places: Iterable[asyncpg.Record], now: datetime) -> PublicOutage:
    """From a row of the queries `public` or `public_one`, and rows of `places`."""
    return PublicOutage(
        id=row["id"],
        kind=row["kind"],
        names={"ru": row["name_ru"], "en": row["name_en"]},
        planned=row["planned"],
        state=state_of(OutageState(row["state"]), row["planned"], row["since"], now),
        since=row["since"],
        until=row["until"],
        cause=row["cause"],
        message=row["message"],
        places=tuple(_place(place) for place in places),
    )


def _place(row: asyncpg.Record) -> PublicPlace:
    return PublicPlace(
        house_id=row["house_id"],
        address=", ".join(part for part in (row["city"], row["street"], row["building"]) if part),
        entrances=tuple(row["entrances"]),
        part=bool(row["flats"] or row["riser"]),
    )
