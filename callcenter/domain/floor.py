"""The floor: all operators of one node, and what their screens show."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callcenter.domain import operator as machine
from callcenter.domain.call import Call, Direction
from callcenter.domain.commands import (
    Command,
    Handed,
    KeepPresence,
    MoveTalk,
    PlaceCall,
    Report,
    SetMember,
    ShowAside,
    ShowOperator,
    StopRinging,
    WorkTelephone,
)
from callcenter.domain.events import (
    AsideChanged,
    AsidePhase,
    ColleagueRang,
    Event,
    OperatorMissed,
    OperatorRang,
    PhoneChanged,
    Presence,
    PresenceReason,
    TelephoneVanished,
)
from callcenter.domain.ids import CallId, Interface, QueueName
from callcenter.domain.operator import Operator, OperatorState, Signal
from callcenter.domain.request import (
    CallOutBody,
    PresenceBody,
    RefusalReason,
    RequestTaken,
    RingBody,
    TalkBody,
    TalkStep,
)
from callcenter.domain.talk import Talk

_ANYBODY = Interface("")
"""Whoever takes the caller from the queue."""
_NUMBER = re.compile(r"\+?[0-9]{2,20}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChanged(Event):
    """Asterisk was given queues and telephones: these, and no others. `more_queues`: some are new to it, without members.

    `operators`: those who have a telephone at this node.
    """

    queues: tuple[QueueName, ...]
    more_queues: bool
    operators: tuple[Operator, ...]


class Floor:
    """Operators by telephone. An unknown interface is reported and otherwise ignored.

    `wrap_up`: how long an operator gets no caller after a talk; zero: the next one comes at once.
    """

    def __init__(self, operators: Iterable[Operator], missed_limit: int, wrap_up: timedelta = timedelta(0)) -> None:
        self._operators = {operator.interface: operator for operator in operators}
        self._missed_limit = missed_limit
        self._wrap_up = wrap_up
        self._legs: dict[Interface, str] = {}

    def __iter__(self) -> Iterator[Operator]:
        return iter(self._operators.values())

    def get(self, interface: Interface | None) -> Operator | None:
        """The operator at this telephone, if there is one."""
        return self._operators.get(interface) if interface is not None else None

    def is_free(self, interface: Interface) -> bool:
        """Whether nobody talks or rings at this telephone, and it is there, as far as is known: not of whoever is offline."""
        operator = self._operators.get(interface)
        if operator is None or operator.state is not OperatorState.RESTING:
            return False
        return operator.phone_reachable or operator.wanted is Presence.OFFLINE

    def any_free(self) -> Interface | None:
        """Of those who take calls and are free, the one who has been so longest."""
        free = [
            each
            for each in self._operators.values()
            if each.wanted is Presence.AVAILABLE and self.is_free(each.interface)
        ]
        return min(free, key=lambda each: each.since).interface if free else None

    def place_call(self, event: RequestTaken, body: CallOutBody) -> list[Command] | RefusalReason:
        """An operator asks to be rung and then connected with a number."""
        if event.interface is None:
            return RefusalReason.NO_TELEPHONE
        if not self.is_free(event.interface) or not _NUMBER.fullmatch(body.number):
            return RefusalReason.NOBODY_THERE
        return [PlaceCall(interface=event.interface, number=body.number, request=event.id, until=event.expires_at)]

    def rang(self, event: OperatorRang | ColleagueRang) -> list[Command]:
        """A telephone rings."""
        self._legs[event.operator] = event.leg
        return self.signal(event.operator, Signal.RANG, event.call, event.at)

    def work(self, event: RequestTaken, body: RingBody) -> list[Command] | RefusalReason:
        """An operator asks for what a key of the telephone would do while it rings."""
        operator = self.get(event.interface)
        if operator is None or operator.state is not OperatorState.RINGING:
            return RefusalReason.NOBODY_THERE
        if not (leg := self._legs.get(operator.interface)):
            return RefusalReason.NOT_KNOWN
        return [WorkTelephone(channel=leg, answer=body.answer, request=event.id, until=event.expires_at)]

    def signal(self, interface: Interface, signal: Signal, call: CallId, at: datetime) -> list[Command]:
        """Apply what happened at this telephone."""
        before = self._operators.get(interface)
        if before is None:
            return [Report(problem="unknown operator", event=signal, call=call)]
        after = machine.step(before, signal, call, at)
        if after == before:
            return []
        if before.state is OperatorState.TALKING and after.state is OperatorState.RESTING:
            after = self._after_talk(after, at)
        elif after.state is OperatorState.TALKING:
            after = _in_talk(after)
        changes = self._put(before, after, at)
        if before.state is OperatorState.RINGING and before.call is not None:
            return [StopRinging(operator=before.id, call=before.call), *changes]
        return changes

    def _after_talk(self, operator: Operator, at: datetime) -> Operator:
        if not self._wrap_up or operator.wanted is not Presence.AVAILABLE:
            return operator
        return replace(operator, wrap_up_until=at + self._wrap_up)

    def _put(self, before: Operator, after: Operator, at: datetime) -> list[Command]:
        """Replace an operator; Asterisk, the table and the screens are told what has changed."""
        self._operators[after.interface] = after
        commands: list[Command] = []
        if after.member is not before.member:
            commands.append(SetMember(interface=after.interface, presence=after.member))
        if after.wanted is not before.wanted:
            commands.append(_keep(after, at))
        return [*commands, _show(after)]

    def vanished(self, event: TelephoneVanished) -> list[Command]:
        """Whoever took calls takes no more of them, but the one that is lost."""
        operator = self._operators.get(event.operator)
        if operator is None or operator.wanted is not Presence.AVAILABLE:
            return []
        paused = replace(
            operator,
            wanted=Presence.PAUSED,
            reason=PresenceReason.NO_CONNECTION,
            pause=None,
            wrap_up_until=None,
            since=event.at,
        )
        return self._put(operator, paused, event.at)

    def prolong(self, event: RequestTaken) -> list[Command] | RefusalReason:
        """More time for the wrap-up."""
        operator = self.get(event.interface)
        if operator is None or operator.wrap_up_until is None:
            return RefusalReason.NO_WRAP_UP
        longer = replace(operator, wrap_up_until=operator.wrap_up_until + self._wrap_up)
        return self._put(operator, longer, event.at)

    def tick(self, at: datetime) -> list[Command]:
        """End the wrap-ups whose time is over."""
        over = [
            each for each in self._operators.values() if each.wrap_up_until is not None and at >= each.wrap_up_until
        ]
        return [
            command
            for operator in over
            for command in self._put(operator, replace(operator, wrap_up_until=None, since=at), at)
        ]

    def stop_ringing(self, call: CallId, at: datetime) -> list[Command]:
        """The call is no longer waiting: no telephone rings for it any more."""
        ringing = [
            operator.interface
            for operator in self._operators.values()
            if operator.state is OperatorState.RINGING and operator.call == call
        ]
        return [command for interface in ringing for command in self.signal(interface, Signal.RING_ENDED, call, at)]

    def missed(self, event: OperatorMissed) -> list[Command]:
        """An operator did not answer a call, or rejected it; after too many in a row the operator is paused."""
        rung = self._operators.get(event.operator)
        commands = self.signal(event.operator, Signal.RING_ENDED, event.call, event.at)
        if rung is None or rung.state is not OperatorState.RINGING or rung.call != event.call:
            # Of a telephone that sends callers elsewhere the dialplan tells, and at times app_queue too.
            return commands
        operator = self._operators[event.operator]
        self._operators[event.operator] = operator = replace(operator, misses=operator.misses + 1)
        if operator.misses < self._missed_limit or operator.wanted is not Presence.AVAILABLE:
            return commands
        # Nobody is at that telephone: send no callers there until the operator asks for them.
        reason = PresenceReason.UNANSWERED
        paused = replace(
            operator, wanted=Presence.PAUSED, reason=reason, pause=None, wrap_up_until=None, misses=0, since=event.at
        )
        return [*commands, *self._put(operator, paused, event.at)]

    def ask(self, event: RequestTaken, body: PresenceBody) -> list[Command] | RefusalReason:
        """An operator asks for a presence; no commands if they have it. During a talk it applies after the talk."""
        if event.interface is None:
            return RefusalReason.NO_TELEPHONE
        known, wanted = self._operators.get(event.interface), body.wanted
        member = SetMember(interface=event.interface, presence=wanted, request=event.id)
        pause = body.pause if wanted is Presence.PAUSED else None
        same = known is not None and known.wanted is wanted and known.wrap_up_until is None
        if same and known is not None and (known.pause == pause or body.reason is not None):
            # It is not known whether Asterisk received it the first time.
            return [member] if event.again else []
        if body.reason is PresenceReason.PAGE_GONE and (known is None or known.wanted is not Presence.AVAILABLE):
            # Whoever takes no calls is not missed.
            return []
        operator = known or Operator(
            id=event.operator, interface=event.interface, wanted=wanted, since=event.at, phone_reachable=False
        )
        since = event.at if operator.state is OperatorState.RESTING else operator.since
        self._operators[event.interface] = changed = replace(
            operator, wanted=wanted, reason=body.reason, pause=pause, wrap_up_until=None, since=since, misses=0
        )
        return [member, _keep(changed, event.at), _show(changed)]

    def phone(self, event: PhoneChanged) -> list[Command]:
        """A telephone became reachable or not."""
        operator = self._operators.get(event.operator)
        if operator is None or operator.phone_reachable == event.reachable:
            return []
        self._operators[event.operator] = operator = replace(operator, phone_reachable=event.reachable)
        return [_show(operator)]

    def change(self, roster: Iterable[Operator], *, more_queues: bool) -> list[Command]:
        """Telephones were given and taken away. Of the others nothing is new, except that they join the queues that are."""
        present = {operator.interface: operator for operator in roster}
        commands: list[Command] = []
        for interface, operator in list(self._operators.items()):
            if (there := present.get(interface)) is not None and there.id == operator.id:
                if more_queues:
                    commands.append(SetMember(interface=interface, presence=operator.member))
                continue
            gone = replace(
                operator, wanted=Presence.OFFLINE, reason=None, pause=None, wrap_up_until=None, phone_reachable=False
            )
            commands += [SetMember(interface=interface, presence=Presence.OFFLINE), _show(gone)]
            if gone.state is OperatorState.RESTING:
                del self._operators[interface]
            else:
                # The talk goes on to its end, and is the operator's.
                self._operators[interface] = gone
        for interface, operator in present.items():
            if (known := self._operators.get(interface)) is None or known.id != operator.id:
                self._operators[interface] = operator
                commands += [SetMember(interface=interface, presence=operator.wanted), _show(operator)]
        return commands

    def restore(self) -> list[Command]:
        """Set Asterisk's queue members to what the operators want to be, and show it on the screens."""
        commands: list[Command] = []
        for operator in self._operators.values():
            commands += [SetMember(interface=operator.interface, presence=operator.member), _show(operator)]
        return commands


def _in_talk(operator: Operator) -> Operator:
    """A talk ends a wrap-up, and the pause of an operator whose telephone had vanished."""
    if operator.reason is not PresenceReason.NO_CONNECTION:
        return replace(operator, wrap_up_until=None)
    return replace(operator, wanted=Presence.AVAILABLE, reason=None, wrap_up_until=None)


def _keep(operator: Operator, at: datetime) -> KeepPresence:
    return KeepPresence(
        operator=operator.id, wanted=operator.wanted, at=at, reason=operator.reason, pause=operator.pause
    )


class Asides:
    """What operators do with the caller of a talk besides talking, and what colleagues are told of it."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._shown: dict[Interface, AsideChanged] = {}
        self._handed: dict[tuple[CallId, Interface], Handed] = {}

    def handed(self, call: CallId, to: Operator) -> Handed | None:
        """Which colleague handed this call to this operator or to any, or asks about it."""
        handed = self._handed.get((call, to.interface)) or self._handed.get((call, _ANYBODY))
        return None if handed is None or handed.by == to.id else handed

    def ask(self, event: RequestTaken, body: TalkBody, call: Call, talk: Talk) -> list[Command] | RefusalReason:
        """Decide on a request about this talk."""
        if body.step is TalkStep.HANG_UP:
            return [self._move(event, body, call, talk)]
        if call.direction is Direction.OUT:
            return RefusalReason.NOT_THIS_CALL
        if not talk.with_caller:
            return RefusalReason.NO_TALK
        asked = next((each for each in reversed(call.talks) if not each.with_caller and not call.over(each)), None)
        match body.step:
            case TalkStep.COMPLETE | TalkStep.CONFERENCE:
                if asked is None or not asked.channel:
                    return RefusalReason.NOBODY_THERE
                return [self._move(event, body, call, talk, asked=asked.channel)]
            case TalkStep.CONSULT | TalkStep.TRANSFER if not body.to:
                free = self._floor.any_free()
                body = replace(body, to="" if free is None else _account(free))
        wanted = body.step in (TalkStep.CONSULT, TalkStep.TRANSFER)
        if wanted and not self._may_ask(body.to):
            return RefusalReason.NOBODY_THERE
        if wanted:
            to = _ANYBODY if _NUMBER.fullmatch(body.to) else _interface(body.to)
            self._handed[call.id, to] = Handed(by=event.operator, note=body.note)
        return [self._move(event, body, call, talk)]

    def changed(self, event: AsideChanged) -> list[Command]:
        """Asterisk tells how far an operator is."""
        operator, shown = self._floor.get(event.operator), self._shown.get(event.operator)
        if operator is None or (event.phase is AsidePhase.OVER and (shown is None or shown.phase is AsidePhase.OVER)):
            return []
        self._shown[event.operator] = event
        return [ShowAside(operator=operator.id, aside=event)]

    def answered(self, call: CallId) -> list[Command]:
        """Whom an operator of this call asks has answered."""
        ringing = [each for each in self._shown.values() if each.call == call and each.phase is AsidePhase.RINGING]
        return [command for each in ringing for command in self.changed(replace(each, phase=AsidePhase.ASKING))]

    def ended(self, operator: Operator) -> list[Command]:
        """The operator's talk is over."""
        if self._shown.pop(operator.interface, None) is None:
            return []
        return [ShowAside(operator=operator.id, aside=None)]

    def forget(self, call: CallId) -> None:
        """Nothing more comes of this call."""
        self._handed = {key: handed for key, handed in self._handed.items() if key[0] != call}

    def _may_ask(self, to: str) -> bool:
        """Of a number outside the rules of calls out decide, of a company's the dialplan."""
        return _NUMBER.fullmatch(to) is not None or self._floor.is_free(_interface(to))

    @staticmethod
    def _move(event: RequestTaken, body: TalkBody, call: Call, talk: Talk, asked: str = "") -> MoveTalk:
        return MoveTalk(
            step=body.step,
            caller=call.channel or call.id,
            leg=talk.channel,
            asked=asked,
            to=body.to,
            request=event.id,
            until=event.expires_at,
        )


def _interface(account: str) -> Interface:
    return Interface(f"PJSIP/{account}")


def _account(interface: Interface) -> str:
    return interface.partition("/")[2]


def _show(operator: Operator) -> ShowOperator:
    rests = operator.state is OperatorState.RESTING
    return ShowOperator(
        operator=operator.id,
        state=operator.shown,
        phone_reachable=operator.phone_reachable,
        since=operator.since,
        reason=operator.reason if rests else None,
        pause=operator.pause,
        until=operator.wrap_up_until if rests else None,
        afterwards=None if rests or operator.wanted is Presence.AVAILABLE else operator.wanted,
    )
