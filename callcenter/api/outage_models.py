"""Outages as programs see and send them."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from callcenter.api.ticket_models import Version
from callcenter.api.types import Id, Limit, Moment, QueryModel, RequestModel, ResponseModel, whole
from callcenter.domain.outage import LONGEST_FLATS, OutageEventKind, OutageState, OutageStep
from callcenter.outages.outage import PlaceEdit

# What is spoken holds no signs that cannot be; `\x09` and `\x0a` only where a text has lines.
SpokenLine = Annotated[str, Field(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
SpokenText = Annotated[str, Field(max_length=1_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
KindCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="one of `/outage-kinds`")]
FlatList = Annotated[
    str,
    Field(max_length=LONGEST_FLATS, pattern=r"^[^\x00]*$", description="as `1-40, 55, 57а`; empty: all"),
]

Entrance = Annotated[int, Field(ge=1, le=99), BeforeValidator(whole)]


class OutageKindModel(ResponseModel):
    """What can be off."""

    code: str
    name_ru: str
    name_en: str


class OutagePlaceModel(ResponseModel):
    """A house, or a part of one. Empty entrances and flats: all."""

    house_id: int
    address: str
    entrances: list[int]
    flats: str
    riser: str


class OutageLine(ResponseModel):
    """An outage in the list. `kind` is null while nobody has said what a suspected one is."""

    id: int
    company_id: int
    version: int
    state: OutageState
    kind: str | None
    planned: bool
    cause: str
    since: Moment
    until: Moment | None
    incident_id: int | None
    opened_at: Moment


class OutageModel(OutageLine):
    """An outage. `version` grows with every change; send it with the next one."""

    crew_id: int | None
    workers: str
    message: str
    operator_note: str
    incident_number: int | None
    places: list[OutagePlaceModel]


class OutageEventModel(ResponseModel):
    """Something that happened to an outage. `changes`: the old and the new value, by field."""

    id: int
    at: Moment
    kind: OutageEventKind
    who: str
    from_state: OutageState | None
    to_state: OutageState | None
    comment: str
    changes: dict[str, tuple[Any, Any]]


class PageOfOutages(QueryModel):
    """Which outages."""

    company_id: Id | None = None
    state: OutageState | None = None
    open: Annotated[bool | None, Field(description="those that are not over, or those that are")] = None
    house_id: Id | None = None
    cursor: Id | None = None
    limit: Limit = 50


class OutagePlaceEdit(RequestModel):
    """A house, or a part of one. Empty entrances and flats: all. `riser`: in words."""

    house_id: Id
    entrances: Annotated[list[Entrance], Field(max_length=99, default_factory=list)]
    flats: FlatList = ""
    riser: SpokenLine = ""

    def edit(self) -> PlaceEdit:
        """As the service takes it."""
        return PlaceEdit.model_validate(self.model_dump())


Places = Annotated[list[OutagePlaceEdit], Field(min_length=1, max_length=2_000)]


class OutageFields(RequestModel):
    """What may be set. `workers` (who is at work) and `message` are spoken to callers; `operator_note` is not."""

    cause: SpokenLine = ""
    until: Annotated[Moment | None, Field(description="when it is expected to end; null: not known")] = None
    crew_id: Id | None = None
    workers: SpokenLine = ""
    message: SpokenText = ""
    operator_note: SpokenText = ""


class NewOutageModel(OutageFields):
    """An outage to open. `planned`: works that begin and end by their times."""

    company_id: Id
    kind: KindCode
    planned: bool = False
    since: Moment
    places: Places


class OutageEditModel(OutageFields):
    """The fields to change; those that are left out stay as they are."""

    version: Version
    since: Moment | None = None


class NewOutageStep(RequestModel):
    """A step to take. `cancel` and `fail_again` need a comment, the reason. With a `version` it is taken only if that is
    still the newest.
    """

    step: OutageStep
    comment: SpokenText = ""
    version: Version | None = None


class NewOutagePlaces(RequestModel):
    """Where it is. With a `version` it is changed only if that is still the newest."""

    places: Places
    version: Version | None = None
