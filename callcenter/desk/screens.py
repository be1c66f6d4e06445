"""What the screens show: the bodies of the messages that docs/protocol.md describes."""

from dataclasses import asdict
from datetime import datetime

import asyncpg

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
    """The whole card of one talk but for its ticket, which PostgreSQL adds in the transaction that opens it."""
    known = call.card or Card(caller=call.caller, did=call.did)
    shown = {key: value for key, value in asdict(known).items() if not key.endswith("_id")}
    shown["open_tickets"] = [{**item, "opened_at": stamp(item["opened_at"])} for item in shown["open_tickets"]]
    shown["past_calls"] = [{**item, "at": stamp(item["at"])} for item in shown["past_calls"]]
    return {
        "call": call.id,
        **shown,
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


def request(row: asyncpg.Record) -> Body:
    """The message about a request, of which `row` is the row, to the screen of whoever asked."""
    reason = row["answer"].get("reason")
    body = {"id": row["id"], "state": row["state"], "asked_at": stamp(row["asked_at"]), "reason": reason}
    return {"audience": f"operator:{row['asked_by']}", "kind": f"request/{row['kind']}", "body": body}


def operator(order: ShowOperator) -> Body:
    """What an operator is doing."""
    return {"state": order.state, "phone_reachable": order.phone_reachable, "since": stamp(order.since)}
