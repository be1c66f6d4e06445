"""What is asked of a node: asking, answering, and what becomes of what nobody answered in time.

Every change of a request tells the screen of whoever asked, in the transaction that makes it.
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
"""How long after its time a request that a node has in hand is left to that node."""
KEPT = timedelta(days=30)
FORGET_EVERY_S = 3600.0


async def ask(
    connection: Connection, body: Body, *, asker: OperatorId, operator: OperatorId | None = None
) -> RequestId:
    """Write a request down and wake the node that it is for. `operator`: whom it concerns, if not the asker."""
    kind = kind_of(body)
    terms = TERMS[kind]
    async with connection.transaction():
        row = await connection.fetchrow(
            SQL["ask"], kind, write_body(body), asker, operator or asker, terms.of_use, terms.of_talk
        )
        assert row is not None
        await connection.execute(SQL["notify"], row["node"])
        await _tell(connection, [row])
    return RequestId(row["id"])


async def take_off_the_line(connection: Connection, operator: OperatorId, *, asker: OperatorId) -> None:
    """No more calls to somebody who is not here any more: by the node, and should that be away, from its start.

    It is asked also of whoever is offline: that they come on the line may have been asked just before.
    """
    if await connection.fetchval(PRESENCE["go_offline"], operator) is not None:
        await ask(connection, PresenceBody(wanted=Presence.OFFLINE), asker=asker, operator=operator)


async def answer(connection: Connection, orders: Iterable[SavePause | FinishRequest]) -> None:
    """Write what became of requests, and what Asterisk did for them, in the connection's transaction."""
    for order in orders:
        match order:
            case SavePause():
                statement = PAUSES["pause" if order.paused else "resume"]
                await connection.execute(statement, str(order.recording), order.operator, order.at)
            case FinishRequest():
                said = {} if order.reason is None else {"reason": order.reason}
                row = await connection.fetchrow(SQL["finish"], order.request, order.state, origins(order.state), said)
                await _tell(connection, [] if row is None else [row])


async def expire(connection: Connection) -> None:
    """Give up what nobody answered in time."""
    async with connection.transaction():
        rows = await connection.fetch(SQL["expire"], DEAD_AFTER)
        await _tell(connection, sorted(rows, key=lambda row: int(row["id"])))


async def _tell(connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
    if rows:
        await connection.execute(SQL["push"], [_message(row) for row in rows])


def _message(row: asyncpg.Record) -> dict[str, object]:
    """The message about a request to the screen of whoever asked."""
    reason = row["answer"].get("reason")
    body = RequestMessage(
        id=row["id"],
        state=RequestState(row["state"]),
        asked_at=row["asked_at"],
        reason=None if reason is None else RefusalReason(reason),
    )
    return entry(f"operator:{row['asked_by']}", body, f"request/{row['kind']}")


class RequestSweep:
    """Gives up what is late while its node is away, and clears away what is long over. Of several processes one does."""

    def __init__(self, settings: DatabaseSettings, every_s: float = LOOK_S) -> None:
        self._settings = settings
        self._every_s = every_s
        self._forgotten_at: float | None = None

    async def run(self) -> None:
        """Look until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.look, self._every_s, "requests cannot be looked at")

    async def look(self, connection: asyncpg.Connection) -> None:
        """Look once."""
        await expire(connection)
        now = asyncio.get_running_loop().time()
        if self._forgotten_at is None or now - self._forgotten_at > FORGET_EVERY_S:
            await connection.execute(SQL["forget"], KEPT)
            self._forgotten_at = now
