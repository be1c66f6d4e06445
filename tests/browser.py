"""A real Chromium, logged in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

SPEAKS = [
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
    "--autoplay-policy=no-user-gesture-required",
]


@asynccontextmanager
async def chromium(url: str, login: str, password: str, microphone: Path | None = None) -> AsyncIterator[Page]:
    """A page after logging in at `url`; a script that failed in it fails the test.

    `microphone`: a WAV that is spoken again and again; without it there is none.
    """
    speaks = [] if microphone is None else [*SPEAKS, f"--use-file-for-fake-audio-capture={microphone}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *speaks])
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        await page.goto(f"{url}/login")
        await page.fill("#login", login)
        await page.fill("#password", password)
        await page.press("#password", "Enter")
        yield page
        assert failures == []
        await browser.close()
