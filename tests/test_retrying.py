"""What is done again and again goes on after PostgreSQL was away, later and later, and ends with any other failure."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from callcenter import retrying
from callcenter.errors import StoreError
from callcenter.retrying import Backoff, repeat


class Enough(Exception):
    """The end of a test."""


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(retrying.asyncio, "sleep", sleep)
    return slept


def failing(problems: Sequence[Exception | None]) -> Callable[[], Awaitable[None]]:
    """Work that ends like this, one after the other."""
    left = list(problems)

    async def work() -> None:
        if problem := left.pop(0):
            raise problem

    return work


async def test_pauses_grow_until_it_works_again(pauses: list[float]):
    backoff = Backoff(0.1, 0.5)
    left = [*[OSError()] * 5, None, OSError(), Enough()]

    async def work() -> None:
        problem = left.pop(0)
        if problem is None:
            backoff.reset()
            problem = ConnectionResetError()
        raise problem

    with pytest.raises(Enough):
        await repeat(work, backoff, "away")
    assert pauses == [0.1, 0.2, 0.4, 0.5, 0.5, 0.1, 0.2]


async def test_work_that_is_done_is_done_again_after_the_pause(pauses: list[float]):
    with pytest.raises(Enough):
        await repeat(failing([None, None, OSError(), None, Enough()]), 7.0, "away")
    assert pauses == [7.0] * 4


async def test_only_what_is_named_is_tried_again(pauses: list[float]):
    with pytest.raises(StoreError):
        await repeat(failing([OSError(), StoreError("out of reach")]), 1.0, "away")
    with pytest.raises(Enough):
        await repeat(failing([StoreError("out of reach"), Enough()]), 1.0, "away", errors=(StoreError,))
    assert pauses == [1.0, 1.0]


async def test_a_cancelled_repetition_ends():
    began = asyncio.Event()

    async def work() -> None:
        began.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(repeat(work, 1.0, "away"))
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
