"""What Prometheus is told of a node's calls and operators."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from callcenter import metrics
from callcenter.domain.call import CallState
from callcenter.domain.commands import Command, SaveCall, ShowQueues
from callcenter.domain.events import Presence
from callcenter.domain.ids import CallId
from callcenter.domain.operator import OperatorStatus
from callcenter.domain.switchboard import Switchboard

LOOK_S = 2.0
REMEMBERED = 10_000
"""Ended calls that are not counted a second time, when the ledger corrects them."""


class NodeFigures:
    """Counts what passes on its way to the adapters, and looks at the switchboard every few seconds."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        # Since when the caller waits who waits longest.
        self._oldest: dict[str, datetime | None] = {}
        self._counted: dict[CallId, None] = {}

    def count(self, order: Command) -> None:
        """Take one order. Never blocks."""
        match order:
            case ShowQueues():
                for line in order.queues:
                    metrics.waiting.labels(queue=line.queue).set(line.waiting)
                    metrics.talking.labels(queue=line.queue).set(line.talking)
                    self._oldest[line.queue] = line.oldest
            case SaveCall() if order.call.state is CallState.ENDED and order.call.id not in self._counted:
                self._counted[order.call.id] = None
                if len(self._counted) > REMEMBERED:
                    del self._counted[next(iter(self._counted))]
                metrics.calls_total.labels(direction=order.call.direction, outcome=order.call.outcome).inc()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look(datetime.now(UTC))
            await asyncio.sleep(LOOK_S)

    def look(self, now: datetime) -> None:
        """Look once."""
        operators = self._switchboard.operators()
        states = [operator.shown for operator in operators]
        for state in OperatorStatus:
            metrics.operators.labels(state=state).set(_number(each is state for each in states))
        metrics.telephones_reachable.set(_number(each.phone_reachable for each in operators))
        lacking = (each.wanted is Presence.AVAILABLE and not each.phone_reachable for each in operators)
        metrics.telephones_lacking.set(_number(lacking))
        for queue, since in self._oldest.items():
            waited = 0.0 if since is None else max(0.0, (now - since).total_seconds())
            metrics.oldest_wait_seconds.labels(queue=queue).set(waited)


def _number(found: Iterable[bool]) -> int:
    return sum(found)
