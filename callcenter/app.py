"""The composition root: makes the services from the settings and joins them. The only file that knows all of them."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta

import asyncpg
import structlog
from aiohttp.web import Application, TCPSite

from callcenter.api.install import install as api
from callcenter.calls import startup
from callcenter.calls.cards import CardFinder
from callcenter.calls.figures import NodeFigures
from callcenter.calls.install import install as calls
from callcenter.calls.pace import PaceKeeper
from callcenter.calls.request_listener import RequestListener
from callcenter.calls.writer import Writer
from callcenter.common.attempts import ATTEMPTS, Attempts
from callcenter.common.object_store import OBJECT_STORE, ObjectStore
from callcenter.common.passwords import PASSWORDS, Passwords
from callcenter.common.secret_box import SECRET_BOX, SecretBox, require_readable
from callcenter.common.sessions import SESSIONS, Sessions, SessionTerm
from callcenter.common.smtp import MAIL_SERVER, MailServer
from callcenter.common.tokens import TOKENS, Tokens
from callcenter.common.uploads import UPLOADS, Uploads
from callcenter.directory.install import install as directory
from callcenter.dispatch.install import install as dispatch
from callcenter.domain.call import CallState
from callcenter.domain.commands import (
    Command,
    EndSilentLeg,
    JudgeCallOut,
    MoveTalk,
    NameCaller,
    PauseRecording,
    PlaceCall,
    PrepareCard,
    RefreshCalls,
    SetMember,
    ShowQueues,
    TryNumber,
    WithdrawCaller,
    WorkTelephone,
)
from callcenter.domain.events import Source
from callcenter.domain.floor import RosterChanged
from callcenter.domain.ids import NodeName
from callcenter.domain.switchboard import Switchboard
from callcenter.engine import Engine, utc_now
from callcenter.errors import StoreError
from callcenter.evidence_packs.install import install as evidence_packs
from callcenter.listening.install import install as listening
from callcenter.logs import configure
from callcenter.onboarding.install import install as onboarding
from callcenter.outages.announcing.announcer import Announcer
from callcenter.outages.announcing.voice import Voice
from callcenter.outages.install import install as outages
from callcenter.people.install import install as people
from callcenter.pooler import require_own_session
from callcenter.push.hub import HUB, Hub
from callcenter.recordings.archive import Archive
from callcenter.recordings.copies import CopyMaker
from callcenter.recordings.disk import DiskWatch
from callcenter.recordings.hashes import HashSweep
from callcenter.recordings.keeper import Keeper
from callcenter.recordings.packing import Packer
from callcenter.recordings.spool import Spool
from callcenter.recordings.store import Store
from callcenter.reports.install import install as reports
from callcenter.retention.install import install as retention
from callcenter.settings import Settings, WebSettings
from callcenter.sharing.install import install as sharing
from callcenter.storage import connect, open_pool, queries, require_schema
from callcenter.telephony import render
from callcenter.telephony.asterisk_entries import ASTERISK_ENTRIES, AsteriskEntries
from callcenter.telephony.by_console import ConsoleControl
from callcenter.telephony.configuration import RunningConfiguration
from callcenter.telephony.configuration_keeper import ConfigurationKeeper, Connection
from callcenter.telephony.console import Console
from callcenter.telephony.control import Control
from callcenter.telephony.ledger import Ledger
from callcenter.telephony.ledger_file import Checkpoint
from callcenter.telephony.leg_watch import LegWatch
from callcenter.telephony.node import Node
from callcenter.telephony.shared import PREFIX, SharedAsterisk
from callcenter.tickets.install import install as tickets
from callcenter.trunks.gatekeeper import Gatekeeper
from callcenter.trunks.install import install as trunks
from callcenter.trunks.names import NameKeeper
from callcenter.trunks.trunk import line_for_asterisk
from callcenter.trunks.watch import TrunkWatch
from callcenter.web import auth, body, errors, health, navigation, proxies, shield, static
from callcenter.web.heartbeat import Heartbeat, ProcessRole
from callcenter.web.keys import HEALTH_CHECKS, POOL, SERVICES, SETTINGS, HealthCheck, Service
from callcenter.web.navigation import NAVIGATION
from callcenter.web.server import Runner

SUBJECTS = (
    people,
    directory,
    tickets,
    outages,
    calls,
    dispatch,
    listening,
    retention,
    sharing,
    evidence_packs,
    reports,
    trunks,
    onboarding,
    api,
)
"""Each adds its services and pages. Those that add to a ticket's page or steps come after `tickets`."""

log = structlog.get_logger()


async def asterisk_directory(connection: Connection, node: NodeName, box: SecretBox) -> render.Directory:
    """What the configuration of this node's Asterisk must know of companies, operators and trunks."""
    sql = queries("asterisk")
    addresses = {row["name"]: row["addresses"] for row in await connection.fetch(sql["addresses"], node)}
    return render.Directory(
        numbers=tuple((row["number"], row["language"]) for row in await connection.fetch(sql["numbers"])),
        endpoints=tuple(
            (row["endpoint"], box.open(row["sip_secret"])) for row in await connection.fetch(sql["endpoints"], node)
        ),
        extensions=tuple(tuple(row) for row in await connection.fetch(sql["extensions"], node)),
        trunks=tuple(line_for_asterisk(row, box, addresses) for row in await connection.fetch(sql["trunks"], node)),
    )


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
        services: list[Service] = []
        checks: dict[str, HealthCheck] = {"store": lambda: _reachable(store)}
        if node:
            checks |= await _node(settings, pool, store, services)
        if web:
            hub = Hub(pool, lambda: connect(settings.database), settings.web.slow_client_messages)
            application = create_app(settings=settings, pool=pool, hub=hub, store=store, checks=checks)
            services += [hub, Keeper(settings.database, store, settings.s3.grace_days)]
            services += [HashSweep(settings.database, store, settings.s3.hash_all_in_days), *application[SERVICES]]
        else:
            application = create_monitor(pool=pool, checks=checks)
        await stack.enter_async_context(_listening(application, settings.web))
        all_checks = application[HEALTH_CHECKS]
        if node:
            services.append(Heartbeat(pool, ProcessRole.NODE, settings.node, all_checks))
        if web:
            services.append(
                Heartbeat(pool, ProcessRole.PAGES, f"{socket.gethostname()}:{settings.web.port}", all_checks)
            )
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(each.run(), name=type(each).__name__) for each in services]
            log.info("started", node=settings.node if node else None, web=web)
            await stop.wait()
            log.info("stopping")
            for task in running:
                task.cancel()
    return 0


def create_app(
    *, settings: Settings, pool: asyncpg.Pool, hub: Hub, store: ObjectStore, checks: Mapping[str, HealthCheck]
) -> Application:
    """Make the web application.

    `checks`: what `/readyz` asks beside the database and the screens, by name. A service is ready unless
    its check, plain or async, says False or raises.
    """
    app = Application(
        middlewares=[
            proxies.know_address,
            errors.show_errors,
            errors.show_problems,
            body.limit_time,
            shield.refuse_foreign_origin,
            auth.know_person,
        ],
        client_max_size=16 * 1024,
    )
    app[SETTINGS], app[POOL], app[OBJECT_STORE], app[HUB] = settings, pool, store, hub
    app[SERVICES], app[NAVIGATION] = [], []
    app[HEALTH_CHECKS] = {"database": health.database(pool), "screens": lambda: hub.live, **checks}
    app[SESSIONS], app[TOKENS] = Sessions(pool, _term(settings.web)), Tokens(pool)
    app[PASSWORDS], app[ATTEMPTS] = Passwords(), Attempts(pool)
    app[SECRET_BOX] = SecretBox(settings.secrets)
    app[MAIL_SERVER] = MailServer(settings.smtp)
    app[UPLOADS] = Uploads(pool)
    app[ASTERISK_ENTRIES] = AsteriskEntries(pool)
    app.on_response_prepare.append(shield.add_headers)
    for part in (auth, health, navigation, static):
        app.add_routes(part.routes)
    for install in SUBJECTS:
        install(app)
    return app


def _term(settings: WebSettings) -> SessionTerm:
    return SessionTerm(timedelta(hours=settings.session_hours), timedelta(minutes=settings.session_idle_minutes))


def create_monitor(*, pool: asyncpg.Pool, checks: Mapping[str, HealthCheck]) -> Application:
    """Health and figures only, for a node whose pages are served elsewhere."""
    app = Application()
    app[HEALTH_CHECKS] = {"database": health.database(pool), **checks}
    app.add_routes(health.routes)
    return app


@asynccontextmanager
async def _pool(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    await require_own_session(lambda: connect(settings.database))
    pool = await open_pool(settings.database)
    try:
        async with pool.acquire() as connection:
            await require_schema(connection)
            await require_readable(connection, SecretBox(settings.secrets))
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
async def _listening(application: Application, settings: WebSettings) -> AsyncIterator[None]:
    runner = Runner(application, settings.headers_within_s, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await TCPSite(runner, settings.host, settings.port).start()
        yield
    finally:
        await runner.cleanup()


async def _node(
    settings: Settings, pool: asyncpg.Pool, store: Store, services: list[Service]
) -> dict[str, HealthCheck]:
    """Add everything beside one Asterisk to `services`; return what tells whether it is ready."""
    name, box = NodeName(settings.node), SecretBox(settings.secrets)
    queues = await startup.queue_names(pool)
    calls = await startup.calls(pool, name)
    queueing = settings.queueing
    wrap_up = timedelta(seconds=queueing.wrap_up_s)
    switchboard = Switchboard(queues, await startup.operators(pool, name), calls, queueing.missed_limit, wrap_up)
    router = CommandRouter()
    engine = Engine(switchboard, router.carry_out)
    spool = Spool(settings.asterisk.spool)
    read_to = await startup.checkpoint(pool, name)
    checkpoint = None if read_to is None else Checkpoint(*read_to)
    shared = SharedAsterisk(name) if settings.asterisk.shared else None
    ledger = Ledger(settings.asterisk.queue_log, settings.ledger_delay_s, engine.put, checkpoint, shared=shared)
    trunk_watch = TrunkWatch(pool, name, Console(settings.asterisk.control))
    asterisk = Node(settings.ami, engine.put, ledger.catch_up, on_registration=trunk_watch.wake, shared=shared)
    router.figures = figures = NodeFigures(switchboard)
    router.writer = writer = Writer(settings.database, name)
    router.cards = cards = CardFinder(pool, engine.put)
    router.control = control = Control(asterisk.actions, engine.put, PREFIX if shared else "")
    console = Console(settings.asterisk.control)
    router.by_console = by_console = ConsoleControl(console, engine.put, PREFIX if shared else "")
    router.gatekeeper = gatekeeper = Gatekeeper(pool, name, asterisk.actions)
    back_within_s = settings.browser_telephones.back_within_s
    router.leg_watch = leg_watch = LegWatch(asterisk.actions, switchboard.legs, back_within_s)
    names = NameKeeper(pool, name)

    async def told(more_queues: bool) -> None:
        await _change_roster(pool, name, engine, more_queues)
        names.wake()
        trunk_watch.wake()

    keeper = ConfigurationKeeper(
        pool,
        settings.database,
        name,
        RunningConfiguration(settings),
        lambda connection: asterisk_directory(connection, name, box),
        told,
    )
    archive = Archive(
        pool,
        store,
        spool,
        name,
        settings.s3.uploads,
        packer=Packer(settings.asterisk.spool / "packing" if settings.s3.originals == "flac" else None),
        on_attached=lambda: writer.submit(RefreshCalls(at=utc_now()), utc_now()),
    )
    disk = DiskWatch(pool, settings.asterisk.spool, settings.asterisk.queue_log.parent, name)
    requests = RequestListener(pool, settings.database, name, engine.put, asterisk.answers.wait)
    for call in calls:
        if call.state is not CallState.ENDED:
            cards.submit(PrepareCard(call=call.id, did=call.did, caller=call.caller))
    services += [
        writer,
        engine,
        cards,
        control,
        by_console,
        gatekeeper,
        requests,
        ledger,
        asterisk,
        keeper,
        archive,
        disk,
    ]
    services += [trunk_watch, names, leg_watch, figures]
    services.append(PaceKeeper(pool, name, settings.asterisk.spool / "pace"))
    announcements = settings.asterisk.spool / "announcements"
    services.append(Announcer(pool, settings.database, name, announcements, Voice(settings.speech), engine.put))
    services.append(CopyMaker(pool, store, name, settings.copies, idle=lambda: not router.waiting))
    return {"asterisk": asterisk.restored.is_set, "ledger": ledger.caught_up.is_set, "disk": disk.check}


async def _change_roster(pool: asyncpg.Pool, node: NodeName, engine: Engine, more_queues: bool) -> None:
    """Tell the switchboard what Asterisk knows now."""
    engine.put(
        RosterChanged(
            at=utc_now(),
            source=Source.RECONCILE,
            queues=tuple(await startup.queue_names(pool)),
            more_queues=more_queues,
            operators=tuple(await startup.operators(pool, node)),
        )
    )


class CommandRouter:
    """Hands each order to the adapter that carries it out. The adapters are made after the engine that they serve."""

    writer: Writer
    cards: CardFinder
    control: Control
    gatekeeper: Gatekeeper
    by_console: ConsoleControl
    leg_watch: LegWatch
    figures: NodeFigures
    waiting = 0
    """Callers who wait in any queue of this node."""

    def carry_out(self, order: Command, seen_at: datetime) -> None:
        """Queue the order with its adapter. Never blocks."""
        match order:
            case PrepareCard():
                self.cards.submit(order)
            case PlaceCall() | TryNumber() | WorkTelephone():
                self.by_console.submit(order)
            case JudgeCallOut():
                self.gatekeeper.submit(order)
            case EndSilentLeg():
                self.leg_watch.submit(order)
            case NameCaller() | SetMember() | PauseRecording() | WithdrawCaller() | MoveTalk():
                self.control.submit(order)
            case _:
                if isinstance(order, ShowQueues):
                    self.waiting = order.waiting
                self.figures.count(order)
                self.writer.submit(order, seen_at)
