"""Calls out that a page asked for: the operator's telephone is rung, then the number is as if dialled there.

By Asterisk's control socket, so that the manager's accounts, which are reached over the network, can make no calls.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from callcenter import metrics
from callcenter.domain.commands import PlaceCall
from callcenter.domain.events import Event
from callcenter.domain.request import RefusalReason, RequestCarriedOut, RequestFailed, RequestOverdue
from callcenter.errors import TelephonyError
from callcenter.telephony.console import Console

log = structlog.get_logger()


class CallPlacer:
    """Of one node. The result is reported by `put`, which must not block. `prefix`: of the names of our contexts."""

    def __init__(self, console: Console, put: Callable[[Event], None], prefix: str = "") -> None:
        self._console = console
        self._put = put
        self._prefix = prefix
        self._asked: asyncio.Queue[PlaceCall] = asyncio.Queue()

    def submit(self, command: PlaceCall) -> None:
        """Queue a call. Never blocks."""
        self._asked.put_nowait(command)

    async def run(self) -> None:
        """Place calls until cancelled."""
        while True:
            command = await self._asked.get()
            if (now := datetime.now(UTC)) >= command.until:
                self._put(RequestOverdue(at=now, request=command.request))
                continue
            self._put(await self._place(command))

    async def _place(self, command: PlaceCall) -> Event:
        telephone = command.interface.partition("/")[2]
        channel = f"Local/{telephone}*{command.number}@{self._prefix}own-telephone/n"
        try:
            # The dialplan rings the telephone; there is nothing to run on this end.
            await self._console.command(f"channel originate {channel} application Hangup")
        except (TelephonyError, OSError) as problem:
            log.warning("call not placed", operator=command.interface, problem=type(problem).__name__)
            metrics.problems_total.labels(problem="call not placed").inc()
            return RequestFailed(at=datetime.now(UTC), request=command.request, reason=RefusalReason.ASTERISK_AWAY)
        return RequestCarriedOut(at=datetime.now(UTC), request=command.request)
