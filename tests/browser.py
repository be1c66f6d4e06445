"""A real Chromium, logged in."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright

from stack.browser_telephone import ARGUMENTS, CHROMIUM


@asynccontextmanager
async def chromium(url: str, login: str, password: str, more: Sequence[str] = ()) -> AsyncIterator[Page]:
    """A page after logging in at `url`, as in `opened`."""
    async with opened(more) as page:
        await page.goto(f"{url}/login")
        await page.fill("#login", login)
        await page.fill("#password", password)
        await page.press("#password", "Enter")
        yield page


@asynccontextmanager
async def opened(more: Sequence[str] = (), locale: str | None = None) -> AsyncIterator[Page]:
    """A page of somebody who prefers this language; a script that failed in it fails the test. `more`: arguments of the browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale=locale)
        page = await context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        yield page
        assert failures == []
        await browser.close()
