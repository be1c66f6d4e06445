"""Orders to Asterisk: who may be rung, and what an operator's telephone shows."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import assert_never

import structlog

from callcenter import metrics
from callcenter.domain.commands import NameCaller, PauseRecording, Requested, SetMember
from callcenter.domain.events import Event, Presence
from callcenter.domain.ids import Interface, QueueName
from callcenter.domain.request import RefusalReason, RequestCarriedOut, RequestFailed, RequestOverdue
from callcenter.errors import ActionRefused, ActionTimeout, NotConnected, TelephonyError
from callcenter.telephony.connection import AmiConnection

log = structlog.get_logger()

Order = NameCaller | SetMember | PauseRecording

LANES = 8
"""Orders that may be under way at the same time; those for one target go one after the other."""
NAME_LIMIT = 80
"""Characters of a caller's name that a telephone is sent."""


class Control:
    """Carries out orders over the actions connection.

    Nothing is tried again here: when the link is restored the switchboard says anew what every member
    is to be. What became of an order that answers a request is told by `put`, which must not block.
    """

    def __init__(
        self, connection: AmiConnection, queues: Callable[[], Sequence[QueueName]], put: Callable[[Event], None]
    ) -> None:
        self._connection = connection
        self._queues = queues
        self._put = put
        # The last order for each target, in the order in which the targets were first named.
        self._waiting: dict[str, Order] = {}
        self._busy: set[str] = set()
        self._changed = asyncio.Event()

    def submit(self, order: Order) -> None:
        """Take an order. A newer one for the same target takes the place of one not yet begun. Never blocks."""
        if (replaced := self._waiting.get(_target(order))) is not None:
            self._answer(replaced, RefusalReason.SUPERSEDED)
        self._waiting[_target(order)] = order
        self._changed.set()

    async def run(self) -> None:
        """Carry out orders until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(LANES):
                tasks.create_task(self._lane(), name=f"control {number}")

    async def _lane(self) -> None:
        while True:
            target = next((name for name in self._waiting if name not in self._busy), None)
            if target is None:
                self._changed.clear()
                await self._changed.wait()
                continue
            order = self._waiting.pop(target)
            self._busy.add(target)
            try:
                await self._carry_out(order)
            finally:
                self._busy.discard(target)
                self._changed.set()

    def _answer(self, order: Order, reason: RefusalReason | None = None) -> None:
        """Tell what became of an order, if it answers a request."""
        if isinstance(order, NameCaller) or order.request is None:
            return
        at = datetime.now(UTC)
        if reason is None:
            self._put(RequestCarriedOut(at=at, request=order.request))
        else:
            self._put(RequestFailed(at=at, request=order.request, reason=reason))

    async def _carry_out(self, order: Order) -> None:
        if isinstance(order, Requested) and (now := datetime.now(UTC)) >= order.until:
            self._put(RequestOverdue(at=now, request=order.request))
            return
        try:
            match order:
                case NameCaller():
                    await self._name(order)
                case SetMember():
                    await self._set_member(order)
                case PauseRecording():
                    state = "1" if order.paused else "0"
                    await self._connection.action(
                        "MixMonitorMute", Channel=order.channel, Direction="both", State=state
                    )
                case _:
                    assert_never(order)
        except TelephonyError as error:
            kind = type(order).__name__
            log.warning("order failed", order=kind, target=_target(order), reason=str(error))
            metrics.problems_total.labels(problem=f"{kind} failed").inc()
            self._answer(order, _reason(error))
        else:
            self._answer(order)

    async def _name(self, order: NameCaller) -> None:
        name = "".join(char if char.isprintable() and char not in '"<>\\' else " " for char in order.name)
        try:
            await self._connection.action(
                "Setvar", Channel=order.channel, Variable="CALLERID(name)", Value=name[:NAME_LIMIT]
            )
        except ActionRefused:
            log.debug("caller gone before being named", channel=order.channel)

    async def _set_member(self, order: SetMember) -> None:
        """In every queue; what fails in one queue is no reason to leave the others as they are."""
        failed: TelephonyError | None = None
        for queue in self._queues():
            try:
                await self._set_member_of(queue, order.interface, order.presence)
            except NotConnected:
                raise
            except TelephonyError as error:
                failed = error
        if failed is not None:
            raise failed

    async def _set_member_of(self, queue: QueueName, interface: Interface, presence: Presence) -> None:
        if presence is Presence.OFFLINE:
            await self._unless("not there", "QueueRemove", Queue=queue, Interface=interface)
            return
        paused = "true" if presence is Presence.PAUSED else "false"
        added = await self._unless("already there", "QueueAdd", Queue=queue, Interface=interface, Paused=paused)
        if not added:
            await self._connection.action("QueuePause", Queue=queue, Interface=interface, Paused=paused)

    async def _unless(self, already: str, name: str, **fields: str) -> bool:
        """Send an action; False when Asterisk says that it is so `already`."""
        try:
            await self._connection.action(name, **fields)
        except ActionRefused as refusal:
            if already in str(refusal).lower():
                return False
            raise
        return True


def _target(order: Order) -> str:
    return order.interface if isinstance(order, SetMember) else order.channel


def _reason(error: TelephonyError) -> RefusalReason:
    match error:
        case NotConnected():
            return RefusalReason.ASTERISK_AWAY
        case ActionTimeout():
            return RefusalReason.NOT_KNOWN
        case _:
            return RefusalReason.ASTERISK_REFUSED
