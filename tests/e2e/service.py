"""What the service makes of one Asterisk, without a database."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from callcenter.domain.call import Call
from callcenter.domain.commands import Command, EndSilentLeg, ShowOperator
from callcenter.domain.events import Presence
from callcenter.domain.ids import OPERATORS, Interface, OperatorId, QueueName, RequestId
from callcenter.domain.operator import Operator
from callcenter.domain.request import PresenceBody, RequestTaken
from callcenter.domain.switchboard import Switchboard
from callcenter.engine import Engine
from callcenter.telephony.control import AsteriskCommand, Control
from callcenter.telephony.ledger import Ledger
from callcenter.telephony.leg_watch import LegWatch
from callcenter.telephony.node import Node
from tests.e2e.asterisk_instance import AsteriskInstance
from tests.telephony.helpers import running, until


class Service:
    """`orders` is all that it decided."""

    def __init__(self, pbx: AsteriskInstance, *names: str) -> None:
        self.orders: list[Command] = []
        self._requests = itertools.count(1)
        self._interfaces = [Interface(f"PJSIP/{name}") for name in names]
        operators = [
            Operator(
                id=OperatorId(number),
                interface=interface,
                wanted=Presence.AVAILABLE,
                since=datetime.now(UTC),
                phone_reachable=False,
            )
            for number, interface in enumerate(self._interfaces, 1)
        ]
        queues = [QueueName(number) for number, _ in pbx.directory.numbers]
        self.switchboard = Switchboard(queues, operators)
        self.engine = Engine(self.switchboard, self._carry_out)
        self.node = Node(pbx.settings.ami, self.engine.put)
        self.control = Control(self.node.actions, self.engine.put)
        back_within_s = pbx.settings.browser_telephones.back_within_s
        self.leg_watch = LegWatch(self.node.actions, self.switchboard.legs, back_within_s)
        self.ledger = Ledger(pbx.home / "log" / "queue_log", 0.5, self.engine.put, poll_s=0.05)

    def _carry_out(self, order: Command, seen_at: datetime) -> None:
        self.orders.append(order)
        if isinstance(order, AsteriskCommand):
            self.control.submit(order)
        elif isinstance(order, EndSilentLeg):
            self.leg_watch.submit(order)

    def shown(self, number: int) -> ShowOperator | None:
        """What the screens show last of an operator."""
        mine = [each for each in self.orders if isinstance(each, ShowOperator) and each.operator == number]
        return mine[-1] if mine else None

    def ready(self, number: int) -> bool:
        """Whether calls go to this operator."""
        shown = self.shown(number)
        return shown is not None and shown.state == "available" and shown.phone_reachable

    def on_the_line(self, number: int) -> None:
        """This operator asks on the page for calls."""
        now = datetime.now(UTC)
        self.engine.put(
            RequestTaken(
                at=now,
                id=RequestId(next(self._requests)),
                operator=OperatorId(number),
                interface=self._interfaces[number - 1],
                body=PresenceBody(wanted=Presence.AVAILABLE),
                expires_at=now + timedelta(minutes=1),
            )
        )

    def call_of(self, caller: str) -> Call | None:
        """The newest call of whoever has this number."""
        return next((call for call in reversed(self.switchboard.calls.values()) if call.caller == caller), None)


@asynccontextmanager
async def service(pbx: AsteriskInstance, *names: str) -> AsyncIterator[Service]:
    """These operators are available, at telephones that have registered."""
    made = Service(pbx, *names)
    parts = (made.engine, made.node, made.control, made.ledger, made.leg_watch)
    async with running(*(part.run() for part in parts)):
        try:
            await until(lambda: all(made.ready(number) for number, _ in enumerate(names, 1)), 60.0)
            yield made
        finally:
            for name in names:
                await made.node.actions.action("QueueRemove", Queue=OPERATORS, Interface=f"PJSIP/{name}")
