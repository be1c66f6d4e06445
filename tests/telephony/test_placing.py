"""Calls out that a page asked for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.domain.commands import PlaceCall, TryNumber
from callcenter.domain.events import Event
from callcenter.domain.ids import Interface, RequestId
from callcenter.domain.request import RefusalReason, RequestCarriedOut, RequestFailed, RequestOverdue
from callcenter.errors import NotConnected
from callcenter.telephony.console import Console
from callcenter.telephony.placing import CallPlacer
from tests.telephony.helpers import running, until


@dataclass
class Spoken(Console):
    """A control socket that only listens. `away`: nobody does."""

    away: bool = False
    said: list[str] = field(default_factory=list)

    async def command(self, command: str) -> str:
        if self.away:
            raise NotConnected
        self.said.append(command)
        return ""


@pytest.mark.parametrize(
    ("away", "late", "answer"),
    [(False, False, RequestCarriedOut), (True, False, RequestFailed), (False, True, RequestOverdue)],
)
async def test_a_telephone_is_rung_once_and_in_time(away: bool, late: bool, answer: type[Event]) -> None:
    console, reported = Spoken(away=away), list[Event]()
    placer = CallPlacer(console, reported.append, "callcenter-")
    then = datetime.now(UTC) + timedelta(seconds=-1 if late else 10)
    async with running(placer.run()):
        placer.submit(
            PlaceCall(interface=Interface("PJSIP/op-01"), number="+79161234567", request=RequestId(1), until=then)
        )
        await until(lambda: bool(reported))
    assert [type(event) for event in reported] == [answer]
    called = "channel originate Local/op-01*+79161234567@callcenter-own-telephone/n application Hangup"
    assert console.said == ([] if away or late else [called])
    assert [event.reason for event in reported if isinstance(event, RequestFailed)] == [RefusalReason.ASTERISK_AWAY][
        :away
    ]


async def test_a_companys_number_is_called_by_the_way_of_a_resident() -> None:
    console, reported = Spoken(), list[Event]()
    placer = CallPlacer(console, reported.append, "callcenter-")
    until_then = datetime.now(UTC) + timedelta(seconds=10)
    async with running(placer.run()):
        placer.submit(TryNumber(number="74951234567", request=RequestId(1), until=until_then))
        await until(lambda: bool(reported))
    assert [type(event) for event in reported] == [RequestCarriedOut]
    assert console.said == ["channel originate Local/s@callcenter-tried/n extension d74951234567@callcenter-tried"]
