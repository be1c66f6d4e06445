"""One transaction of the writer: orders collected by kind, then written in the order that keys demand."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from callcenter.desk import screens
from callcenter.desk.screens import Body
from callcenter.domain.call import Call
from callcenter.domain.commands import (
    Command,
    EndTalk,
    ExpectRecording,
    KeepPresence,
    OpenTicket,
    PopCard,
    RecordGap,
    SaveCall,
    SaveCheckpoint,
    ShowJournal,
    ShowOperator,
    ShowQueues,
    ShowRinging,
    StopRinging,
)
from callcenter.domain.events import CallEvent, OperatorAnswered, OperatorMissed, OperatorRang, TalkEnded
from callcenter.domain.ids import CallId, NodeName, OperatorId
from callcenter.storage import queries

SQL = queries("calls")
PUSH = queries("push")["push"]

Tickets = Mapping[CallId, Body]
Screen = ShowRinging | StopRinging | PopCard | EndTalk | ShowOperator | ShowQueues | ShowJournal


class Transaction:
    """Collects orders; `write` carries them out on a connection inside a transaction."""

    def __init__(self, connection: asyncpg.Connection, node: NodeName) -> None:
        self._connection = connection
        self._node = node
        self._calls: dict[CallId, Call] = {}
        self._events: list[tuple[object, ...]] = []
        self._tickets: dict[CallId, Call] = {}
        self._recordings: list[ExpectRecording] = []
        self._presences: list[KeepPresence] = []
        self._gaps: list[RecordGap] = []
        self._checkpoint: SaveCheckpoint | None = None
        self._screens: list[Screen] = []

    def add(self, order: Command, seen_at: datetime) -> None:
        """Take an order. Of several that say how one thing now is, the last one counts."""
        match order:
            case SaveCall():
                self._calls[order.call.id] = order.call
                self._events.append(_event_row(order.because, seen_at))
            case OpenTicket():
                self._tickets[order.call.id] = order.call
            case PopCard():
                # Its ticket may have been opened in an earlier transaction; opening it again finds it.
                self._tickets.setdefault(order.call.id, order.call)
                self._screens.append(order)
            case ExpectRecording():
                self._recordings.append(order)
            case KeepPresence():
                self._presences.append(order)
            case RecordGap():
                self._gaps.append(order)
            case SaveCheckpoint():
                self._checkpoint = order
            case _ if isinstance(order, Screen):
                self._screens.append(order)
            case _:
                raise TypeError(f"not an order to the store of facts: {type(order).__name__}")

    async def write(self) -> None:
        """Carry everything out. Raises what asyncpg raises; the caller's transaction undoes it all."""
        await self._many("save_call", [_call_row(self._node, call) for call in self._calls.values()])
        await self._many("add_event", self._events)
        tickets = await self._open_tickets()
        await self._many("expect_recording", [(r.recording, self._node, r.call, r.at) for r in self._recordings])
        await self._many("keep_presence", [(p.operator, p.wanted.value, p.at) for p in self._presences])
        await self._many("add_gap", [(self._node, gap.began_at, gap.ended_at) for gap in self._gaps])
        if mark := self._checkpoint:
            await self._many("save_checkpoint", [(self._node, mark.inode, mark.offset)])
        if messages := await self._messages(tickets):
            await self._connection.execute(PUSH, *map(list, zip(*messages, strict=True)))

    async def _many(self, name: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            await self._connection.executemany(SQL[name], rows)

    async def _open_tickets(self) -> Tickets:
        """The tickets of the calls in this transaction: opened now, or found. None for a number of nobody."""
        if not self._tickets:
            return {}
        rows = [
            (
                call.id,
                call.did,
                call.caller,
                call.answered_at,
                call.interface,
                call.card.resident_id if call.card is not None else None,
                call.card.premises_id if call.card is not None else None,
                call.card.house_id if call.card is not None else None,
            )
            for call in self._tickets.values()
        ]
        found = await self._connection.fetch(SQL["open_tickets"], *map(list, zip(*rows, strict=True)))
        return {CallId(row["call_id"]): {"id": row["id"], "number": row["number"]} for row in found}

    async def _messages(self, tickets: Tickets) -> Sequence[tuple[str, str, Body]]:
        """The newest body of each part of each screen, in the order in which they changed last."""
        latest: dict[tuple[str, str], Body] = {}
        names = await self._names()
        cards = await self._cards()
        for order in self._screens:
            for audience, kind, body in _message(order, latest, names, cards, tickets):
                latest.pop((audience, kind), None)
                latest[audience, kind] = body
        if ended := [call.ended_at for call in self._calls.values() if call.ended_at is not None]:
            latest["supervisors", "journal"] = {"at": screens.stamp(max(ended))}
        return [(audience, kind, body) for (audience, kind), body in latest.items()]

    async def _cards(self) -> Mapping[str, Body]:
        """The cards now on the screens of operators whose talk ends, by audience."""
        audiences = [_own(order.operator) for order in self._screens if isinstance(order, EndTalk)]
        if not audiences:
            return {}
        return {row["audience"]: row["body"] for row in await self._connection.fetch(SQL["cards"], audiences)}

    async def _names(self) -> Mapping[OperatorId, Body]:
        if not any(isinstance(order, ShowOperator) for order in self._screens):
            return {}
        rows = await self._connection.fetch(SQL["operator_names"])
        return {OperatorId(row["id"]): {"name": row["name"], "login": row["login"]} for row in rows}


def _message(
    order: Screen,
    latest: Mapping[tuple[str, str], Body],
    names: Mapping[OperatorId, Body],
    cards: Mapping[str, Body],
    tickets: Tickets,
) -> list[tuple[str, str, Body]]:
    """What an order says to whom: audience, kind, body."""
    match order:
        case ShowJournal():
            return [("supervisors", "journal", {"at": screens.stamp(order.at)})]
        case ShowQueues():
            return [("all", "queues", screens.queues(order.queues))]
        case ShowRinging():
            return [(_own(order.operator), "ringing", screens.ringing(order.call, order.at))]
        case StopRinging():
            return [(_own(order.operator), "ringing", {})]
        case PopCard():
            return [(_own(order.operator), "card", screens.card(order.call, tickets.get(order.call.id)))]
        case EndTalk():
            audience = _own(order.operator)
            body = latest.get((audience, "card")) or cards.get(audience, {})
            if body.get("call") != order.call:
                return []
            return [(audience, "card", {**body, "talk_ended_at": screens.stamp(order.at)})]
        case ShowOperator():
            body = screens.operator(order)
            board = {**body, **names.get(order.operator, {})}
            return [(_own(order.operator), "presence", body), ("supervisors", f"operator/{order.operator}", board)]


def _own(operator: OperatorId) -> str:
    return f"operator:{operator}"


def _event_row(event: CallEvent, seen_at: datetime) -> tuple[object, ...]:
    data: Body = {}
    if isinstance(event, OperatorRang | OperatorMissed | OperatorAnswered | TalkEnded):
        data["operator"] = event.operator
    return event.call, type(event).__name__, event.source.value, event.at, seen_at, data


def _call_row(node: NodeName, call: Call) -> tuple[object, ...]:
    return (
        call.id,
        node,
        call.did,
        call.caller,
        call.queue,
        call.state.value,
        call.outcome,
        call.fate,
        call.interface,
        call.recording,
        call.ended_by,
        call.arrived_at,
        call.queued_at,
        call.answered_at,
        call.talk_ended_at,
        call.left_at,
        call.ended_at,
        call.wait_s,
        call.talk_s,
        call.rings,
        call.hangup_cause,
        call.rebuilt,
        call.card.resident_id if call.card is not None else None,
    )
