"""One queue, one consumer: event in, step, commands out.

Nothing here waits for anything but the next event: adapters put events in, and take commands, without blocking.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import structlog
from prometheus_client import Counter

from callcenter import metrics
from callcenter.domain.commands import Command, Report
from callcenter.domain.events import CallEvent, Event, Source, Tick
from callcenter.domain.switchboard import Switchboard

log = structlog.get_logger()

TICK_S = 0.25
# Events stepped before the loop is given a turn, so that a flood does not block the sockets.
EVENTS_PER_TURN = 32


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


@cache
def _counter(kind: str, source: Source) -> Counter:
    return metrics.events_total.labels(kind=kind, source=source)


class Engine:
    """Runs the switchboard and passes its commands on.

    `carry_out(command, seen_at)` must not block; `seen_at` is when the event behind it was processed.
    """

    def __init__(
        self,
        switchboard: Switchboard,
        carry_out: Callable[[Command, datetime], None],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._switchboard = switchboard
        self._carry_out = carry_out
        self._now = now
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def put(self, event: Event) -> None:
        """Queue an event. Never blocks, never raises."""
        self._events.put_nowait(event)

    @property
    def idle(self) -> bool:
        """Whether every event put in so far has been stepped."""
        return self._events.empty()

    async def run(self) -> None:
        """Step events in order until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tick(), name="engine tick")
            while True:
                self.step(await self._events.get())
                for _ in range(min(EVENTS_PER_TURN, self._events.qsize())):
                    self.step(self._events.get_nowait())
                await asyncio.sleep(0)

    def step(self, event: Event) -> None:
        """Step one event now. An event on which the switchboard fails is logged and skipped."""
        seen_at = self._now()
        try:
            commands = self._switchboard.step(event)
        except Exception:
            log.exception("event failed", event_kind=type(event).__name__, call=getattr(event, "call", None))
            metrics.problems_total.labels(problem="event failed").inc()
            return
        if isinstance(event, CallEvent):
            self._measure(event, seen_at, changed=bool(commands))
        for command in commands:
            if isinstance(command, Report):
                log.warning(command.problem, event_kind=command.event, call=command.call)
                metrics.problems_total.labels(problem=command.problem).inc()
            else:
                self._carry_out(command, seen_at)

    def _measure(self, event: CallEvent, seen_at: datetime, *, changed: bool) -> None:
        _counter(type(event).__name__, event.source).inc()
        if event.source is Source.LIVE:
            metrics.engine_lag_seconds.observe(max(0.0, (seen_at - event.at).total_seconds()))
        elif event.source is Source.LEDGER and changed:
            metrics.rebuilt_total.inc()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            await asyncio.sleep(TICK_S)
            self.put(Tick(at=self._now(), source=Source.DESK, elapsed=timedelta(seconds=loop.time() - began)))
