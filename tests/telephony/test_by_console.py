"""What the node asks of Asterisk by its control socket."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.domain.commands import PlaceCall, WorkTelephone
from callcenter.domain.events import Event
from callcenter.domain.ids import Interface, RequestId
from callcenter.domain.request import RefusalReason, RequestCarriedOut, RequestFailed, RequestOverdue
from callcenter.errors import NotConnected
from callcenter.telephony.by_console import ConsoleControl
from callcenter.telephony.console import Console
from tests.telephony.helpers import running, until


@dataclass
class Spoken(Console):
    """A control socket that only listens. `away`: nobody does."""

    away: bool = False
    printed: str = ""
    said: list[str] = field(default_factory=list)

    async def command(self, command: str) -> str:
        if self.away:
            raise NotConnected
        self.said.append(command)
        return self.printed


@pytest.mark.parametrize(
    ("away", "late", "answer"),
    [(False, False, RequestCarriedOut), (True, False, RequestFailed), (False, True, RequestOverdue)],
)
async def test_a_telephone_is_rung_once_and_in_time(away: bool, late: bool, answer: type[Event]) -> None:
    console, reported = Spoken(away=away), list[Event]()
    by_console = ConsoleControl(console, reported.append, "callcenter-")
    then = datetime.now(UTC) + timedelta(seconds=-1 if late else 10)
    async with running(by_console.run()):
        by_console.submit(
            PlaceCall(interface=Interface("PJSIP/op-01"), number="+79161234567", request=RequestId(1), until=then)
        )
        await until(lambda: bool(reported))
    assert [type(event) for event in reported] == [answer]
    called = "channel originate Local/op-01*+79161234567@callcenter-own-telephone/n application Hangup"
    assert console.said == ([] if away or late else [called])
    assert [event.reason for event in reported if isinstance(event, RequestFailed)] == [RefusalReason.ASTERISK_AWAY][
        :away
    ]


@pytest.mark.parametrize(
    ("answer", "said", "printed"),
    [
        (True, "pjsip send notify talk channel PJSIP/op-01-00000001", "Sending NOTIFY of type 'talk'"),
        (False, "channel request hangup PJSIP/op-01-00000001", "Requested Hangup on channel 'PJSIP/op-01-00000001'"),
    ],
)
@pytest.mark.parametrize("done", [True, False])
async def test_a_telephone_that_rings_answers_or_stops(answer: bool, said: str, printed: str, done: bool) -> None:
    console, reported = Spoken(printed=f"\n{printed}\n" if done else "No channel found\n"), list[Event]()
    by_console = ConsoleControl(console, reported.append)
    until_then = datetime.now(UTC) + timedelta(seconds=10)
    async with running(by_console.run()):
        by_console.submit(
            WorkTelephone(channel="PJSIP/op-01-00000001", answer=answer, request=RequestId(1), until=until_then)
        )
        await until(lambda: bool(reported))
    assert console.said == [said]
    assert [type(event) for event in reported] == [RequestCarriedOut if done else RequestFailed]
