"""What the screens show: the bodies of the messages that docs/protocol.md describes.

A card's ticket and an operator's name are left empty here, and filled in by the call that writes the batch
(`fill_in` in storage/functions/write_batch.sql; docs/decisions/0013 says why).
"""

from dataclasses import asdict
from datetime import datetime

from callcenter.domain.call import Call
from callcenter.domain.card import Card
from callcenter.domain.commands import QueueLine, ShowOperator
from callcenter.domain.talk import Talk

Body = dict[str, object]


def stamp(at: datetime | None) -> str | None:
    """ISO 8601 with microseconds, in UTC."""
    return None if at is None else at.isoformat(timespec="microseconds")


def ringing(call: Call, since: datetime) -> Body:
    """The short notice while a telephone rings."""
    return {"call": call.id, "queue": call.queue, "caller": call.caller, "since": stamp(since)}


def card(call: Call, talk: Talk) -> Body:
    """The whole card of one talk."""
    known = call.card or Card(caller=call.caller, did=call.did)
    shown = {key: value for key, value in asdict(known).items() if not key.endswith("_id")}
    shown["open_tickets"] = [{**item, "opened_at": stamp(item["opened_at"])} for item in shown["open_tickets"]]
    shown["past_calls"] = [{**item, "at": stamp(item["at"])} for item in shown["past_calls"]]
    return {
        "call": call.id,
        **shown,
        "ticket": None,
        "queue": call.queue,
        "kind": talk.kind,
        "answered_at": stamp(talk.began_at),
        "talk_ended_at": stamp(talk.ended_at or (call.ended_at if call.over(talk) else None)),
    }


def queues(lines: tuple[QueueLine, ...]) -> Body:
    """The length of every queue."""
    return {
        "queues": [
            {"queue": line.queue, "waiting": line.waiting, "talking": line.talking, "oldest": stamp(line.oldest)}
            for line in lines
        ]
    }


def operator(order: ShowOperator) -> Body:
    """What an operator is doing."""
    return {"state": order.state, "phone_reachable": order.phone_reachable, "since": stamp(order.since)}


def named_operator(order: ShowOperator) -> Body:
    """What an operator is doing, for those who watch several."""
    return {**operator(order), "name": "", "login": ""}
