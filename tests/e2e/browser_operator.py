"""An operator in a real Chromium with a microphone that says a tone, and callers who say another."""

import asyncio
import audioop
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
from playwright.async_api import Page, expect
from pydantic import SecretStr

from callcenter.common.requests import ask
from callcenter.domain.events import Presence
from callcenter.domain.request import PresenceBody
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect
from stack.browser_telephone import OPERATORS_TONE as OPERATORS_TONE
from stack.browser_telephone import bursts, microphone
from stack.browser_telephone import give_browser_telephone as give_browser_telephone
from stack.parts import ROOT
from tests.browser import chromium
from tests.e2e.caller import Caller

CALLERS_TONE = 480
"""Hertz."""


def share(samples: "np.ndarray", hertz: int, rate: int = 8000) -> float:
    """How much of a sound's power is at this pitch, 0 to 1."""
    if not len(samples):
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples.astype(float))) ** 2
    width = len(samples) / rate
    near = spectrum[int((hertz - 25) * width) : int((hertz + 25) * width) + 1].sum()
    return float(near / max(spectrum[int(60 * width) :].sum(), 1.0))


def of_alaw(sound: bytes) -> "np.ndarray":
    return np.frombuffer(audioop.alaw2lin(sound, 2), dtype="<i2")


@asynccontextmanager
async def workplace(description: dict, login: str, folder: Path) -> AsyncIterator[Page]:
    """The workplace of this operator, its telephone ready."""
    password = next(person["password"] for person in description["logins"] if person["login"] == login)
    async with chromium(description["web"]["url"], login, password, microphone(folder)) as page:
        await ready(page)
        yield page


@asynccontextmanager
async def operator(description: dict, login: str, folder: Path) -> AsyncIterator[Page]:
    """The same, on the line."""
    async with workplace(description, login, folder) as page:
        await page.get_by_role("button", name="На линии").click()
        await expect(page.locator("#state")).to_contain_text("На линии", timeout=10_000)
        yield page
        await page.get_by_role("button", name="Не в сети").click()
        await expect(page.locator("#state")).to_contain_text("Не в сети", timeout=10_000)


async def ready(page: Page) -> None:
    await expect(page.locator("#telephone")).to_have_attribute("data-line", "ready", timeout=20_000)


async def phase(page: Page, wanted: str, timeout_s: float = 20) -> None:
    await expect(page.locator("#telephone")).to_have_attribute("data-phase", wanted, timeout=timeout_s * 1000)


@asynccontextmanager
async def calling(description: dict, caller_id: str, number: str) -> AsyncIterator[Caller]:
    """A resident who calls and speaks all the time."""
    sound = audioop.lin2alaw(bursts(CALLERS_TONE, 60, 8000), 2)
    with Caller(description["sip"]["port"], number.encode(), f"<sip:{caller_id}@127.0.0.2>".encode()) as caller:
        assert await asyncio.to_thread(caller.invite, 10.0) == 200
        speaking = asyncio.create_task(asyncio.to_thread(caller.speak, sound, lambda: not caller.up))
        try:
            yield caller
        finally:
            if caller.up:
                caller.hang_up()
            await speaking


def cli(description: dict, command: str) -> str:
    """What Asterisk answers to a command."""
    script = [ROOT / "asterisk" / "cli.sh", description["asterisk"]["directory"], command]
    return subprocess.run(script, capture_output=True, text=True, check=True).stdout


async def until(condition: Callable[[], object], what: str, within_s: float = 15) -> None:
    """Wait until it gives something true; it may be a coroutine function."""
    deadline = time.monotonic() + within_s
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < deadline, f"waited {within_s} s in vain for {what}"
        await asyncio.sleep(0.05)


async def on_the_line(description: dict, login: str, wanted: Presence = Presence.AVAILABLE) -> None:
    """Let an operator with a telephone of their own take calls, or no more, without a page."""
    connection = await connect(DatabaseSettings(url=SecretStr(description["postgres"]["dsn"])))
    try:
        operator_id = await connection.fetchval("select id from operators where login = $1", login)
        await ask(connection, PresenceBody(wanted=wanted), asker=operator_id)
    finally:
        await connection.close()


def break_connection(port: int) -> None:
    """End the connections to and from this port of loopback."""
    subprocess.run(["ss", "--kill", "--tcp", f"sport = {port} or dport = {port}"], check=True, capture_output=True)


@contextmanager
def asleep() -> Iterator[None]:
    """The browsers stand still meanwhile, as with a closed lid."""
    browsers = [each for each in psutil.Process().children(recursive=True) if "chrom" in each.name()]
    assert browsers
    for each in browsers:
        each.suspend()
    try:
        yield
    finally:
        for each in browsers:
            with suppress(psutil.NoSuchProcess):
                each.resume()


async def pick_up(page: Page) -> None:
    """By the key, when it rings; until the talk has begun."""
    await phase(page, "ringing")
    await page.keyboard.press("F2")
    await phase(page, "talking")


async def hang_up(page: Page, caller: Caller) -> None:
    """By the key; until the caller is told."""
    await page.keyboard.press("F4")
    await asyncio.to_thread(caller.wait_for_bye, 5.0)


async def recordings(pool, phone: str) -> list[str]:
    """The objects of the recordings of this caller's calls, in order, once each is in the store."""
    rows = await pool.fetch(
        "select r.state, r.object_key from recordings r join calls c on c.id = r.call_id where c.caller = $1 order by r.id",
        phone,
    )
    return [row["object_key"] for row in rows] if rows and all(row["state"] == "attached" for row in rows) else []


async def hears_operator(caller: Caller, within_s: float = 30.0) -> None:
    """Wait until the caller hears the operator for two seconds."""
    deadline = time.monotonic() + within_s
    while share(await listened(caller), OPERATORS_TONE) <= 0.5:
        assert time.monotonic() < deadline, "the operator is not heard"


async def listened(caller: Caller) -> "np.ndarray":
    """What the caller hears from now on."""
    await asyncio.to_thread(caller.listen, 0.5)
    return of_alaw(await asyncio.to_thread(caller.listen, 2.0))
