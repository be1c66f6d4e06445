"""One Asterisk: its two AMI accounts, the events of one, and which calls still exist after a gap."""

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
    QueueStartedEmpty,
    Source,
)
from callcenter.domain.ids import OPERATORS, CallId, Interface
from callcenter.errors import ParseProblem, TelephonyError
from callcenter.settings import AmiSettings
from callcenter.telephony import forms
from callcenter.telephony.connection import Account, AmiConnection
from callcenter.telephony.framing import text
from callcenter.telephony.parse import REACHABLE, parse
from callcenter.telephony.shared import QUEUE, SharedAsterisk

log = structlog.get_logger()

SWEEP_S = 60.0
"""Seconds between checks of which channels exist."""
RETRY_S = 1.0
LEDGER_PATIENCE_S = 30.0
"""Seconds that reporting a restart waits for the ledger, at most."""
QUARTER = timedelta(minutes=15)


class Node:
    """Reports everything that happens on one Asterisk, in order, by `put`, which must not block.

    `ledger_caught_up` returns once the ledger has reported what was written until now (`Ledger.catch_up`): a restart is
    reported after it, so that a call which ended by itself before the restart does not count as interrupted by it.
    `on_registration` is called when a registration of ours at a trunk changed; it must not block.
    `shared`: what brings the reports of an Asterisk that another PBX configures into form.
    """

    def __init__(
        self,
        settings: AmiSettings,
        put: Callable[[Event], None],
        ledger_caught_up: Callable[[], Awaitable[None]] | None = None,
        sweep_s: float = SWEEP_S,
        on_registration: Callable[[], None] = lambda: None,
        shared: SharedAsterisk | None = None,
    ) -> None:
        self.actions = AmiConnection(Account.ACTIONS, settings, on_link=self._actions_link)
        self.events = AmiConnection(Account.EVENTS, settings, on_event=self._receive, on_link=self._link)
        self.restored = asyncio.Event()
        """Set while the live view has no gap: events flow, and the channels that exist were compared."""
        self.answers = asyncio.Event()
        """Set while commands can be sent."""
        self._put = put
        self._ledger_caught_up = ledger_caught_up
        self._started_at: datetime | None = None
        self._sweep_s = sweep_s
        self._on_registration = on_registration
        self._shared = shared
        # For each login: how long Asterisk had been up, and when (loop time) it reported that.
        self._booted: asyncio.Queue[tuple[timedelta, float]] = asyncio.Queue()

    async def run(self) -> None:
        """Keep both accounts logged in, and compare after each login, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.events.run(), name="ami events")
            tasks.create_task(self.actions.run(), name="ami actions")
            tasks.create_task(self._reconcile(), name="reconcile")

    def _receive(self, message: Message) -> None:
        """One AMI event. Only parses and puts."""
        if text(message, "Event") == "FullyBooted":
            self._boot(message)
            return
        if text(message, "Event") == "Registry":
            self._on_registration()
            return
        try:
            ours = message if self._shared is None else self._shared.message(message)
            event = None if ours is None else parse(ours)
        except ParseProblem as problem:
            log.warning("event not understood", ami_event=text(message, "Event")[:40], reason=str(problem))
            metrics.problems_total.labels(problem="event not understood").inc()
            return
        if event is not None:
            self._put(event)

    def _boot(self, message: Message) -> None:
        """FullyBooted comes after each login, or, if Asterisk is still starting, when it is ready."""
        uptime = text(message, "Uptime")
        if uptime.isascii() and uptime.isdigit() and len(uptime) < 12:
            self._booted.put_nowait((timedelta(seconds=int(uptime)), asyncio.get_running_loop().time()))
        else:
            log.error("asterisk does not report its uptime")
            metrics.problems_total.labels(problem="event not understood").inc()

    def _link(self, up: bool) -> None:
        if up:
            return
        while not self._booted.empty():
            self._booted.get_nowait()
        self.restored.clear()
        self.answers.clear()
        # Events that were not sent are in the ledger.
        self._put(LinkLost(at=self.events.last_received_at or datetime.now(UTC), source=Source.RECONCILE))

    def _actions_link(self, up: bool) -> None:
        if up and self.restored.is_set():
            # Commands failed meanwhile, though no event was missed: set every member again.
            self._put(LinkRestored(at=datetime.now(UTC), source=Source.RECONCILE))

    async def _reconcile(self) -> None:
        """After each login: when Asterisk started, and which channels exist; then the channels again, at intervals."""
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
                    log.error("asterisk does not report that it is ready")
            except TelephonyError as error:
                log.warning("reconcile failed", reason=str(error))
                metrics.problems_total.labels(problem="reconcile failed").inc()
                if booted is not None and self._booted.empty():
                    await asyncio.sleep(RETRY_S)
                    if self.events.connected:
                        self._booted.put_nowait(booted)

    async def _restore(self, uptime: timedelta, heard_at: float) -> None:
        await self.actions.wait_connected()
        self.answers.set()
        now = await self._asterisk_time()
        up_now = uptime + timedelta(seconds=asyncio.get_running_loop().time() - heard_at)
        status = await self.actions.action("CoreStatus")
        written = f"{text(status, 'CoreStartupDate')} {text(status, 'CoreStartupTime')}"
        started = started_at(written, now - up_now)
        if started != self._started_at:
            # Whoever calls now is not to wait until the past is known.
            self._put(QueueStartedEmpty(at=now, source=Source.RECONCILE))
            if self._ledger_caught_up is not None:
                await self._wait_for_ledger(self._ledger_caught_up)
        self._started_at = started
        self._put(NodeRestarted(at=started, source=Source.RECONCILE))
        await self._sweep()
        await self._phones(now)
        if self.events.connected:
            self.restored.set()
            self._put(LinkRestored(at=now, source=Source.RECONCILE))

    async def _wait_for_ledger(self, caught_up: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(LEDGER_PATIENCE_S):
                await caught_up()
        except TimeoutError:
            log.warning("the ledger has a long backlog; not waiting for it any longer")

    async def _sweep(self) -> None:
        # The time comes first: a call that arrives after it may or may not be in the list.
        now = await self._asterisk_time()
        rows = await self.actions.listing("CoreShowChannels")
        call = CallId if self._shared is None else self._shared.call
        existing = frozenset(call(text(row, "Linkedid")) for row in rows)
        self._put(ChannelsSeen(at=now, calls=existing, source=Source.RECONCILE))

    async def _phones(self, now: datetime) -> None:
        """Telephones that came or went during the gap. Locks the queue, so only after a login."""
        reachable: dict[Interface, bool] = {}
        queue = OPERATORS if self._shared is None else QUEUE
        for row in await self.actions.listing("QueueStatus", Queue=queue):
            if text(row, "Event") == "QueueMember":
                reachable[forms.interface(text(row, "Location"))] = text(row, "Status") in REACHABLE
        for interface, is_reachable in reachable.items():
            self._put(PhoneChanged(at=now, operator=interface, reachable=is_reachable, source=Source.RECONCILE))

    async def _asterisk_time(self) -> datetime:
        return forms.micros(text(await self.actions.action("Ping"), "Timestamp"))


def started_at(written: str, about: datetime) -> datetime:
    """When Asterisk started, to its whole second.

    `written` is CoreStatus's start, `2026-11-22 19:15:47`, in a time zone that Asterisk does not report; `about` is
    the same moment in UTC, a second or two off. Offsets from UTC are whole quarters of an hour, so the
    nearest one is the zone's. Raises `ParseProblem`.
    """
    try:
        local = datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise ParseProblem("CoreStatus has no start date and time") from None
    return local - round((local - about) / QUARTER) * QUARTER
