"""Messages of the socket, as tests make and read them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from callcenter.domain.call import Outcome
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.operator import OperatorStatus
from callcenter.domain.talk import TalkKind
from callcenter.push.codec import body_of
from callcenter.push.messages import (
    CallRow,
    CardMessage,
    DeadlineRow,
    OperatorMessage,
    QueueRow,
    QueuesMessage,
    RingingMessage,
    Shown,
    TicketKey,
    TicketRow,
)

NUMBER = "74951234567"
CALLER = "+79001234567"
EMPTY = QueuesMessage(queues={})


def queue(waiting: int = 0, number: str = NUMBER, oldest: datetime | None = None) -> QueuesMessage:
    """One queue, with one caller talking."""
    return QueuesMessage(queues={number: QueueRow(waiting=waiting, talking=1, oldest=oldest)})


def ringing(at: datetime, call: str = "x") -> RingingMessage:
    return RingingMessage(call=call, queue=NUMBER, caller=CALLER, since=at)


def card(at: datetime, text: str = "Иванова", **changes: Any) -> CardMessage:
    """A card answered at that moment, with `text` wherever a resident's words may stand."""
    made = CardMessage(
        call="node1-1.1",
        caller=CALLER,
        did=NUMBER,
        company="УК «Заречье»",
        resident=text,
        address=text,
        flat=text,
        others=2,
        open_tickets=(TicketRow(number=1041, subject=text, opened_at=at),),
        past_calls=(CallRow(at=at, outcome=Outcome.ABANDONED, operator=text),),
        ticket=TicketKey(id=1, number=1053),
        queue=NUMBER,
        kind=TalkKind.QUEUE,
        answered_at=at,
        talk_ended_at=None,
    )
    return replace(made, **changes)


def operator(at: datetime, state: OperatorStatus = OperatorStatus.PAUSED) -> OperatorMessage:
    return OperatorMessage(state=state, phone_reachable=True, since=at, reason=None, name="x", login="anna")


def limit(at: datetime, *, late: bool) -> DeadlineRow:
    return DeadlineRow(
        ticket=7, number=41, step=LimitStep.CLEAR, due_at=at, late=late, company="УК «Заря»", house="Мира, 5"
    )


def body(message: dict[str, Any]) -> Shown:
    """The body of a delta that a browser got."""
    assert message["type"] == "delta", message
    return body_of(message["kind"], message["body"])
