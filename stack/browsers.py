"""Operators in real browsers: one Chromium, a page for each, with a telephone in it and a microphone that makes a noise.

In each page a script picks up after the ring, hangs up after the talk, and notes when the card of a call was painted: the
first frame after the page has changed for it; and from when to when the telephone talked.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Error, Page, Playwright, async_playwright

from callcenter.domain.ids import IN_BROWSER
from stack.errors import StackError
from stack.judge import Pop
from stack.sipp import Leg

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
    *("--autoplay-policy=no-user-gesture-required", "--mute-audio"),
    # All of them are in front, each of its own operator.
    *("--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"),
)
SCRIPT = Path(__file__).with_name("browser_operator.js")
READY_WITHIN_MS = 30_000
CLOCK_TRIES = 5


@dataclass(frozen=True, slots=True)
class Painted:
    """A card on a page. `at`: of the frame that shows it first, in seconds since 1970 by this machine's clock."""

    endpoint: str
    caller: str
    at: float


class Browsers:
    """The browsers of `people` at the service `url`, from when it is entered: logged in, and on the line."""

    def __init__(self, url: str, people: Sequence[Mapping[str, Any]], *, ring_s: float, talk_s: float) -> None:
        self._url = url
        self._people = people
        times = f"const RING_MS = {round(ring_s * 1000)}, TALK_MS = {round(talk_s * 1000)};\n"
        self._script = times + SCRIPT.read_text()
        self._playwright: Playwright | None = None
        self._pages: dict[str, Page] = {}

    async def __aenter__(self) -> Self:
        if not Path(CHROMIUM).exists():
            raise StackError("BROWSERS needs Chromium, which `stack/setup.sh --tests` installs")
        self._playwright = await async_playwright().start()
        try:
            browser = await self._playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for person in self._people:
                context = await browser.new_context(viewport={"width": 1366, "height": 768})
                await context.add_init_script(self._script)
                page = self._pages[IN_BROWSER + person["login"]] = await context.new_page()
                await self._come_to_work(page, person)
        except BaseException as problem:
            await self._playwright.stop()
            if isinstance(problem, Error):
                raise StackError(f"an operator's browser did not come to work: {problem.message}") from None
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._playwright is not None
        for page in self._pages.values():
            if not page.is_closed():
                await page.click('#presence [data-wanted="offline"]')
        await self._playwright.stop()

    async def _come_to_work(self, page: Page, person: Mapping[str, Any]) -> None:
        await page.goto(f"{self._url}/login")
        await page.fill("#login", person["login"])
        await page.fill("#password", person["password"])
        await page.press("#password", "Enter")
        await page.wait_for_selector('#telephone[data-line="ready"]', timeout=READY_WITHIN_MS)
        await page.click('#presence [data-wanted="available"]')
        await page.wait_for_selector("#state.available", timeout=READY_WITHIN_MS)

    async def seen(self) -> tuple[list[Painted], list[Leg]]:
        """Every card and every talk so far."""
        painted, talks = [], []
        for endpoint, page in self._pages.items():
            before = await _clock_difference(page)
            seen = await page.evaluate("window.seen")
            painted += [Painted(endpoint, card["caller"], card["at"] / 1000 - before) for card in seen["painted"]]
            for talk in seen["talks"]:
                began, ended = (talk.get(name) and talk[name] / 1000 - before for name in ("began", "ended"))
                talks.append(Leg(endpoint, talk["caller"], began, ended))
        return painted, talks


def pops(painted: Sequence[Painted], connects: Mapping[tuple[str, str], float]) -> list[Pop]:
    """The cards with their lateness, counted from when Asterisk connected the two (`Connects.at`)."""
    return [
        Pop(endpoint=card.endpoint, caller=card.caller, after_ms=(card.at - connects[key]) * 1000)
        for card in painted
        if (key := (card.caller, f"PJSIP/{card.endpoint}")) in connects
    ]


async def _clock_difference(page: Page) -> float:
    """By how many seconds the page's clock is before this process's: from the answer that came quickest."""
    tries: list[tuple[float, float]] = []
    for _ in range(CLOCK_TRIES):
        before = time.time()
        there = await page.evaluate("performance.timeOrigin + performance.now()") / 1000
        after = time.time()
        tries.append((after - before, there - (before + after) / 2))
    _, difference = min(tries)
    return difference
