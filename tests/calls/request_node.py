"""A node from the table of requests to a fake Asterisk and back, which can be made to crash."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from pydantic import SecretStr

from callcenter.calls import startup
from callcenter.calls.request_listener import RequestListener
from callcenter.calls.writer import Writer
from callcenter.domain.commands import Command, NameCaller, PauseRecording, PrepareCard, SetMember
from callcenter.domain.events import Event
from callcenter.domain.ids import NodeName
from callcenter.domain.switchboard import Switchboard
from callcenter.engine import Engine
from callcenter.settings import AmiSettings, DatabaseSettings
from callcenter.storage import open_pool
from callcenter.telephony.control import Control
from callcenter.telephony.node import Node

NODE = NodeName("node1")
Fatal = Callable[[Event | Command], bool]


class RequestNode:
    """Made as the composition root makes it, without what has nothing to do with requests.

    At the first event or order for which `fatal` is true it is dead: that one, and all after it, reach nobody.
    """

    def __init__(
        self, pool: asyncpg.Pool, database: DatabaseSettings, ami: AmiSettings, fatal: Fatal = lambda _: False
    ) -> None:
        self.died = asyncio.Event()
        self._pool = pool
        self._database = database
        self._ami = ami
        self._fatal = fatal

    async def run(self) -> None:
        """Live until cancelled."""
        queues = await startup.queue_names(self._pool)
        operators = await startup.operators(self._pool, NODE)
        calls = await startup.calls(self._pool, NODE)
        self._engine = Engine(Switchboard(queues, operators, calls), self._carry_out)
        asterisk = Node(self._ami, self._put)
        self._control = Control(asterisk.actions, self._put)
        self._writer = Writer(self._database, NODE)
        listener = RequestListener(self._pool, self._database, NODE, self._put, asterisk.restored.wait)
        async with asyncio.TaskGroup() as tasks:
            for part in (self._writer, self._engine, self._control, listener, asterisk):
                tasks.create_task(part.run())

    def _crashes(self, at: Event | Command) -> bool:
        if not self.died.is_set() and self._fatal(at):
            self.died.set()
        return self.died.is_set()

    def _put(self, event: Event) -> None:
        if not self._crashes(event):
            self._engine.put(event)

    def _carry_out(self, order: Command, seen_at: datetime) -> None:
        if self._crashes(order):
            return
        match order:
            case SetMember() | PauseRecording():
                self._control.submit(order)
            case PrepareCard() | NameCaller():
                pass
            case _:
                self._writer.submit(order, seen_at)


@asynccontextmanager
async def living(node: RequestNode) -> AsyncIterator[RequestNode]:
    """The node at work; killed when left."""
    task = asyncio.create_task(node.run())
    try:
        yield node
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def main() -> None:
    """A process of its own, for a test to kill."""
    database = DatabaseSettings(url=SecretStr(os.environ["DATABASE_URL"]), pool_size=2)
    ami = AmiSettings.model_validate_json(os.environ["AMI"])
    pool = await open_pool(database)
    await RequestNode(pool, database, ami).run()


if __name__ == "__main__":
    asyncio.run(main())
