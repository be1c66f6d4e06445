"""All facts about a ticket, read in one snapshot, for the files and the printed page of a pack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from callcenter.common.scope import Connection
from callcenter.domain.ticket import TicketState
from callcenter.evidence.chain import GENESIS, Ends, runs
from callcenter.storage import queries
from callcenter.tickets.rows import events, read
from callcenter.tickets.ticket import NoTicket, Ticket, TicketEvent

SQL = queries("evidence")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """A ticket at one moment. Rows are those of the queries of the same names; `chain`: the parts about this ticket."""

    at: datetime
    ticket: Ticket
    entries: Sequence[TicketEvent]
    calls: Sequence[Row]
    call_events: Sequence[Row]
    talks: Sequence[Row]
    pauses: Sequence[Row]
    files: Sequence[Row]
    holds: Sequence[Row]
    recordings: Sequence[Row]
    chain: Sequence[Ends]

    def timeline(self) -> dict[str, object]:
        """The content of `timeline.json`: the calls with all that happened in them, the ticket's states, its deadlines."""
        ticket = self.ticket
        moves = [event for event in self.entries if event.to_state is not None]
        return {
            "calls": [
                dict(call)
                | {"events": _of_call(self.call_events, call), "talks": _of_call(self.talks, call)}
                | {"pauses": _of_call(self.pauses, call)}
                for call in self.calls
            ],
            "ticket": [{"at": ticket.opened_at, "from": None, "to": TicketState.NEW}]
            + [{"at": move.at, "from": move.from_state, "to": move.to_state} for move in moves],
            "deadlines": [
                {
                    "step": line.step,
                    "due_at": line.due_at,
                    "met_at": line.met_at,
                    "late": line.late(ticket.closed_at or self.at),
                }
                for line in ticket.deadlines
            ],
        }

    def journal(self) -> dict[str, object]:
        """The content of `journal.json`: the ticket as it stands, its entries, the files and holds that belong to it."""
        names = [name for name in Ticket.__dataclass_fields__ if name != "deadlines"]
        return {
            "ticket": {name: getattr(self.ticket, name) for name in names},
            "entries": [
                {
                    "id": event.id,
                    "at": event.at,
                    "kind": event.kind,
                    "who": event.who,
                    "crew": event.crew,
                    "from": event.from_state,
                    "to": event.to_state,
                    "comment": event.comment,
                    "changes": {name: list(pair) for name, pair in event.changes.items()},
                }
                for event in self.entries
            ],
            "files": [dict(row) for row in self.files],
            "holds": [dict(row) for row in self.holds],
        }


def _of_call(rows: Sequence[Row], call: Row) -> list[dict[str, object]]:
    return [
        {name: value for name, value in row.items() if name != "call_id"}
        for row in rows
        if row["call_id"] == call["id"]
    ]


async def facts(connection: Connection, ticket_id: int) -> TicketFacts:
    """Read the facts. The transaction must see one snapshot. Raises `NoTicket`."""
    ticket = await read(connection, None, ticket_id)
    if ticket is None:
        raise NoTicket
    calls = await _rows(connection, "calls", ticket_id)
    ids = [row["id"] for row in calls]
    recordings = await _rows(connection, "recordings", ticket_id)
    return TicketFacts(
        at=await connection.fetchval(SQL["now"]),
        ticket=ticket,
        entries=await events(connection, ticket_id),
        calls=calls,
        call_events=await _rows(connection, "call_events", ids),
        talks=await _rows(connection, "talks", ids),
        pauses=await _rows(connection, "pauses", ids),
        files=await _rows(connection, "files", ticket_id),
        holds=await _rows(connection, "holds", ticket_id),
        recordings=recordings,
        chain=await _chain(connection, ticket, [row["id"] for row in recordings]),
    )


async def _rows(connection: Connection, query: str, about: object) -> list[Row]:
    return [dict(row) for row in await connection.fetch(SQL[query], about)]


async def _chain(connection: Connection, ticket: Ticket, recordings: Sequence[int]) -> list[Ends]:
    company = ticket.company_id
    own = [row["seq"] for row in await connection.fetch(SQL["own_entries"], company, ticket.id, recordings)]
    found = []
    for first, last in runs(own):
        before = await connection.fetchval(SQL["before"], company, first) or GENESIS
        head = await connection.fetchval(SQL["before"], company, last + 1)
        found.append(Ends(company, first, last, before, head))
    return found


async def chain_rows(connection: Connection, facts: TicketFacts, run: Ends) -> "asyncpg.cursor.Cursor[asyncpg.Record]":
    """The entries of a part of the chain; those about others without their text."""
    recordings = [row["id"] for row in facts.recordings]
    return await connection.cursor(SQL["run"], run.company, run.first, run.last, facts.ticket.id, recordings)
