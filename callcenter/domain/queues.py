"""Who waits and who talks among each company number's callers, updated as calls change state."""

from collections.abc import Iterable
from datetime import datetime

from callcenter.domain.call import Call, CallState
from callcenter.domain.commands import QueueLine
from callcenter.domain.ids import CallId, QueueName


class Queues:
    """The lines of the board. `names`: those of which a screen may still show something old."""

    def __init__(self, names: Iterable[QueueName]) -> None:
        self._changed = set(names)
        self._waiting: dict[QueueName, dict[CallId, datetime]] = {}
        self._talking: dict[QueueName, set[CallId]] = {}

    @property
    def waiting(self) -> int:
        """Callers who wait, of all companies together."""
        return sum(map(len, self._waiting.values()))

    def change(self, names: Iterable[QueueName]) -> None:
        """These are the companies' numbers now."""
        self._changed |= set(names)

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
