"""Who waits and who talks in each queue, updated as calls change state."""

from collections.abc import Iterable
from datetime import datetime

from callcenter.domain.call import Call, CallState
from callcenter.domain.commands import QueueLine
from callcenter.domain.ids import CallId, QueueName


class Queues:
    """The lines of the board. `changed`: since `lines` was last called."""

    def __init__(self, names: Iterable[QueueName]) -> None:
        self._waiting: dict[QueueName, dict[CallId, datetime]] = {name: {} for name in names}
        self._talking: dict[QueueName, set[CallId]] = {name: set() for name in self._waiting}
        self.changed = True

    def change(self, names: Iterable[QueueName]) -> None:
        """These are the queues now; one that is gone is shown until its callers have left."""
        wanted = frozenset(names)
        for name in wanted - self._waiting.keys():
            self._waiting[name], self._talking[name] = {}, set()
            self.changed = True
        for name in self._waiting.keys() - wanted:
            if not self._waiting[name] and not self._talking[name]:
                del self._waiting[name], self._talking[name]
                self.changed = True

    def move(self, before: Call | None, after: Call) -> None:
        """Move the call from its old place to its new one."""
        if before is not None and _place(before) == _place(after):
            return
        self.changed = True
        if before is not None and before.queue in self._waiting:
            self._waiting[before.queue].pop(before.id, None)
            self._talking[before.queue].discard(before.id)
        if after.queue is None or after.state not in (CallState.WAITING, CallState.TALKING):
            return
        waiting = self._waiting.setdefault(after.queue, {})
        talking = self._talking.setdefault(after.queue, set())
        if after.state is CallState.WAITING:
            waiting[after.id] = after.waiting_since or after.arrived_at
        else:
            talking.add(after.id)

    def lines(self) -> tuple[QueueLine, ...]:
        """One line per queue, by name. Callers join in order, so the first is the one who waits longest."""
        self.changed = False
        return tuple(
            QueueLine(
                queue=queue,
                waiting=len(waiting),
                talking=len(self._talking[queue]),
                oldest=next(iter(waiting.values()), None),
            )
            for queue, waiting in sorted(self._waiting.items())
        )


def _place(call: Call) -> tuple[object, ...]:
    # A caller who comes back waits again, behind those who joined meanwhile.
    return call.state, call.queue, call.returns
