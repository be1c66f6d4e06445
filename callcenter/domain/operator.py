"""One operator at a telephone, as a transition table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from callcenter.domain.events import Presence, PresenceReason
from callcenter.domain.ids import CallId, Interface, OperatorId


class OperatorState(StrEnum):
    """What an operator's telephone is doing."""

    RESTING = "resting"
    """Not in a call: what the operator wants to be (available, paused, offline) applies."""
    RINGING = "ringing"
    TALKING = "talking"


class OperatorStatus(StrEnum):
    """What the screens show of an operator: what the telephone is doing, or at rest what the operator wants to be."""

    OFFLINE = "offline"
    PAUSED = "paused"
    AVAILABLE = "available"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    """After a talk, to finish its ticket: no caller comes until it is over."""


class Signal(StrEnum):
    """What can happen to an operator."""

    RANG = "rang"
    RING_ENDED = "ring ended"
    ANSWERED = "answered"
    TALK_ENDED = "talk ended"


_RESTING, _RINGING, _TALKING = OperatorState

# The end of a ring or a talk that is not this operator's current one changes nothing.
TRANSITIONS: Mapping[OperatorState, Mapping[Signal, OperatorState]] = MappingProxyType(
    {
        _RESTING: {Signal.RANG: _RINGING, Signal.ANSWERED: _TALKING},
        _RINGING: {Signal.RANG: _RINGING, Signal.RING_ENDED: _RESTING, Signal.ANSWERED: _TALKING},
        _TALKING: {Signal.TALK_ENDED: _RESTING, Signal.ANSWERED: _TALKING},
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """What is known of one operator. `call`: the one that rings or talks; `misses`: unanswered calls in a row.

    `reason`: why `wanted` is so, if the operator did not ask for it; `pause`: the code of the reason that the operator gave
    for a pause. `wrap_up_until`: how long no caller comes after a talk, though the operator wants to be available.
    """

    id: OperatorId
    interface: Interface
    wanted: Presence
    reason: PresenceReason | None = None
    pause: str | None = None
    wrap_up_until: datetime | None = None
    since: datetime
    state: OperatorState = OperatorState.RESTING
    call: CallId | None = None
    misses: int = 0
    phone_reachable: bool

    @property
    def shown(self) -> OperatorStatus:
        """What the screens show."""
        if self.state is OperatorState.RESTING and self.wrap_up_until is not None:
            return OperatorStatus.WRAP_UP
        return OperatorStatus(self.wanted if self.state is OperatorState.RESTING else self.state)

    @property
    def member(self) -> Presence:
        """What Asterisk is to take the telephone for."""
        return self.wanted if self.wrap_up_until is None else Presence.PAUSED


def step(operator: Operator, signal: Signal, call: CallId, at: datetime) -> Operator:
    """The operator after the signal; unchanged when it does not apply, or concerns another call."""
    target = TRANSITIONS[operator.state].get(signal)
    ends = signal in (Signal.RING_ENDED, Signal.TALK_ENDED)
    if target is None or (ends and operator.call != call):
        return operator
    misses = 0 if signal is Signal.ANSWERED else operator.misses
    changed = replace(operator, state=target, call=None if target is OperatorState.RESTING else call, misses=misses)
    return changed if changed == operator else replace(changed, since=at)
