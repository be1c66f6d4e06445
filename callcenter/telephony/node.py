"""One Asterisk: its two AMI accounts, what they tell, and what is alive after a gap."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from panoramisk.message import Message

from callcenter import metrics
from callcenter.domain.events import (
    ChannelsSeen,
    Event,
    LinkLost,
    LinkRestored,
    NodeRestarted,
    PhoneChanged,
    Source,
)
from callcenter.domain.ids import CallId, Interface
from callcenter.errors import ParseProblem, TelephonyError
from callcenter.settings import AmiSettings
from callcenter.telephony import forms
from callcenter.telephony.connection import Account, AmiConnection
from callcenter.telephony.framing import text
from callcenter.telephony.parse import REACHABLE, parse

log = structlog.get_logger()

SWEEP_S = 60.0
"""Seconds between looks at which channels are alive."""
RETRY_S = 1.0
LEDGER_PATIENCE_S = 30.0
"""Seconds that a restart is kept back for the ledger at most."""
QUARTER = timedelta(minutes=15)


class Node:
    """Tells everything that happens on one Asterisk, in order, by `put`, which must not block.

    `ledger_told` returns once the ledger has told what was written until now (`Ledger.catch_up`): a restart is told after
    it, so that a call which came to its own end before the restart does not count as cut off by it.
    """

    def __init__(
        self,
        settings: AmiSettings,
        put: Callable[[Event], None],
        ledger_told: Callable[[], Awaitable[None]] | None = None,
        sweep_s: float = SWEEP_S,
    ) -> None:
        self.actions = AmiConnection(Account.ACTIONS, settings, on_link=self._actions_link)
        self.events = AmiConnection(Account.EVENTS, settings, on_event=self._hear, on_link=self._link)
        self.restored = asyncio.Event()
        """Set while the live view is whole: events flow, and what is alive was compared."""
        self._put = put
        self._ledger_told = ledger_told
        self._started_at: datetime | None = None
        self._sweep_s = sweep_s
        # For each login: how long Asterisk had been up, and when (loop time) it said so.
        self._booted: asyncio.Queue[tuple[timedelta, float]] = asyncio.Queue()

    async def run(self) -> None:
        """Keep both accounts logged in, and compare after each login, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.events.run(), name="ami events")
            tasks.create_task(self.actions.run(), name="ami actions")
            tasks.create_task(self._reconcile(), name="reconcile")

    def _hear(self, message: Message) -> None:
        """One AMI event. Only parses and puts."""
        if text(message, "Event") == "FullyBooted":
            self._boot(message)
            return
        try:
            event = parse(message)
        except ParseProblem as problem:
            log.warning("event not understood", ami_event=text(message, "Event")[:40], reason=str(problem))
            metrics.problems_total.labels(problem="event not understood").inc()
            return
        if event is not None:
            self._put(event)

    def _boot(self, message: Message) -> None:
        """Asterisk says so after each login, or, if it is still starting, when it is ready."""
        uptime = text(message, "Uptime")
        if uptime.isascii() and uptime.isdigit() and len(uptime) < 12:
            self._booted.put_nowait((timedelta(seconds=int(uptime)), asyncio.get_running_loop().time()))
        else:
            log.error("asterisk does not say how long it has been up")
            metrics.problems_total.labels(problem="event not understood").inc()

    def _link(self, up: bool) -> None:
        if up:
            return
        while not self._booted.empty():
            self._booted.get_nowait()
        self.restored.clear()
        # What was held back is in the ledger.
        self._put(LinkLost(at=self.events.last_received_at or datetime.now(UTC), source=Source.RECONCILE))

    def _actions_link(self, up: bool) -> None:
        if up and self.restored.is_set():
            # Orders failed meanwhile, though no event was missed: say anew what every member is to be.
            self._put(LinkRestored(at=datetime.now(UTC), source=Source.RECONCILE))

    async def _reconcile(self) -> None:
        """After each login: what has started, what is alive; then again what is alive, now and then."""
        while True:
            booted = None
            try:
                async with asyncio.timeout(self._sweep_s):
                    booted = await self._booted.get()
            except TimeoutError:
                pass
            try:
                if booted is not None:
                    await self._restore(*booted)
                elif self.restored.is_set():
                    await self._sweep()
                elif self.events.connected:
                    log.error("asterisk does not say that it is ready")
            except TelephonyError as error:
                log.warning("reconcile failed", reason=str(error))
                metrics.problems_total.labels(problem="reconcile failed").inc()
                if booted is not None and self._booted.empty():
                    await asyncio.sleep(RETRY_S)
                    if self.events.connected:
                        self._booted.put_nowait(booted)

    async def _restore(self, uptime: timedelta, heard_at: float) -> None:
        await self.actions.wait_connected()
        now = await self._asterisk_time()
        up_now = uptime + timedelta(seconds=asyncio.get_running_loop().time() - heard_at)
        status = await self.actions.action("CoreStatus")
        written = f"{text(status, 'CoreStartupDate')} {text(status, 'CoreStartupTime')}"
        started = started_at(written, now - up_now)
        if started != self._started_at and self._ledger_told is not None:
            await self._wait_for_ledger(self._ledger_told)
        self._started_at = started
        self._put(NodeRestarted(at=started, source=Source.RECONCILE))
        await self._sweep()
        await self._phones(now)
        if self.events.connected:
            self.restored.set()
            self._put(LinkRestored(at=now, source=Source.RECONCILE))

    async def _wait_for_ledger(self, told: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(LEDGER_PATIENCE_S):
                await told()
        except TimeoutError:
            log.warning("the ledger has much to tell; not waiting for it any longer")

    async def _sweep(self) -> None:
        # The time comes first: a call that arrives after it may or may not be in the list.
        now = await self._asterisk_time()
        rows = await self.actions.listing("CoreShowChannels")
        alive = frozenset(CallId(text(row, "Linkedid")) for row in rows)
        self._put(ChannelsSeen(at=now, calls=alive, source=Source.RECONCILE))

    async def _phones(self, now: datetime) -> None:
        """Telephones that came or went during the gap. Locks each queue in turn, so only after a login."""
        reachable: dict[Interface, bool] = {}
        for row in await self.actions.listing("QueueStatus"):
            if text(row, "Event") == "QueueMember":
                reachable[forms.interface(text(row, "Location"))] = text(row, "Status") in REACHABLE
        for interface, is_reachable in reachable.items():
            self._put(PhoneChanged(at=now, operator=interface, reachable=is_reachable, source=Source.RECONCILE))

    async def _asterisk_time(self) -> datetime:
        return forms.micros(text(await self.actions.action("Ping"), "Timestamp"))


def started_at(written: str, about: datetime) -> datetime:
    """When Asterisk started, to its whole second.

    `written` is CoreStatus's start, `2026-11-22 19:15:47`, in a time zone that Asterisk does not tell; `about` is
    the same moment in UTC, a second or two off. Offsets from UTC are whole quarters of an hour, so the
    nearest one is the zone's. Raises `ParseProblem`.
    """
    try:
        local = datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise ParseProblem("CoreStatus tells no start date and time") from None
    return local - round((local - about) / QUARTER) * QUARTER
