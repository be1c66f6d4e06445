"""The node's end of the path from a page: takes the requests to this node and passes them to the engine."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

import asyncpg
import structlog

from callcenter.common import requests
from callcenter.common.requests import SQL
from callcenter.domain.events import Event, Source
from callcenter.domain.ids import Interface, NodeName, OperatorId, RequestId
from callcenter.domain.request import Body, RequestTaken, read_body
from callcenter.retrying import repeat
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect, listening

log = structlog.get_logger()

RETRY_S = 2.0
# A lost notification (there should be none) is made up for by polling this often.
REREAD_S = 30.0


class RequestListener:
    """Takes requests as they come, each before the engine gets it, so that a node finds its requests in the table after
    a crash.

    `ready` returns once commands can be sent to Asterisk; until then requests wait in the table, where they can expire.
    `put` must not block.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        settings: DatabaseSettings,
        node: NodeName,
        put: Callable[[Event], None],
        ready: Callable[[], Awaitable[object]],
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._node = node
        self._put = put
        self._ready = ready
        self._changed = asyncio.Event()
        # The rows in the state `taken` that were passed to the engine.
        self._told: set[RequestId] = set()

    async def run(self) -> None:
        """Listen and take requests until cancelled; reconnects to PostgreSQL by itself."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(repeat(self._listen, RETRY_S, "requests not heard"), name="requests listen")
            tasks.create_task(self._keep_taking(), name="requests take")

    async def _listen(self) -> None:
        async with listening(lambda: connect(self._settings), "requests") as (_, payloads):
            # Requests made before this listener was connected.
            self._changed.set()
            async for node in payloads:
                if node in ("", self._node):
                    self._changed.set()

    async def _keep_taking(self) -> None:
        while True:
            await self._ready()
            self._changed.clear()
            try:
                await self.take()
            except AWAY as problem:
                log.warning("requests not taken", problem=type(problem).__name__)
                await asyncio.sleep(RETRY_S)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(REREAD_S):
                    await self._changed.wait()

    async def take(self) -> None:
        """Take the open requests, and pass to the engine all that it has not got yet."""
        async with self._pool.acquire() as connection:
            await requests.expire(connection)
            new = {row["id"] for row in await connection.fetch(SQL["take"], self._node)}
            rows = await connection.fetch(SQL["taken"], self._node)
        for row in rows:
            if row["id"] not in self._told:
                # One that is not new was taken by a process that crashed, or by a statement whose answer was lost.
                self._put(_event(row, again=row["id"] not in new))
        self._told = {RequestId(row["id"]) for row in rows}


def _event(row: asyncpg.Record, *, again: bool) -> RequestTaken:
    # By this machine's clock, which may differ from PostgreSQL's.
    now = datetime.now(UTC)
    return RequestTaken(
        at=now,
        source=Source.DESK,
        id=RequestId(row["id"]),
        operator=OperatorId(row["operator_id"]),
        interface=None if row["interface"] is None else Interface(row["interface"]),
        body=_body(row["kind"], row["body"]),
        expires_at=now + row["left"],
        again=again,
    )


def _body(kind: str, data: Mapping[str, object]) -> Body | None:
    try:
        return read_body(kind, data)
    except (ValueError, AttributeError):
        log.warning("request not understood", kind=kind)
        return None
