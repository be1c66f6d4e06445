"""When the residents of the demonstration call: at once where nobody can wait, else when somebody wishes it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TextIO

import pytest

from stack import demo
from stack.outage.judge import OutageVerdict

STACK = {"web": {"url": "http://127.0.0.1:1"}}


@dataclass
class Fake:
    """The parts that the demonstration starts. `surges`: how often the residents have called; `asked`: how often it was asked
    whether somebody is on the line."""

    surges: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    asked: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    on: bool = False
    url: str = "http://127.0.0.1:2/key"

    def welcome(self, _stack: object) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def on_the_line(self) -> bool:
        self.asked.release()
        return self.on

    def surge(self, _stack: object, _plan: object) -> Self:
        return self

    async def run(self) -> tuple[dict[str, Any], OutageVerdict]:
        self.surges.release()
        return {}, OutageVerdict()

    async def called(self) -> None:
        """Until they have called once more."""
        async with asyncio.timeout(10):
            await self.surges.acquire()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setattr(demo, "Welcome", fake.welcome)
    monkeypatch.setattr(demo, "OutageSurge", fake.surge)
    monkeypatch.setattr(demo, "summary", lambda *_: "")
    monkeypatch.setattr(demo, "LOOK_S", 0.01)
    return fake


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """What is typed into the terminal."""
    end, begin = os.pipe()
    with os.fdopen(end) as terminal, os.fdopen(begin, "w") as keyboard:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield keyboard


@asynccontextmanager
async def showing(*, wait: bool) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(demo.show(STACK, demo.PLAN, [], wait=wait))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_without_a_terminal_they_call_at_once_and_it_stays_up(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    async with showing(wait=False) as task:
        await fake.called()
        printed = ""
        async with asyncio.timeout(10):
            while "The stack stays up" not in printed:
                await asyncio.sleep(0)
                printed += capsys.readouterr().out
        assert not task.done()
    assert fake.url in printed
    assert fake.surges.locked(), "once"


async def test_at_a_terminal_they_call_when_somebody_is_on_the_line_and_again_at_enter(
    fake: Fake, keyboard: TextIO
) -> None:
    async with showing(wait=True):
        for _ in range(3):
            await fake.asked.acquire()
        assert fake.surges.locked(), "nobody is there yet"
        fake.on = True
        await fake.called()
        print(file=keyboard, flush=True)
        await fake.called()


async def test_whoever_only_watches_presses_enter(fake: Fake, keyboard: TextIO) -> None:
    async with showing(wait=True):
        print(file=keyboard, flush=True)
        await fake.called()
