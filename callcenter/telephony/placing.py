"""Calls that a page asked for: out, when the operator's telephone is rung and the number is then as if dialled there, and
from inside to a company's number, to try it.

By Asterisk's control socket, so that the manager's accounts, which are reached over the network, can make no calls.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import assert_never

import structlog

from callcenter import metrics
from callcenter.domain.commands import PlaceCall, TryNumber
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
        self._asked: asyncio.Queue[PlaceCall | TryNumber] = asyncio.Queue()

    def submit(self, command: PlaceCall | TryNumber) -> None:
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

    async def _place(self, command: PlaceCall | TryNumber) -> Event:
        try:
            await self._console.command(f"channel originate {self._ends(command)}")
        except (TelephonyError, OSError) as problem:
            log.warning("call not placed", request=command.request, problem=type(problem).__name__)
            metrics.problems_total.labels(problem="call not placed").inc()
            return RequestFailed(at=datetime.now(UTC), request=command.request, reason=RefusalReason.ASTERISK_AWAY)
        return RequestCarriedOut(at=datetime.now(UTC), request=command.request)

    def _ends(self, command: PlaceCall | TryNumber) -> str:
        match command:
            case PlaceCall():
                telephone = command.interface.partition("/")[2]
                # The dialplan rings the telephone; there is nothing to run on this end.
                return f"Local/{telephone}*{command.number}@{self._prefix}own-telephone/n application Hangup"
            case TryNumber():
                # The end that is made first is the caller's: the call is named by it.
                return f"Local/s@{self._prefix}tried/n extension d{command.number}@{self._prefix}tried"
            case _:
                assert_never(command)
