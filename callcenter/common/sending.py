"""Stored messages to people and programs outside: sent until each has arrived, or is given up and left to a person."""

import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import asyncpg
import structlog

from callcenter import metrics
from callcenter.common import jobs
from callcenter.common.delivery import DeliveryProblem, NotDelivered
from callcenter.settings import HandoverSettings

log = structlog.get_logger()


def backoff(settings: HandoverSettings) -> Callable[[int], timedelta]:
    """The delay after the n-th failure: doubled each time up to a limit, minus a random part of up to half.

    Random, so that messages that failed together are not retried together.
    """

    def wait(failures: int) -> timedelta:
        full = min(settings.retry_first_s * 2.0 ** min(failures - 1, 32), settings.retry_max_s)
        return timedelta(seconds=full * random.uniform(0.5, 1.0))

    return wait


class Sending:
    """Sends messages of one kind, and writes down what became of each.

    `sql` has `delivered` ($1: the message) and `failed` ($1: the message, $2: the problem, $3: the time until the next
    attempt, null when it is given up). `wait`: the delay of the retry after the n-th failure.
    """

    def __init__(
        self, pool: asyncpg.Pool, sql: Mapping[str, str], *, attempts: int, wait: Callable[[int], timedelta]
    ) -> None:
        self._pool = pool
        self._sql = sql
        self._attempts = attempts
        self._wait = wait

    async def send(self, message: int, way: str, failures: int, send: Callable[[], Awaitable[None]]) -> None:
        """Try once. `failures`: how often it was tried before. Raises `jobs.Again` when it is to be tried again."""
        try:
            await send()
        except NotDelivered as failure:
            await self._failed(message, failures + 1, failure)
        except Exception as failure:
            log.exception("delivery failed", delivery=message)
            ours = NotDelivered(DeliveryProblem.OURS, type(failure).__name__)
            await self._failed(message, failures + 1, ours)
        else:
            await self._pool.execute(self._sql["delivered"], message)
            log.info("delivered", delivery=message, way=way)

    async def _failed(self, message: int, failures: int, failure: NotDelivered) -> None:
        problem = f"{failure.problem}: {failure.detail}"
        wait = None if failure.lasting or failures >= self._attempts else self._wait(failures)
        await self._pool.execute(self._sql["failed"], message, problem, wait)
        log.warning("not delivered", delivery=message, problem=failure.problem.value, final=wait is None)
        if wait is None:
            metrics.problems_total.labels(problem="undelivered").inc()
        else:
            raise jobs.Again(wait)
