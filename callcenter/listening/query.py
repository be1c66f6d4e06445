"""The filter of recordings in the query string of the page."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from callcenter.common.search import LONGEST
from callcenter.domain.recording import NOT_VERIFIED, PLAYABLE, RecordingState
from callcenter.listening.room import RecordingFilter
from callcenter.web.query import Day, Id, Query


class PlayableFilter(StrEnum):
    """Recordings by what can be done with them."""

    THERE = "there"
    WAITING = "waiting"
    MISSING = "missing"
    DELETED = "deleted"


class ReviewFilter(StrEnum):
    """Recordings by their marks and reviews."""

    UNREVIEWED = "unreviewed"
    REVIEWED = "reviewed"
    MARKED = "marked"


STATES = {
    PlayableFilter.THERE: tuple(PLAYABLE),
    PlayableFilter.WAITING: tuple(NOT_VERIFIED),
    PlayableFilter.MISSING: (RecordingState.MISSING,),
    PlayableFilter.DELETED: (RecordingState.DELETED,),
}
"""The options of the filter by state, and the states that each stands for."""
REVIEWED = {ReviewFilter.REVIEWED: True, ReviewFilter.UNREVIEWED: False}
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


class RecordingQuery(BaseModel):
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
    state: PlayableFilter | None = None
    noted: ReviewFilter | None = None


class RecordingFilterForm(Query[RecordingQuery]):
    """The filter of the listening room. An invalid length is the problem `length`; two in the wrong order, `lengths`."""

    PROBLEMS: ClassVar[Mapping[str, str]] = {**Query.PROBLEMS, "shortest": "length", "longest": "length"}

    def criteria(self, zone: str) -> RecordingFilter:
        """The criteria; days are those of the zone."""
        asked = self.asked
        search = self.search(asked.q)
        since, until = self.days(asked.since, asked.until, zone)
        if asked.shortest is not None and asked.longest is not None and asked.longest < asked.shortest:
            self.problems["longest"] = "lengths"
        return RecordingFilter(
            company=asked.company,
            operator=asked.operator,
            house=asked.house or "",
            since=since,
            until=until,
            shortest=asked.shortest,
            longest=None if "longest" in self.problems else asked.longest,
            states=STATES[asked.state] if asked.state else (),
            marked=True if asked.noted is ReviewFilter.MARKED else None,
            reviewed=None if asked.noted is None else REVIEWED.get(asked.noted),
            search=search,
        )
