"""A script of events and the commands expected of them.

    playbook >> CallQueued(...) << [SaveCall(...)]

`>>` steps the switchboard, `<<` compares the commands since with those expected, by kind where a class
is given and in full where an object is.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from callcenter.domain.commands import Command
from callcenter.domain.events import Event, Presence, Source, Tick
from callcenter.domain.ids import CallId, Interface, OperatorId, QueueName, RequestId
from callcenter.domain.operator import Operator
from callcenter.domain.request import TERMS, Body, PresenceBody, RequestTaken, kind_of
from callcenter.domain.switchboard import Switchboard

T0 = datetime(2026, 1, 15, 3, 0, tzinfo=UTC)
CALL = CallId("node1-1.1")
QUEUE = QueueName("74951234567")
ANNA = Interface("PJSIP/op-01")
BORIS = Interface("PJSIP/op-02")


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def tick(seconds: float) -> Tick:
    return Tick(at=at(seconds), source=Source.DESK, elapsed=timedelta(seconds=seconds))


def operators(*interfaces: Interface) -> list[Operator]:
    return [
        Operator(id=OperatorId(number), interface=interface, wanted=Presence.AVAILABLE, since=T0, phone_reachable=True)
        for number, interface in enumerate(interfaces, 1)
    ]


def taken(number: int, when: datetime, body: Body | None, *, again: bool = False) -> RequestTaken:
    """A request that ANNA made then."""
    until = when + (timedelta(minutes=1) if body is None else TERMS[kind_of(body)].of_use)
    return RequestTaken(
        at=when,
        id=RequestId(number),
        operator=OperatorId(1),
        interface=ANNA,
        body=body,
        expires_at=until,
        again=again,
    )


def presence_asked(number: int, when: datetime, wanted: Presence, *, again: bool = False) -> RequestTaken:
    return taken(number, when, PresenceBody(wanted=wanted), again=again)


class Playbook:
    def __init__(self, switchboard: Switchboard | None = None) -> None:
        self.switchboard = switchboard or Switchboard([QUEUE], operators(ANNA, BORIS))
        self._commands: list[Command] = []

    def __rshift__(self, event: Event) -> Self:
        self._commands = self.switchboard.step(event)
        return self

    def __lshift__(self, expected: Sequence[type[Command] | Command]) -> Self:
        seen = [
            type(command) if index < len(expected) and isinstance(expected[index], type) else command
            for index, command in enumerate(self._commands)
        ]
        assert seen == list(expected)
        return self
