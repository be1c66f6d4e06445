"""An outage as its pages and services see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from callcenter.domain.outage import Flats, OutageEventKind, OutagePlace, OutageState
from callcenter.errors import NotFound, Refusal, gettext_noop

Line = Annotated[str, Field(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, Field(max_length=1_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NoOutage(NotFound):
    """There is no such outage for this person."""

    code = "no outage"


class BadOutage(Refusal):
    """It refers to something that does not exist or belongs to another company. `code`: the field."""

    status = 409
    text = gettext_noop("Check the outage's fields.")
    meanings: ClassVar = {
        "unknown": "there is no such thing in this company",
        "missing": "needs a value",
        "twice": "names a house twice",
        "before start": "lies before the start",
        "over": "the outage is over",
        "unspoken": "cannot be spoken: it has no word, a word of more than 40 letters, or is too long in words",
    }


class OutageConflict(Refusal):
    """Somebody changed it meanwhile."""

    status = 409
    text = gettext_noop("Somebody changed the outage meanwhile. Look at it again.")


class PlaceEdit(BaseModel):
    """A house, or a part of one. `flats`: `1-40, 55`; empty: all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    house_id: Id
    entrances: Annotated[tuple[Annotated[int, Field(ge=1, le=99)], ...], Field(max_length=99)] = ()
    flats: Annotated[str, Field(max_length=500)] = ""
    riser: Line = ""

    @property
    def place(self) -> OutagePlace:
        """As the domain has it. Raises `BadFlats`."""
        return OutagePlace(
            house_id=self.house_id,
            entrances=frozenset(self.entrances),
            flats=Flats.parse(self.flats),
            riser=self.riser,
        )


Places = Annotated[tuple[PlaceEdit, ...], Field(min_length=1, max_length=2_000)]


class PlacesEdit(BaseModel):
    """Houses that an outage is in too, or in another part of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    places: Places


class OutageEdit(BaseModel):
    """What can be changed as long as it is not over: only the fields that are given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cause: Line = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    crew_id: Id | None = None
    workers: Line = ""
    message: Text = ""
    operator_note: Text = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ValueError("until is not after since")
        return self

    def given(self) -> dict[str, object]:
        """The fields that were given, by name."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class NewOutage(OutageEdit):
    """An outage to be opened. It is in at least one house."""

    company_id: Id
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    planned: bool = False
    since: AwareDatetime
    places: Places


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """Where it is. `address`: in words, with the city; `said`: as callers hear it, without."""

    house_id: int
    address: str
    said: str
    entrances: tuple[int, ...]
    flats: str
    riser: str

    @property
    def edit(self) -> PlaceEdit:
        """What is to be given to leave it as it is."""
        return PlaceEdit(house_id=self.house_id, entrances=self.entrances, flats=self.flats, riser=self.riser)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """An outage. Times are aware UTC; `zone` is the company's."""

    id: int
    company_id: int
    company: str
    zone: str
    language: str
    kind: str | None
    names: Mapping[str, str]
    """What it is called, by language; empty while nobody has said what is off."""
    said: str
    """What is off, as callers hear it in the company's language."""
    planned: bool
    state: OutageState
    cause: str
    since: datetime
    until: datetime | None
    crew_id: int | None
    workers: str
    message: str
    operator_note: str
    incident_id: int | None
    incident_number: int | None
    opened_at: datetime
    version: int
    evidence: Mapping[str, Any] | None
    """The calls by which it was suspected: `suggested.evidence_of`."""
    recording: str | None
    """The name of the sound that somebody recorded for callers, in place of the spoken text."""
    recorded_at: datetime | None
    unspoken: bool
    """The voice failed: callers hear what was said before, or are not told."""
    places: tuple[PlaceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageChange:
    """What was done to an outage. `before`: the state it was in, None when it has just been opened; `fields`: what was
    edited, `places` too.
    """

    before: OutageState | None
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageFigures:
    """How many callers: in all, hear it now, heard it to the end, wait for an operator; and the tickets of flats."""

    calls: int = 0
    hearing: int = 0
    helped: int = 0
    waiting: int = 0
    tickets: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageEvent:
    """What happened to it."""

    id: int
    at: datetime
    who: str
    kind: OutageEventKind
    from_state: OutageState | None
    to_state: OutageState | None
    comment: str
    changes: Mapping[str, tuple[object, object]]

    @property
    def moments(self) -> dict[str, tuple[datetime | None, datetime | None]]:
        """The times that were changed: the old and the new one, by field."""
        return {
            name: (_moment(old), _moment(new))
            for name, (old, new) in self.changes.items()
            if name in ("since", "until")
        }


def _moment(written: object) -> datetime | None:
    return datetime.fromisoformat(written) if isinstance(written, str) else None
