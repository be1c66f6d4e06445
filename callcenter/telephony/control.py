"""Commands to Asterisk: which telephones may ring, what they show, and pauses of recordings."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import assert_never

import structlog

from callcenter import metrics
from callcenter.domain.commands import (
    MoveTalk,
    NameCaller,
    PauseRecording,
    Requested,
    SetMember,
    WithdrawCaller,
)
from callcenter.domain.events import Event, Presence
from callcenter.domain.ids import OPERATORS
from callcenter.domain.request import RefusalReason, RequestCarriedOut, RequestFailed, RequestOverdue, TalkStep
from callcenter.errors import ActionRefused, ActionTimeout, NotConnected, TelephonyError
from callcenter.telephony.connection import AmiConnection

log = structlog.get_logger()

AsteriskCommand = NameCaller | SetMember | PauseRecording | WithdrawCaller | MoveTalk

LANES = 8
"""Commands carried out at the same time; those for one target are carried out one after the other."""
NAME_LIMIT = 80
"""Characters of a caller's name that are sent to a telephone."""


class Control:
    """Carries out commands over the actions connection.

    Nothing is tried again here: when the link is restored the switchboard sets every member again. The result of a
    command that answers a request is reported by `put`, which must not block. `prefix`: what the names of our queue and our
    contexts begin with.
    """

    def __init__(self, connection: AmiConnection, put: Callable[[Event], None], prefix: str = "") -> None:
        self._prefix = prefix
        self._queue = f"{prefix}{OPERATORS}"
        self._connection = connection
        self._put = put
        # The last command for each target, in the order in which the targets were first named.
        self._waiting: dict[str, AsteriskCommand] = {}
        self._busy: set[str] = set()
        self._changed = asyncio.Event()

    def submit(self, command: AsteriskCommand) -> None:
        """Take a command. A newer one for the same target replaces one that was not started yet. Never blocks."""
        if (replaced := self._waiting.get(_target(command))) is not None:
            self._answer(replaced, RefusalReason.SUPERSEDED)
        self._waiting[_target(command)] = command
        self._changed.set()

    async def run(self) -> None:
        """Carry out commands until cancelled."""
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
            command = self._waiting.pop(target)
            self._busy.add(target)
            try:
                await self._carry_out(command)
            finally:
                self._busy.discard(target)
                self._changed.set()

    def _answer(self, command: AsteriskCommand, reason: RefusalReason | None = None) -> None:
        """Report the result of a command, if it answers a request."""
        if isinstance(command, NameCaller | WithdrawCaller) or command.request is None:
            return
        at = datetime.now(UTC)
        if reason is None:
            self._put(RequestCarriedOut(at=at, request=command.request))
        else:
            self._put(RequestFailed(at=at, request=command.request, reason=reason))

    async def _carry_out(self, command: AsteriskCommand) -> None:
        if isinstance(command, Requested) and (now := datetime.now(UTC)) >= command.until:
            self._put(RequestOverdue(at=now, request=command.request))
            return
        try:
            match command:
                case NameCaller():
                    await self._name(command)
                case SetMember():
                    await self._set_member(command)
                case WithdrawCaller():
                    await self._withdraw(command)
                case PauseRecording():
                    state = "1" if command.paused else "0"
                    await self._connection.action(
                        "MixMonitorMute", Channel=command.channel, Direction="both", State=state
                    )
                case MoveTalk():
                    await self._move(command)
                case _:
                    assert_never(command)
        except TelephonyError as error:
            kind = type(command).__name__
            log.warning("command failed", command=kind, target=_target(command), reason=str(error))
            metrics.problems_total.labels(problem=f"{kind} failed").inc()
            self._answer(command, _reason(error))
        else:
            self._answer(command)

    async def _name(self, command: NameCaller) -> None:
        name = "".join(char if char.isprintable() and char not in '"<>\\' else " " for char in command.name)
        try:
            await self._connection.action(
                "Setvar", Channel=command.channel, Variable="CALLERID(name)", Value=name[:NAME_LIMIT]
            )
        except ActionRefused:
            log.debug("caller gone before being named", channel=command.channel)

    async def _withdraw(self, command: WithdrawCaller) -> None:
        """Takes effect between rings; who is just being connected stays with the operator."""
        try:
            await self._connection.action("QueueWithdrawCaller", Queue=self._queue, Caller=command.channel)
        except ActionRefused:
            log.debug("caller gone before being withdrawn", call=command.call)

    async def _move(self, command: MoveTalk) -> None:
        """Both at once where two of them talk: one alone would end the talk of the other."""
        caller, leg = command.caller, command.leg
        match command.step:
            case TalkStep.HOLD | TalkStep.CONSULT:
                await self._connection.action("Setvar", Channel=caller, Variable="LEG", Value=leg)
                await self._redirect(caller, "set-aside", "s", leg, "aside", command.to or "s")
            case TalkStep.BACK:
                await self._redirect(caller, "taken-back", "s")
            case TalkStep.COMPLETE:
                await self._redirect(caller, "handed-over", "s")
            case TalkStep.CONFERENCE:
                await self._redirect(leg, "conference", "other", command.asked, "conference", "other")
                await self._redirect(caller, "conference", "caller")
            case TalkStep.TRANSFER:
                await self._redirect(caller, "sent-on", command.to)
            case TalkStep.HANG_UP:
                await self._connection.action("Setvar", Channel=leg, Variable="HUNG_UP", Value="1")
                await self._connection.action("Hangup", Channel=leg, Cause="16")
            case _:
                assert_never(command.step)

    async def _redirect(
        self, channel: str, context: str, exten: str, other: str = "", others_context: str = "", others_exten: str = ""
    ) -> None:
        first = {"Channel": channel, "Context": f"{self._prefix}{context}", "Exten": exten, "Priority": "1"}
        second = {
            "ExtraChannel": other,
            "ExtraContext": f"{self._prefix}{others_context}",
            "ExtraExten": others_exten,
            "ExtraPriority": "1",
        }
        await self._connection.action("Redirect", **first, **(second if other else {}))

    async def _set_member(self, command: SetMember) -> None:
        member = {"Queue": self._queue, "Interface": command.interface}
        if command.presence is Presence.OFFLINE:
            await self._unless("not there", "QueueRemove", **member)
            return
        paused = "true" if command.presence is Presence.PAUSED else "false"
        if not await self._unless("already there", "QueueAdd", **member, Paused=paused):
            await self._connection.action("QueuePause", **member, Paused=paused)

    async def _unless(self, already: str, name: str, **fields: str) -> bool:
        """Send an action; False when Asterisk refuses it because it is so `already`."""
        try:
            await self._connection.action(name, **fields)
        except ActionRefused as refusal:
            if already in str(refusal).lower():
                return False
            raise
        return True


def _target(command: AsteriskCommand) -> str:
    if isinstance(command, SetMember):
        return command.interface
    if isinstance(command, MoveTalk):
        return f"MoveTalk {command.caller}"
    if isinstance(command, WithdrawCaller):
        return f"{type(command).__name__} {command.channel}"
    return command.channel


def _reason(error: TelephonyError) -> RefusalReason:
    match error:
        case NotConnected():
            return RefusalReason.ASTERISK_AWAY
        case ActionTimeout():
            return RefusalReason.NOT_KNOWN
        case _:
            return RefusalReason.ASTERISK_REFUSED
