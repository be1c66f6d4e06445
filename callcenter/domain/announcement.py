"""What a caller was told of an outage without an operator: what was played, how much of it was heard."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

DECLINED = "1"
"""The key of a caller who wants an operator: theirs is something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An outage's announcement, with the ticket's number at its end, as one caller heard it."""

    outage: int
    number: int
    """Of the ticket that was named: reserved for the caller's flat, or for the caller's telephone."""
    began_at: datetime
    ended_at: datetime | None = None
    """When it was over, or the caller pressed a key or hung up; None while it plays, or if that was never seen."""
    whole: bool = False
    """Heard to the end, the ticket's number included."""

    @property
    def heard_s(self) -> float | None:
        """Seconds that were heard; None while it plays."""
        return None if self.ended_at is None else max(0.0, (self.ended_at - self.began_at).total_seconds())


def learn(known: tuple[Announcement, ...], heard: Announcement) -> tuple[Announcement, ...]:
    """The announcements with what is now known of one; in the order in which they began.

    Each is known by when it began. That it was heard to its end is never unlearned.
    """
    before = next((each for each in known if _same(each, heard)), None)
    if before is None:
        return tuple(sorted((*known, heard), key=lambda each: each.began_at))
    merged = replace(before, ended_at=before.ended_at or heard.ended_at, whole=before.whole or heard.whole)
    return tuple(merged if each is before else each for each in known)


def heard_whole(announcements: Iterable[Announcement]) -> bool:
    """Whether the caller was helped: heard one of their own outages and their own ticket's number to the end."""
    return any(each.whole for each in announcements)


def _same(one: Announcement, other: Announcement) -> bool:
    return (one.outage, one.number, one.began_at) == (other.outage, other.number, other.began_at)
