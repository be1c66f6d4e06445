"""The composition root: makes the parts from the settings and joins them. The only file that knows all of them."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Protocol

import asyncpg
import structlog
from aiohttp.web import Application, AppRunner, TCPSite

from callcenter import metrics
from callcenter.desk import handover, memory
from callcenter.desk.alarms import Alarms
from callcenter.desk.completeness_alarm import CompletenessAlarm
from callcenter.desk.directory import Directory
from callcenter.desk.evidence_maker import Maker
from callcenter.desk.exports import Exports
from callcenter.desk.handover_mail import Mail
from callcenter.desk.handover_webhook import Webhook
from callcenter.desk.jobs import Worker
from callcenter.desk.request_listener import RequestListener
from callcenter.desk.requests import RequestSweep
from callcenter.desk.writer import Writer
from callcenter.domain.call import CallState
from callcenter.domain.commands import (
    Command,
    NameCaller,
    PauseRecording,
    PrepareCard,
    SetMember,
    ShowJournal,
    ShowQueues,
)
from callcenter.domain.ids import NodeName
from callcenter.domain.switchboard import Switchboard
from callcenter.engine import Engine, utc_now
from callcenter.errors import StoreError
from callcenter.evidence.manifest import key_of
from callcenter.logs import configure
from callcenter.push.hub import Hub
from callcenter.recordings.archive import Archive
from callcenter.recordings.copies import CopyMaker
from callcenter.recordings.disk import DiskWatch
from callcenter.recordings.keeper import Keeper
from callcenter.recordings.spool import Spool
from callcenter.recordings.store import Store
from callcenter.settings import Settings, Web
from callcenter.storage import connect, open_pool, queries, require_schema
from callcenter.telephony import render
from callcenter.telephony.control import Control
from callcenter.telephony.ledger import Ledger
from callcenter.telephony.node import Node
from callcenter.web.app import create_app, create_monitor
from callcenter.web.delivery_words import letter
from callcenter.web.evidence_words import page as evidence_page
from callcenter.web.export_words import words as export_words
from callcenter.web.parts import Check

log = structlog.get_logger()


async def asterisk_directory(connection: asyncpg.Connection) -> render.Directory:
    """What the Asterisk configuration must know of companies and operators."""
    sql = queries("asterisk")
    return render.Directory(
        numbers=tuple((row["number"], row["language"]) for row in await connection.fetch(sql["numbers"])),
        endpoints=tuple((row["endpoint"], row["sip_secret"]) for row in await connection.fetch(sql["endpoints"])),
    )


class Part(Protocol):
    """Something that lives until cancelled. One that ends by itself ends the program, which its keeper starts anew."""

    async def run(self) -> None:
        """Live."""


async def serve(settings: Settings, *, web: bool, node: bool) -> int:
    """Run the roles asked for until SIGTERM or SIGINT."""
    configure(settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(_pool(settings))
        store = Store(settings.s3)
        stack.callback(store.close)
        parts: list[Part] = []
        checks: dict[str, Check] = {"store": lambda: _reachable(store)}
        if node:
            checks |= await _node(settings, pool, store, parts)
        if web:
            hub = Hub(pool, lambda: connect(settings.database), settings.web.slow_client_messages)
            parts += [hub, Alarms(settings.database), RequestSweep(settings.database), worker(settings, pool)]
            exports = Exports(pool, store, export_words)
            parts += [Keeper(settings.database, store, settings.s3.grace_days), CompletenessAlarm(settings.database)]
            # A worker of its own: no message to a crew waits behind a file.
            parts += [exports, Worker(settings.database, [exports.kind])]
            if settings.evidence.key is not None:
                maker = Maker(pool, store, key_of(settings.evidence.key.get_secret_value()), evidence_page)
                parts += [maker, Worker(settings.database, [maker.kind])]
            application = create_app(settings=settings, pool=pool, hub=hub, store=store, checks=checks)
        else:
            application = create_monitor(pool=pool, checks=checks)
        await stack.enter_async_context(_listening(application, settings.web))
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(part.run(), name=type(part).__name__) for part in parts]
            log.info("started", node=settings.node if node else None, web=web)
            await stop.wait()
            log.info("stopping")
            for task in running:
                task.cancel()
    return 0


@asynccontextmanager
async def _pool(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(settings.database)
    try:
        async with pool.acquire() as connection:
            await require_schema(connection)
        yield pool
    finally:
        pool.terminate()


async def _reachable(store: Store) -> bool:
    try:
        await store.check()
    except StoreError:
        return False
    return True


@asynccontextmanager
async def _listening(application: Application, settings: Web) -> AsyncIterator[None]:
    runner = AppRunner(application, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await TCPSite(runner, settings.host, settings.port).start()
        yield
    finally:
        await runner.cleanup()


def worker(settings: Settings, pool: asyncpg.Pool) -> Worker:
    """Does what was promised in a transaction and comes after it."""
    deliveries = handover.Deliveries(
        pool,
        handover.Links(settings.handover, settings.web.url),
        {"email": Mail(settings.smtp, letter), "webhook": Webhook(settings.handover)},
        attempts=settings.handover.attempts,
        wait=handover.backoff(settings.handover),
    )
    return Worker(settings.database, [deliveries.kind])


async def _node(settings: Settings, pool: asyncpg.Pool, store: Store, parts: list[Part]) -> dict[str, Check]:
    """Add everything beside one Asterisk to `parts`; return what tells whether it is ready."""
    name = NodeName(settings.node)
    queues = await memory.queue_names(pool)
    calls = await memory.calls(pool, name)
    switchboard = Switchboard(queues, await memory.operators(pool, name), calls, settings.queueing.missed_limit)
    orders = Orders()
    engine = Engine(switchboard, orders.carry_out)
    spool = Spool(settings.asterisk.spool)
    read_to = await memory.checkpoint(pool, name)
    ledger = Ledger(settings.asterisk.queue_log, settings.ledger_delay_s, engine.put, read_to)
    asterisk = Node(settings.ami, engine.put, ledger.catch_up)
    orders.writer = writer = Writer(settings.database, name)
    orders.directory = directory = Directory(pool, engine.put)
    orders.control = control = Control(asterisk.actions, lambda: queues, engine.put)
    archive = Archive(
        pool,
        store,
        spool,
        name,
        settings.s3.uploads,
        on_attached=lambda: writer.submit(ShowJournal(at=utc_now()), utc_now()),
    )
    disk = DiskWatch(pool, settings.asterisk.spool, name)
    requests = RequestListener(pool, settings.database, name, engine.put, asterisk.restored.wait)
    for call in calls:
        if call.state is not CallState.ENDED:
            directory.submit(PrepareCard(call=call.id, did=call.did, caller=call.caller))
    parts += [writer, engine, directory, control, requests, ledger, asterisk, archive, disk]
    parts.append(CopyMaker(pool, store, name, settings.copies, calm=lambda: not orders.waiting))
    return {"asterisk": asterisk.restored.is_set, "ledger": ledger.caught_up.is_set, "disk": disk.check}


class Orders:
    """Hands each order to the adapter that carries it out. The adapters are made after the engine that they serve."""

    writer: Writer
    directory: Directory
    control: Control
    waiting = 0
    """Callers who wait in any queue of this node."""

    def carry_out(self, order: Command, seen_at: datetime) -> None:
        """Queue the order with its adapter. Never blocks."""
        match order:
            case PrepareCard():
                self.directory.submit(order)
            case NameCaller() | SetMember() | PauseRecording():
                self.control.submit(order)
            case _:
                if isinstance(order, ShowQueues):
                    self.waiting = sum(line.waiting for line in order.queues)
                    _gauge(order)
                self.writer.submit(order, seen_at)


def _gauge(order: ShowQueues) -> None:
    for line in order.queues:
        metrics.waiting.labels(queue=line.queue).set(line.waiting)
        metrics.talking.labels(queue=line.queue).set(line.talking)
