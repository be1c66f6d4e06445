"""One transaction of the writer: orders collected by kind, then written in the order that keys demand."""

from collections.abc import Sequence
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
        self._opened: dict[CallId, Body] = {}

    def add(self, order: Command, seen_at: datetime) -> None:
        """Take an order. Of several that say how one thing now is, the last one counts."""
        match order:
            case SaveCall():
                self._calls[order.call.id] = order.call
                self._events.append(_event_row(order.because, seen_at))
            case OpenTicket():
                self._tickets[order.call.id] = order.call
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
        run = self._connection.executemany
        await run(SQL["save_call"], [_call_row(self._node, call) for call in self._calls.values()])
        await run(SQL["add_event"], self._events)
        for call in self._tickets.values():
            await self._ticket(call)
        await run(SQL["expect_recording"], [(r.recording, self._node, r.call, r.at) for r in self._recordings])
        await run(SQL["keep_presence"], [(p.operator, p.wanted.value, p.at) for p in self._presences])
        await run(SQL["add_gap"], [(self._node, gap.began_at, gap.ended_at) for gap in self._gaps])
        if self._checkpoint is not None:
            await run(SQL["save_checkpoint"], [(self._node, self._checkpoint.inode, self._checkpoint.offset)])
        await run(PUSH, await self._messages())

    async def _ticket(self, call: Call) -> Body | None:
        """The call's ticket, opened unless it has one; None when the number dialled belongs to no company."""
        if call.id in self._opened:
            return self._opened[call.id]
        row = await self._connection.fetchrow(
            SQL["open_ticket"], call.id, call.did, call.caller, call.answered_at, call.interface
        )
        if row is None:
            return None
        card = call.card
        if card is not None and card.resident_id is not None:
            await self._connection.execute(
                SQL["name_ticket"], call.id, card.resident_id, card.premises_id, card.house_id
            )
        return self._opened.setdefault(call.id, {"id": row["id"], "number": row["number"]})

    async def _messages(self) -> Sequence[tuple[str, str, Body]]:
        """The newest body of each part of each screen, in the order in which they changed last."""
        latest: dict[tuple[str, str], Body] = {}
        names = await self._names() if any(isinstance(order, ShowOperator) for order in self._screens) else {}
        for order in self._screens:
            for audience, kind, body in await self._message(order, latest, names):
                latest.pop((audience, kind), None)
                latest[audience, kind] = body
        if ended := [call.ended_at for call in self._calls.values() if call.ended_at is not None]:
            latest["supervisors", "journal"] = {"at": screens.stamp(max(ended))}
        return [(audience, kind, body) for (audience, kind), body in latest.items()]

    async def _message(
        self, order: Screen, latest: dict[tuple[str, str], Body], names: dict[OperatorId, Body]
    ) -> list[tuple[str, str, Body]]:
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
                return [(_own(order.operator), "card", screens.card(order.call, await self._ticket(order.call)))]
            case EndTalk():
                audience = _own(order.operator)
                body = latest.get((audience, "card"))
                if body is None:
                    body = await self._connection.fetchval(SQL["screen"], audience, "card") or {}
                if body.get("call") != order.call:
                    return []
                return [(audience, "card", {**body, "talk_ended_at": screens.stamp(order.at)})]
            case ShowOperator():
                body = screens.operator(order)
                board = {**body, **names.get(order.operator, {})}
                return [(_own(order.operator), "presence", body), ("supervisors", f"operator/{order.operator}", board)]

    async def _names(self) -> dict[OperatorId, Body]:
        rows = await self._connection.fetch(SQL["operator_names"])
        return {OperatorId(row["id"]): {"name": row["name"], "login": row["login"]} for row in rows}


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
