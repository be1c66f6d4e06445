"""Who waits and who talks among each company number's callers, updated as calls change state; and whom of those who wait
an outage concerns.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from callcenter.domain.call import Call, CallState
from callcenter.domain.commands import QueueLine, WithdrawCaller
from callcenter.domain.events import OutageAnnounced
from callcenter.domain.ids import CallId, QueueName

# Longer than anybody is on the way from the arrival to a queue.
ON_THE_WAY = timedelta(minutes=10)


class Queues:
    """The lines of the board. `names`: those of which a screen may still show something old."""

    def __init__(self, names: Iterable[QueueName]) -> None:
        self._names = frozenset(names)
        self._changed = set(self._names)
        self._waiting: dict[QueueName, dict[CallId, datetime]] = {}
        self._talking: dict[QueueName, set[CallId]] = {}

    def __contains__(self, name: QueueName) -> bool:
        """Whether it is a company's number."""
        return name in self._names

    @property
    def waiting(self) -> int:
        """Callers who wait, of all companies together."""
        return sum(map(len, self._waiting.values()))

    def change(self, names: Iterable[QueueName]) -> None:
        """These are the companies' numbers now."""
        self._names = frozenset(names)
        self._changed |= self._names

    def move(self, before: Call | None, after: Call) -> None:
        """Move the call from its old place to its new one."""
        if before is not None and _place(before) == _place(after):
            return
        if before is not None and before.line is not None:
            self._changed.add(before.line)
            self._waiting.get(before.line, {}).pop(before.id, None)
            self._talking.get(before.line, set()).discard(before.id)
        if after.line is None:
            return
        self._changed.add(after.line)
        if after.state is CallState.WAITING:
            self._waiting.setdefault(after.line, {})[after.id] = after.waiting_since or after.arrived_at
        elif after.state is CallState.TALKING:
            self._talking.setdefault(after.line, set()).add(after.id)

    def changes(self) -> tuple[QueueLine, ...]:
        """The lines that changed since the last time, by name: what has not changed costs nothing.

        Callers join in order, so the first is the one who waits longest.
        """
        changed, self._changed = self._changed, set()
        return tuple(self._line(name) for name in sorted(changed))

    def _line(self, name: QueueName) -> QueueLine:
        waiting = self._waiting.get(name, {})
        return QueueLine(
            queue=name,
            waiting=len(waiting),
            talking=len(self._talking.get(name, ())),
            oldest=next(iter(waiting.values()), None),
        )


def _place(call: Call) -> tuple[object, ...]:
    # A caller who comes back waits again, behind those who joined meanwhile.
    return call.state, call.line, call.returns


class AnnouncedOutages:
    """Who is taken out of the queue to be told of an outage: once, and nobody who has talked to an operator."""

    def __init__(self) -> None:
        self._latest: dict[int, OutageAnnounced] = {}

    def announce(self, event: OutageAnnounced, calls: Iterable[Call]) -> list[WithdrawCaller]:
        """Of these calls, those that wait already."""
        kept = {outage: before for outage, before in self._latest.items() if event.at - before.at < ON_THE_WAY}
        self._latest = {**kept, event.outage: event}
        return [_withdraw(call) for call in calls if _concerns(event, call)]

    def joined(self, before: Call | None, after: Call) -> list[WithdrawCaller]:
        """A call that passed the dialplan's look for announcements before there was one, and joins the queue only now."""
        was_waiting = before is not None and before.state is CallState.WAITING
        if was_waiting or after.told_at is not None or after.withdrawals:
            return []
        late = (event for event in self._latest.values() if after.arrived_at < event.at and _concerns(event, after))
        return [_withdraw(after) for _ in late][:1]


def _concerns(event: OutageAnnounced, call: Call) -> bool:
    """Residents of its flats, and callers whom nobody knows."""
    if call.state is not CallState.WAITING or call.answered_at is not None:
        return False
    if call.did not in event.dids or not call.channel:
        return False
    known = call.card is not None and call.card.resident_id is not None
    heard = any(each.outage == event.outage for each in call.announcements)
    return not heard and (call.caller in event.callers or not known)


def _withdraw(call: Call) -> WithdrawCaller:
    return WithdrawCaller(call=call.id, channel=call.channel)
