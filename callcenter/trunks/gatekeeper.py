"""Tells a telephone's channel that waits whether its call may go out. What is not told within seconds does not."""

import asyncio

import asyncpg
import structlog

from callcenter import metrics
from callcenter.domain.commands import JudgeCallOut
from callcenter.errors import TelephonyError
from callcenter.storage import AWAY
from callcenter.telephony.connection import AmiConnection
from callcenter.trunks.judging import judge_and_count

log = structlog.get_logger()
WORKERS = 2
WITHIN_S = 2.5


class Gatekeeper:
    """Of one node."""

    def __init__(self, pool: asyncpg.Pool, node: str, actions: AmiConnection) -> None:
        self._pool = pool
        self._node = node
        self._actions = actions
        self._asked: asyncio.Queue[JudgeCallOut] = asyncio.Queue()

    def submit(self, command: JudgeCallOut) -> None:
        """Queue a decision. Never blocks."""
        self._asked.put_nowait(command)

    async def run(self) -> None:
        """Decide until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(WORKERS):
                tasks.create_task(self._work(), name=f"calls out {number}")

    async def _work(self) -> None:
        while True:
            command = await self._asked.get()
            try:
                async with asyncio.timeout(WITHIN_S):
                    await self._decide(command)
            except (*AWAY, TelephonyError, TimeoutError) as problem:
                log.warning("call out not decided", operator=command.operator, problem=type(problem).__name__)
                metrics.problems_total.labels(problem="call out not decided").inc()

    async def _decide(self, command: JudgeCallOut) -> None:
        async with self._pool.acquire() as connection:
            verdict, shown = await judge_and_count(
                connection, self._node, command.operator, command.number, command.did
            )
        log.info("call out decided", operator=command.operator, decided=verdict.reason)
        value = f"allowed/{shown}" if verdict.allowed else f"refused/{verdict.reason}"
        await self._actions.action("Setvar", Channel=command.channel, Variable="VERDICT", Value=value)
