"""Background jobs: queued in a transaction and done after it, by PgQueuer.

A job is done at least once: when a worker crashes the next one repeats the job, so jobs must be idempotent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.queries import Queries

from callcenter import metrics
from callcenter.common.scope import Connection
from callcenter.errors import CallcenterError
from callcenter.retrying import repeat
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY, connect, queries

log = structlog.get_logger()

SQL = queries("jobs")
RECONNECT_S = 2.0
REMEMBERED = timedelta(days=30)
FORGET_EVERY_S = 24 * 3600.0
AT_ONCE = 10
FINISH_S = 5.0
# PostgreSQL notifies of a new job; postponed jobs, and those of dead workers, are polled for this often.
LOOK_EVERY_S = 5.0
# A worker without a heartbeat for so long is dead, and its jobs are taken by another.
DEAD_AFTER_S = 30.0


class Again(CallcenterError):
    """Raised by a handler: do this job again after `delay`."""

    def __init__(self, delay: timedelta) -> None:
        super().__init__(str(delay))
        self.delay = delay


async def _nothing(_connection: Connection) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Kind:
    """One kind of job. A job is identified by a text, such as the id of a row.

    `handle` does it, and raises `Again` or an error of the database to have it done later; `owed` returns the jobs that
    should be in the queue. It is called at every connection, so that a lost job is queued again.
    """

    name: str
    handle: Callable[[str], Awaitable[None]]
    owed: Callable[[Connection], Awaitable[Sequence[str]]] = _nothing


async def put(connection: Connection, kind: str, jobs: Sequence[str]) -> None:
    """Queue these jobs, in the connection's transaction. One that waits or is being done is not queued twice."""
    if not jobs:
        return
    count = len(jobs)
    await Queries.from_asyncpg_connection(connection).enqueue(  # type: ignore[arg-type]
        [kind] * count,
        [job.encode() for job in jobs],
        [0] * count,
        dedupe_key=[f"{kind} {job}" for job in jobs],
        on_conflict="skip",
    )


class Worker:
    """Does the jobs of the kinds given."""

    def __init__(
        self, settings: DatabaseSettings, kinds: Sequence[Kind], *, dead_after_s: float = DEAD_AFTER_S
    ) -> None:
        self._settings = settings
        self._kinds = kinds
        self._dead_after = timedelta(seconds=dead_after_s)

    async def run(self) -> None:
        """Work until cancelled; reconnects to PostgreSQL by itself.

        Jobs in progress at the end have `FINISH_S` to finish; unfinished ones are left to the next worker.
        """
        await repeat(self._work, RECONNECT_S, "worker interrupted")

    async def _work(self) -> None:
        connection = await connect(self._settings)
        try:
            manager = QueueManager(Queries.from_asyncpg_connection(connection))
            for kind in self._kinds:
                await put(connection, kind.name, await kind.owed(connection))
                manager.entrypoint(kind.name)(_handler(kind))
            # Otherwise a lost connection would be noticed at the next statement only.
            connection.add_termination_listener(lambda _connection: manager.shutdown.set())
            working = asyncio.create_task(self._manage(manager), name="jobs")
            try:
                await asyncio.shield(working)
            finally:
                manager.shutdown.set()
                await _finish(working, connection)
        finally:
            await _close(connection)

    async def _manage(self, manager: QueueManager) -> None:
        forgetting = asyncio.create_task(_forget(manager), name="forget jobs")
        try:
            await manager.run(
                dequeue_timeout=timedelta(seconds=LOOK_EVERY_S),
                batch_size=AT_ONCE,
                max_concurrent_tasks=2 * AT_ONCE,
                heartbeat_timeout=self._dead_after,
            )
        finally:
            forgetting.cancel()
            await asyncio.gather(forgetting, return_exceptions=True)


async def _forget(manager: QueueManager) -> None:
    """Regularly delete the records of old jobs."""

    async def forget() -> None:
        await manager.queries.driver.execute(SQL["forget"], REMEMBERED)

    await repeat(forget, FORGET_EVERY_S, "old jobs not forgotten")


async def _finish(working: asyncio.Task[None], connection: asyncpg.Connection) -> None:
    await asyncio.wait({working}, timeout=FINISH_S)
    if not working.done():
        # Without a connection a cancelled job cannot be marked as failed: it stays in the queue.
        connection.terminate()
    while not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=0.1)


def _handler(kind: Kind) -> Callable[[Job], Awaitable[None]]:
    async def handle(job: Job) -> None:
        name = (job.payload or b"").decode()
        try:
            await kind.handle(name)
        except Again as asked:
            raise RetryRequested(asked.delay) from None
        except AWAY as problem:
            log.warning("job postponed", kind=kind.name, job=name, problem=type(problem).__name__)
            raise RetryRequested(timedelta(seconds=RECONNECT_S)) from None
        except Exception:
            log.exception("job failed", kind=kind.name, job=name)
            metrics.problems_total.labels(problem=f"job {kind.name}").inc()
            raise

    return handle


async def _close(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=2)
    except AWAY:
        connection.terminate()
