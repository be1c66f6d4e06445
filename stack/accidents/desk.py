"""One operator's machine: a Chromium of its own in its own network, at the workplace, with the telephone in it."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import BrowserContext, Error, Page, Playwright
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from callcenter.domain.events import Presence
from stack.accidents.networks import DeskNetwork
from stack.browser_telephone import ARGUMENTS, CHROMIUM, microphone

READY_WITHIN_S = 40.0
POLL_S = 0.05
CARD = "#caller-card:not([hidden]):not(.over)"
"""That of a talk that goes on."""
# Without its own way to unplug it, Chromium's microphone is taken away from the page by this.
UNPLUGGABLE = """
(() => {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  const tracks = new Set();
  let plugged = true;
  devices.getUserMedia = async (wanted) => {
    if (!plugged) throw new DOMException("no microphone", "NotFoundError");
    const stream = await open(wanted);
    stream.getTracks().forEach((track) => tracks.add(track));
    return stream;
  };
  window.plugMicrophone = (is) => {
    plugged = is;
    if (!is) {
      for (const track of tracks) {
        if (track.readyState !== "live") continue;
        track.stop();
        track.dispatchEvent(new Event("ended"));
      }
      tracks.clear();
    }
    devices.dispatchEvent(new Event("devicechange"));
  };
})();
localStorage.setItem("callcenter.telephone", JSON.stringify({ answers: true }));
"""


class Desk:
    """`person`: of the description's `logins`. `failures`: what scripts of the page failed with."""

    def __init__(
        self, playwright: Playwright, network: DeskNetwork, url: str, person: Mapping[str, Any], folder: Path
    ) -> None:
        self.network = network
        self.login: str = person["login"]
        self.failures: list[str] = []
        self.page: Page
        self._playwright = playwright
        self._url = url
        self._password: str = person["password"]
        self._folder = folder
        self._context: BrowserContext | None = None
        self._cookies: list[Any] = []

    async def open(self) -> None:
        """Start the browser and open the workplace, with the session that there was."""
        self._folder.mkdir(parents=True, exist_ok=True)
        program = self._folder / "chromium"
        program.write_text(f'#!/bin/sh\nexec ip netns exec {self.network.space} {CHROMIUM} "$@"\n')
        program.chmod(0o755)
        self._context = await self._playwright.chromium.launch_persistent_context(
            str(self._folder / "profile"),
            executable_path=str(program),
            args=[
                *ARGUMENTS,
                *microphone(self._folder),
                f"--unsafely-treat-insecure-origin-as-secure={self._url}",
                "--hide-crash-restore-bubble",
            ],
            viewport={"width": 1366, "height": 768},
        )
        await self._context.add_init_script(UNPLUGGABLE)
        await self._context.add_cookies(self._cookies)
        self.page = self._context.pages[0]
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        await self.page.goto(f"{self._url}/workplace", wait_until="commit")

    async def log_in(self) -> None:
        """From the form of the page that is shown, to the workplace and its telephone."""
        await self.page.fill("#login", self.login)
        await self.page.fill("#password", self._password)
        await self.page.press("#password", "Enter")
        await self.line("ready")
        assert self._context is not None
        self._cookies = await self._context.cookies()

    async def log_in_again(self) -> None:
        """In the overlay of a page whose session has ended; until it is gone."""
        overlay = self.page.locator("#session-ended")
        await overlay.locator("[name=password]").fill(self._password)
        await overlay.locator("[name=password]").press("Enter")
        await overlay.wait_for(state="hidden", timeout=READY_WITHIN_S * 1000)
        assert self._context is not None
        self._cookies = await self._context.cookies()

    async def close(self) -> None:
        """As a person closes a browser."""
        context, self._context = self._context, None
        if context is not None:
            with suppress(Exception):
                await context.close()

    async def kill(self) -> None:
        """At once, without a word to anybody."""
        for each in self.network.processes():
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
        await self.close()

    async def picture(self, path: Path) -> None:
        """What the page shows, if it shows something."""
        with suppress(Error):
            await self.page.screenshot(path=path, timeout=5000)

    @asynccontextmanager
    async def asleep(self) -> AsyncIterator[None]:
        """The machine stands still meanwhile, and its network is off."""
        self.network.lose()
        for each in self.network.processes():
            with suppress(psutil.NoSuchProcess):
                each.suspend()
        try:
            yield
        finally:
            self.network.use("wlan0")
            for each in self.network.processes():
                with suppress(psutil.NoSuchProcess):
                    each.resume()

    async def plug_microphone(self, plugged: bool) -> None:
        """Take the microphone away from the page, or give it back."""
        await self.page.evaluate(f"plugMicrophone({json.dumps(plugged)})")

    async def line(self, wanted: str, within_s: float = READY_WITHIN_S) -> None:
        """Wait until the telephone says so."""
        await self.page.wait_for_selector(f'#telephone[data-line="{wanted}"]', timeout=within_s * 1000)

    async def phase(self, wanted: str, within_s: float = READY_WITHIN_S) -> None:
        """Wait until the call is so far; without a call for `""`."""
        await self.page.wait_for_selector(f'#telephone[data-phase="{wanted}"]', timeout=within_s * 1000)

    async def be(self, presence: Presence) -> None:
        """By the button, unless it is so; again when the page says that it was not saved, as it does while it reconnects."""
        button = f"#presence [data-wanted={presence}]"
        async with asyncio.timeout(READY_WITHIN_S):
            await self.page.wait_for_selector(f"{button}:enabled")
            while await self.page.locator(button).get_attribute("aria-pressed") != "true":
                await self.page.click(button)
                with suppress(PlaywrightTimeoutError):
                    await self.page.wait_for_selector(f"{button}[aria-pressed=true]", timeout=5000)

    async def caller(self) -> str:
        """The number of who is on the line, in digits."""
        return digits(await self.page.locator("#telephone-caller").inner_text())

    async def card(self) -> str:
        """The number on the card of the talk that goes on, in digits; empty when there is none."""
        return digits(" ".join(await self.page.locator(f"{CARD} [data-card=number]").all_inner_texts()))

    async def hang_up(self) -> None:
        """By the key."""
        await self.page.keyboard.press("F4")


def digits(text: str) -> str:
    """The digits of it."""
    return "".join(each for each in text if each.isdigit())


async def until_true(condition: Any, within_s: float) -> bool:
    """Wait until the coroutine function gives something true; False when it does not in time."""
    deadline = time.monotonic() + within_s
    while not await condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(POLL_S)
    return True
