"""Keeps Asterisk's configuration as the pages want it: hears of a change, brings it into Asterisk, writes what became of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from callcenter import metrics
from callcenter.domain.ids import NodeName
from callcenter.errors import ActionTimeout, NotConnected, RenderError
from callcenter.retrying import repeat
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect, listening
from callcenter.telephony.asterisk_entries import BEAT_S, SQL, ConfigurationProblem
from callcenter.telephony.configuration import ConfigurationRefused, RunningConfiguration
from callcenter.telephony.owned_folder import ForeignFolder
from callcenter.telephony.render import Directory

log = structlog.get_logger()
Connection = asyncpg.Connection | PoolConnectionProxy

LISTEN_AGAIN_S = 2.0
TRY_AGAIN_S = 60.0
"""Seconds until the same that failed is tried again; an Asterisk that is away is tried at each beat."""

Entries = Mapping[tuple[str, str], str]
"""What Asterisk knows or must know: the value by kind and name."""


class ConfigurationKeeper:
    """Of one node. `load` reads the directory in the connection's transaction.

    `applied` is called after each success, with whether there are numbers that Asterisk did not know.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        database: DatabaseSettings,
        node: NodeName,
        configuration: RunningConfiguration,
        load: Callable[[Connection], Awaitable[Directory]],
        applied: Callable[[bool], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._database = database
        self._node = node
        self._configuration = configuration
        self._load = load
        self._tell_applied = applied
        self._changed = asyncio.Event()
        # Whether it is among the nodes; which trunks it has depends on that.
        self._there = False
        # What Asterisk was given last, by this process; and what it knows by the table before that.
        self._given: tuple[Entries, Directory] | None = None
        self._known: Entries = {}
        self._written: Entries | None = None
        # Whether there are more numbers, until that was told.
        self._untold: bool | None = None
        self._failed: tuple[Entries, Directory] | None = None
        self._try_at = 0.0
        self._problem: ConfigurationProblem | None = None
        self._details = ""

    async def run(self) -> None:
        """Keep it until cancelled; reconnects to PostgreSQL by itself."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(repeat(self._listen, LISTEN_AGAIN_S, "changes of numbers not heard"), name="changes")
            tasks.create_task(self._keep(), name="configuration")

    async def _listen(self) -> None:
        async with listening(lambda: connect(self._database), "asterisk") as (_, payloads):
            self._changed.set()
            async for _payload in payloads:
                self._changed.set()

    async def _keep(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.look()
            except AWAY as problem:
                log.warning("configuration not looked at", problem=type(problem).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await self._changed.wait()

    async def look(self) -> None:
        """Look once whether something is to be brought into Asterisk, do it, and say that the node is there."""
        if not self._there:
            await self._pool.execute(SQL["add_node"], self._node, self._configuration.shared)
            self._there = True
        wanted = await self._read()
        if wanted != self._given and not self._waits(wanted):
            await self._apply(*wanted)
        if self._untold is not None:
            await self._tell_applied(self._untold)
            self._untold = None
        await self._write()

    def _waits(self, wanted: tuple[Entries, Directory]) -> bool:
        return wanted == self._failed and asyncio.get_running_loop().time() < self._try_at

    async def _read(self) -> tuple[Entries, Directory]:
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            if self._given is None:
                self._known = _entries(await connection.fetch(SQL["entries"], self._node))
            return _entries(await connection.fetch(SQL["wanted"], self._node)), await self._load(connection)

    async def _apply(self, wanted: Entries, directory: Directory) -> None:
        ended = [
            name
            for (kind, name), value in self._known.items()
            if kind == "telephone" and wanted.get((kind, name)) != value
        ]
        self._problem, self._details = None, ""
        try:
            await self._configuration.apply(directory, ended)
        except (NotConnected, ActionTimeout) as problem:
            self._fail(wanted, directory, ConfigurationProblem.ASTERISK_AWAY, problem, 0.0)
        except RenderError as problem:
            self._fail(wanted, directory, ConfigurationProblem.VALUE_REFUSED, problem)
        except ConfigurationRefused as problem:
            self._fail(wanted, directory, ConfigurationProblem.NOT_ACCEPTED, problem)
        except (OSError, ForeignFolder) as problem:
            self._fail(wanted, directory, ConfigurationProblem.NOT_WRITABLE, problem)
        else:
            more = any(kind == "number" for kind, _ in wanted.keys() - self._known.keys())
            self._untold = bool(self._untold) or more
            self._given, self._known, self._failed = (wanted, directory), wanted, None
            log.info("asterisk configured", node=self._node, entries=len(wanted))

    def _fail(
        self,
        wanted: Entries,
        directory: Directory,
        problem: ConfigurationProblem,
        error: Exception,
        wait_s: float = TRY_AGAIN_S,
    ) -> None:
        self._failed = (wanted, directory)
        self._try_at = asyncio.get_running_loop().time() + wait_s
        self._problem, self._details = problem, str(error)
        # The details may name a company's number.
        log.warning("asterisk not configured", node=self._node, problem=problem)
        metrics.problems_total.labels(problem="asterisk not configured").inc()

    async def _write(self) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if self._given is not None and self._written is not self._known:
                kinds, names = zip(*self._known, strict=True) if self._known else ((), ())
                values = [kinds, names, tuple(self._known.values())]
                await connection.execute(SQL["forget_entries"], self._node, *values)
                await connection.execute(SQL["add_entries"], self._node, *values)
            await connection.execute(SQL["tell"], self._node, self._problem, self._details)
        self._written = self._known if self._given is not None else None


def _entries(rows: list[asyncpg.Record]) -> Entries:
    return {(row["kind"], row["name"]): row["value"] for row in rows}
