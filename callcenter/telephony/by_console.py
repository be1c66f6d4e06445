"""What the node asks of Asterisk by its control socket: calls out, and that a telephone answers or stops ringing.

So that the manager's accounts, which are reached over the network, can make no calls and send no telephone anything.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from callcenter import metrics
from callcenter.domain.commands import PlaceCall, WorkTelephone
from callcenter.domain.events import Event
from callcenter.domain.request import RefusalReason, RequestCarriedOut, RequestFailed, RequestOverdue
from callcenter.errors import TelephonyError
from callcenter.telephony.console import Console

log = structlog.get_logger()

_DONE = re.compile(r"^(Sending NOTIFY|Requested Hangup)", re.MULTILINE)
ConsoleCommand = PlaceCall | WorkTelephone


class ConsoleControl:
    """Of one node. The result is reported by `put`, which must not block. `prefix`: of the names of our contexts."""

    def __init__(self, console: Console, put: Callable[[Event], None], prefix: str = "") -> None:
        self._console = console
        self._put = put
        self._prefix = prefix
        self._asked: asyncio.Queue[ConsoleCommand] = asyncio.Queue()

    def submit(self, command: ConsoleCommand) -> None:
        """Queue a command. Never blocks."""
        self._asked.put_nowait(command)

    async def run(self) -> None:
        """Carry out commands until cancelled."""
        while True:
            command = await self._asked.get()
            if (now := datetime.now(UTC)) >= command.until:
                self._put(RequestOverdue(at=now, request=command.request))
                continue
            self._put(await self._carry_out(command))

    async def _carry_out(self, command: ConsoleCommand) -> Event:
        try:
            printed = await self._console.command(self._typed(command))
        except (TelephonyError, OSError) as problem:
            kind = type(command).__name__
            log.warning("command failed", command=kind, request=command.request, problem=type(problem).__name__)
            metrics.problems_total.labels(problem=f"{kind} failed").inc()
            return RequestFailed(at=datetime.now(UTC), request=command.request, reason=RefusalReason.ASTERISK_AWAY)
        if isinstance(command, WorkTelephone) and not _DONE.search(printed):
            return RequestFailed(at=datetime.now(UTC), request=command.request, reason=RefusalReason.ASTERISK_REFUSED)
        return RequestCarriedOut(at=datetime.now(UTC), request=command.request)

    def _typed(self, command: ConsoleCommand) -> str:
        match command:
            case PlaceCall():
                telephone = command.interface.partition("/")[2]
                channel = f"Local/{telephone}*{command.number}@{self._prefix}own-telephone/n"
                # The dialplan rings the telephone; there is nothing to run on this end.
                return f"channel originate {channel} application Hangup"
            case WorkTelephone(answer=True):
                return f"pjsip send notify {self._prefix}talk channel {command.channel}"
            case WorkTelephone():
                return f"channel request hangup {command.channel}"
