"""What the screens show of calls and operators: messages made from the domain's commands.

A card's ticket, a caller's outage and an operator's name are left empty here, and filled in by the call that writes the batch
(`fill_in` in storage/functions/write_batch.sql; docs/decisions/0013 says why).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from callcenter.domain.call import Call, CallState, Outcome
from callcenter.domain.card import Card, PastCall
from callcenter.domain.commands import Handed, QueueLine, ShowOperator
from callcenter.domain.events import AsideChanged
from callcenter.domain.talk import Talk
from callcenter.push.messages import (
    AsideMessage,
    CallRow,
    CardMessage,
    HandedRow,
    OperatorMessage,
    PresenceMessage,
    QueueRow,
    QueuesMessage,
    RingingMessage,
    TicketRow,
    TogetherMessage,
)

QUEUES_A_MESSAGE = 60
"""Each of which is at most 110 bytes; a notification may have 8,000."""


def ringing(call: Call, since: datetime, handed: Handed | None) -> RingingMessage:
    """The short notice while a telephone rings."""
    known = call.card or Card(caller=call.caller, did=call.did)
    return RingingMessage(
        call=call.id,
        queue=call.line,
        caller=call.caller,
        resident=known.resident,
        address=known.address,
        flat=known.flat,
        since=since,
        outage=None,
        handed=_handed(handed),
    )


def _handed(handed: Handed | None) -> HandedRow | None:
    return None if handed is None else HandedRow(by=handed.by, note=handed.note)


def aside(event: AsideChanged | None) -> AsideMessage | TogetherMessage:
    """What an operator does while the caller waits."""
    if event is None:
        return TogetherMessage()
    return AsideMessage(call=event.call, phase=event.phase, whom=event.whom, why=event.why, since=event.at)


def card(call: Call, talk: Talk, handed: Handed | None) -> CardMessage:
    """The whole card of one talk."""
    known = call.card or Card(caller=call.caller, did=call.did)
    return CardMessage(
        call=call.id,
        caller=known.caller,
        did=known.did,
        company_id=known.company_id,
        company=known.company,
        house_id=known.house_id,
        resident=known.resident,
        address=known.address,
        flat=known.flat,
        others=known.others,
        open_tickets=tuple(
            TicketRow(number=each.number, subject=each.subject, opened_at=each.opened_at) for each in known.open_tickets
        ),
        past_calls=tuple(
            CallRow(at=each.at, outcome=_outcome(each), operator=each.operator) for each in known.past_calls
        ),
        ticket=None,
        outage=None,
        queue=call.line,
        handed=_handed(handed),
        kind=talk.kind,
        answered_at=talk.began_at,
        talk_ended_at=talk.ended_at or (call.ended_at if call.over(talk) else None),
    )


def _outcome(past: PastCall) -> Outcome | CallState:
    return Outcome(past.outcome) if past.outcome in set(Outcome) else CallState(past.outcome)


def queues(lines: Iterable[QueueLine]) -> Iterator[QueuesMessage]:
    """The lengths of these queues, in messages that fit a notification of PostgreSQL each."""
    rows = [(line.queue, _row(line)) for line in lines]
    for first in range(0, len(rows), QUEUES_A_MESSAGE):
        yield QueuesMessage(queues=dict(rows[first : first + QUEUES_A_MESSAGE]))


def _row(line: QueueLine) -> QueueRow | None:
    if not line.waiting and not line.talking:
        return None
    return QueueRow(waiting=line.waiting, talking=line.talking, oldest=line.oldest)


def operator(command: ShowOperator) -> PresenceMessage:
    """What an operator is doing."""
    return PresenceMessage(
        state=command.state,
        phone_reachable=command.phone_reachable,
        since=command.since,
        reason=command.reason,
        pause=command.pause,
        until=command.until,
        afterwards=command.afterwards,
    )


def named_operator(command: ShowOperator) -> OperatorMessage:
    """What an operator is doing, for supervisors."""
    return OperatorMessage(
        state=command.state,
        phone_reachable=command.phone_reachable,
        since=command.since,
        reason=command.reason,
        pause=command.pause,
        until=command.until,
        afterwards=command.afterwards,
        name="",
        login="",
    )
