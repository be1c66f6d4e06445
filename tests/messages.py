"""Messages of the socket, as tests make and read them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from callcenter.domain.call import Outcome
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.operator import OperatorStatus
from callcenter.domain.outage import OutageState
from callcenter.domain.talk import TalkKind
from callcenter.push.codec import body_of
from callcenter.push.messages import (
    CallRow,
    CardMessage,
    DeadlineRow,
    OperatorMessage,
    PresenceMessage,
    QueueRow,
    QueuesMessage,
    RingingMessage,
    TicketRow,
)
from callcenter.push.outage_messages import CallOutage, Evidence, OutageRow, OutagesMessage
from callcenter.push.shapes import Shown, TicketKey

NUMBER = "74951234567"
CALLER = "+79001234567"
EMPTY = QueuesMessage(queues={})
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def queue(waiting: int = 0, number: str = NUMBER, oldest: datetime | None = None) -> QueuesMessage:
    """One queue, with one caller talking."""
    return QueuesMessage(queues={number: QueueRow(waiting=waiting, talking=1, oldest=oldest)})


def ringing(at: datetime, call: str = "x") -> RingingMessage:
    return RingingMessage(
        call=call,
        queue=NUMBER,
        caller=CALLER,
        resident="Иванова Мария",
        address="Москва, Мира, 7",
        flat="12",
        since=at,
        outage=None,
        handed=None,
    )


def card(at: datetime, text: str = "Иванова", **changes: Any) -> CardMessage:
    """A card answered at that moment, with `text` wherever a resident's words may stand."""
    made = CardMessage(
        call="node1-1.1",
        caller=CALLER,
        did=NUMBER,
        company_id=1,
        company="УК «Заречье»",
        house_id=2,
        resident=text,
        address=text,
        flat=text,
        others=2,
        open_tickets=(TicketRow(number=1041, subject=text, opened_at=at),),
        past_calls=(CallRow(at=at, outcome=Outcome.ABANDONED, operator=text),),
        ticket=TicketKey(id=1, number=1053),
        outage=None,
        queue=NUMBER,
        handed=None,
        kind=TalkKind.QUEUE,
        answered_at=at,
        talk_ended_at=None,
    )
    return replace(made, **changes)


def outage_row(**changes: Any) -> OutageRow:
    """A suspected outage of one house."""
    made = OutageRow(
        id=3,
        state=OutageState.SUSPECTED,
        kind=None,
        company_id=1,
        company="УК «Заречье»",
        zone="Europe/Moscow",
        addresses=("Набережная, 12",),
        more_houses=0,
        since=NOON,
        until=None,
        evidence=Evidence(calls=6, flats=5, seconds=240, usual=0.1),
        unspoken=False,
    )
    return replace(made, **changes)


def outages(*rows: OutageRow, not_shown: int = 0) -> OutagesMessage:
    return OutagesMessage(outages=rows, not_shown=not_shown)


def call_outage(**changes: Any) -> CallOutage:
    """A known outage of a caller whose flat has a ticket in it."""
    made = CallOutage(
        id=3,
        kind="cold_water",
        until=NOON.replace(hour=15, minute=30),
        calls=212,
        ticket=TicketKey(id=7, number=1041),
    )
    return replace(made, **changes)


def presence_of(at: datetime, state: OperatorStatus, *, pause: str | None = None) -> PresenceMessage:
    """Of an operator whose telephone is there, and who chose it, without an end."""
    return PresenceMessage(
        state=state, phone_reachable=True, since=at, reason=None, pause=pause, until=None, afterwards=None
    )


def operator(at: datetime, state: OperatorStatus = OperatorStatus.PAUSED) -> OperatorMessage:
    return OperatorMessage(
        state=state,
        phone_reachable=True,
        since=at,
        reason=None,
        pause=None,
        until=None,
        afterwards=None,
        name="x",
        login="anna",
    )


def limit(at: datetime, *, late: bool) -> DeadlineRow:
    return DeadlineRow(
        ticket=7, number=41, step=LimitStep.CLEAR, due_at=at, late=late, company="УК «Заря»", house="Мира, 5"
    )


def body(message: dict[str, Any]) -> Shown:
    """The body of a delta that a browser got."""
    assert message["type"] == "delta", message
    return body_of(message["kind"], message["body"])
