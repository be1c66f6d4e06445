"""Requests to a node: sending, answering, and expiry of those that were not answered in time.

Every change of a request is sent to the screen of the person who made it, in the same transaction.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

import asyncpg

from callcenter.common.scope import Connection
from callcenter.domain.commands import FinishRequest, SavePause
from callcenter.domain.events import Presence
from callcenter.domain.ids import OperatorId, RequestId
from callcenter.domain.request import (
    TERMS,
    Body,
    PresenceBody,
    RefusalReason,
    RequestState,
    kind_of,
    origins,
    write_body,
)
from callcenter.push.codec import entry
from callcenter.push.messages import RequestMessage
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import queries

SQL = queries("requests")
PAUSES = queries("pauses")
PRESENCE = queries("presence")
LOOK_S = 2.0
DEAD_AFTER = timedelta(minutes=1)
"""How long after its expiry a request that a node has taken is left to that node."""
KEPT = timedelta(days=30)
FORGET_EVERY_S = 3600.0


async def ask(
    connection: Connection, body: Body, *, asker: OperatorId, operator: OperatorId | None = None
) -> RequestId:
    """Save a request and notify its node. `operator`: whom it concerns, if not the asker."""
    kind = kind_of(body)
    terms = TERMS[kind]
    async with connection.transaction():
        row = await connection.fetchrow(
            SQL["ask"], kind, write_body(body), asker, operator or asker, terms.of_use, terms.of_talk
        )
        assert row is not None
        await connection.execute(SQL["notify"], row["node"])
        await _notify(connection, [row])
    return RequestId(row["id"])


async def take_off_the_line(connection: Connection, operator: OperatorId, *, asker: OperatorId) -> None:
    """No more calls to somebody who is not here any more: by the node, and should that be away, from its start.

    It is asked also of whoever is offline: that they come on the line may have been asked just before.
    """
    if await connection.fetchval(PRESENCE["go_offline"], operator) is not None:
        await ask(connection, PresenceBody(wanted=Presence.OFFLINE), asker=asker, operator=operator)


async def answer(connection: Connection, commands: Iterable[SavePause | FinishRequest]) -> None:
    """Write what became of requests, and what Asterisk did for them, in the connection's transaction."""
    for command in commands:
        match command:
            case SavePause():
                statement = PAUSES["pause" if command.paused else "resume"]
                await connection.execute(statement, str(command.recording), command.operator, command.at)
            case FinishRequest():
                details = {} if command.reason is None else {"reason": command.reason}
                row = await connection.fetchrow(
                    SQL["finish"], command.request, command.state, origins(command.state), details
                )
                await _notify(connection, [] if row is None else [row])


async def expire(connection: Connection) -> None:
    """Expire the requests that were not answered in time."""
    async with connection.transaction():
        rows = await connection.fetch(SQL["expire"], DEAD_AFTER)
        await _notify(connection, sorted(rows, key=lambda row: int(row["id"])))


async def _notify(connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
    if rows:
        await connection.execute(SQL["push"], [_message(row) for row in rows])


def _message(row: asyncpg.Record) -> dict[str, object]:
    """The message about a request to the screen of the person who made it."""
    reason = row["answer"].get("reason")
    body = RequestMessage(
        id=row["id"],
        state=RequestState(row["state"]),
        asked_at=row["asked_at"],
        reason=None if reason is None else RefusalReason(reason),
    )
    return entry(f"operator:{row['asked_by']}", body, f"request/{row['kind']}")


class RequestSweep:
    """Expires late requests while their node is down, and deletes old ones. Of several processes one does."""

    def __init__(self, settings: DatabaseSettings, every_s: float = LOOK_S) -> None:
        self._settings = settings
        self._every_s = every_s
        self._forgotten_at: float | None = None

    async def run(self) -> None:
        """Check until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.check, self._every_s, "requests not checked")

    async def check(self, connection: asyncpg.Connection) -> None:
        """Check once."""
        await expire(connection)
        now = asyncio.get_running_loop().time()
        if self._forgotten_at is None or now - self._forgotten_at > FORGET_EVERY_S:
            await connection.execute(SQL["forget"], KEPT)
            self._forgotten_at = now
