"""What supervisors do with a recording: why they listen, and how they judge a talk, by a card whose lines are worth points."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from callcenter.errors import Refusal, gettext_noop

MOST_LINES = 15
MOST_POINTS = 10


class ListeningReason(StrEnum):
    """The reason, which a person gives before anything is played."""

    COMPLAINT = "complaint"
    QUALITY = "quality"
    FACTS = "facts"
    TRAINING = "training"
    OTHER = "other"
    """Needs an explanation in words."""


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """A line of a score card, worth up to `points`. A talk that gets nothing for a critical one gets nothing at all."""

    title: str
    points: int
    critical: bool = False


class BadPoints(Refusal):
    """More or fewer answers than lines, or more points than a line is worth."""

    text = gettext_noop("The points do not fit the score card.")
    code = "points"


def score(lines: Sequence[ScoreLine], points: Sequence[int | None]) -> float | None:
    """What a talk got of what it could get, in hundredths; None when there was no occasion for any line.

    `points`: for each line, None where there was no occasion. Raises `BadPoints`.
    """
    if len(lines) != len(points):
        raise BadPoints
    judged = [(line, got) for line, got in zip(lines, points, strict=True) if got is not None]
    if any(not 0 <= got <= line.points for line, got in judged):
        raise BadPoints
    if not judged:
        return None
    if any(line.critical and got == 0 for line, got in judged):
        return 0.0
    return round(100 * sum(got for _line, got in judged) / sum(line.points for line, _got in judged), 1)
