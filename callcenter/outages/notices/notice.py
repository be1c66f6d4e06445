"""Messages by which others are told of outages: to whom, by which way, on what occasion."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from callcenter.domain.outage import OFF, OutageState
from callcenter.outages.outage import OutageChange

PUBLIC_FIELDS = frozenset({"cause", "since", "until", "message", "places"})
"""Who is at work, the crew and the operators' note are nobody else's business."""


class RecipientParty(StrEnum):
    """Whom a recipient belongs to."""

    COMPANY = "company"
    MUNICIPALITY = "municipality"
    SUPPLIER = "supplier"


class NoticeWay(StrEnum):
    """How a recipient is reached."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    MAX = "max"


class NoticeEvent(StrEnum):
    """What a message is about."""

    OPENED = "opened"
    CHANGED = "changed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message. `key`: the same each time it is sent; `outage`: what was public then (`PublicOutage.document`), with the
    `company`, its `zone`, and the `page` where there is one.
    """

    key: str
    event: NoticeEvent
    outage: dict[str, Any]
    recipient: str
    address: str
    secret: str | None
    language: str

    def at(self, name: str) -> datetime | None:
        """A time of the outage."""
        return None if self.outage[name] is None else datetime.fromisoformat(self.outage[name])


class NoticeChannel(Protocol):
    """A way to recipients."""

    async def send(self, notice: Notice) -> None:
        """Send it. Raises `NotDelivered`."""
        ...


_TO_COME = (None, OutageState.SUSPECTED)


def event_of(change: OutageChange, after: OutageState) -> NoticeEvent | None:
    """What others are told of a change, if anything. `after`: the state that the outage is in now."""
    before = change.before
    if before in _TO_COME:
        return NoticeEvent.OPENED if after in OFF else None
    if before == after:
        return NoticeEvent.CHANGED if change.fields & PUBLIC_FIELDS else None
    if after in OFF:
        return None if before in OFF else NoticeEvent.CHANGED
    # Whoever was told that it is back needs not to be told that it was checked, and then closed.
    return NoticeEvent.ENDED if before in OFF else None
