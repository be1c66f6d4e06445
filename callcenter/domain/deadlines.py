"""When a limit ends: minutes from the ticket's opening, all of them or only those inside a daily window.

A window is in the company's local time: a minute counts when the clock there shows a time from `opens` to `closes`.
So a night in which the clocks change neither shortens nor lengthens a working day, and the limit itself is
counted in real minutes. A new company starts with `storage/defaults/categories.toml`, after Russian Government Decree
416, section IV.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


class LimitStep(StrEnum):
    """What must have happened when the limit ends."""

    TELL = "tell"
    LOCALISE = "localise"
    CLEAR = "clear"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take. `minutes` and `warn_before` in minutes; the window, if any, opens before it closes."""

    step: LimitStep
    minutes: int
    warn_before: int = 0
    opens: time | None = None
    closes: time | None = None

    def __post_init__(self) -> None:
        if self.minutes <= 0 or not 0 <= self.warn_before < self.minutes:
            raise ValueError("a limit takes a positive number of minutes, and warns within them")
        if (self.opens is None) != (self.closes is None):
            raise ValueError("a window has both ends")
        if self.opens is not None and self.closes is not None and self.closes <= self.opens:
            raise ValueError("a window closes after it opens")


@dataclass(frozen=True, slots=True)
class Due:
    """When it is due and when to warn of that, both in UTC; the warning is never after the deadline."""

    due_at: datetime
    warn_at: datetime


def is_missed(due_at: datetime, met_at: datetime | None, held_at: datetime | None, now: datetime) -> bool:
    """Whether a limit was missed, or is by now: somebody did not do in time what could have been done.

    What was done in time was, however late it was noted that the ticket is over. While a ticket waits for its resident
    (`held_at`) its limits do not run; what was late before that stays late.
    """
    return (met_at or held_at or now) > due_at


def due(opened_at: datetime, limit: Limit, zone: ZoneInfo) -> Due:
    """The moments at which a limit counted from `opened_at` warns and ends. `opened_at` must have a UTC offset."""
    if opened_at.tzinfo is None:
        raise ValueError("opened_at needs an offset")
    start = opened_at.astimezone(UTC)
    whole = timedelta(minutes=limit.minutes)
    first = whole - timedelta(minutes=limit.warn_before)
    if limit.opens is None or limit.closes is None:
        return Due(due_at=start + whole, warn_at=start + first)
    window = limit.opens, limit.closes
    return Due(due_at=_after(start, whole, window, zone), warn_at=_after(start, first, window, zone))


def _after(start: datetime, needed: timedelta, window: tuple[time, time], zone: ZoneInfo) -> datetime:
    """The moment at which `needed` of open time has passed since `start`."""
    for opens, closes in _windows(start, window, zone):
        begin = max(start, opens)
        if closes <= begin:
            continue
        if needed <= closes - begin:
            return begin + needed
        needed -= closes - begin
    raise OverflowError("the calendar ends before the limit does")


def _windows(start: datetime, window: tuple[time, time], zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Each day's window in UTC, from the one in which `start` may lie."""
    day = start.astimezone(zone).date()
    while day < date.max:
        yield _moment(day, window[0], zone), _moment(day, window[1], zone)
        day += DAY


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When the local clock shows this: the first time, if twice; the moment of the jump, if the time is skipped."""
    wall = datetime.combine(day, at, tzinfo=zone)
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    # By PEP 495 such a time is read with the old offset, which lies after the jump, or with the new one, before it.
    return _jump(wall.replace(fold=1).astimezone(UTC), moment, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the zone's offset changes, to the second."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
