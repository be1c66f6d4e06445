"""How soon an operator sees the workplace: the browser's own measure of the first paint, over loopback, with an empty cache."""

import statistics
from typing import Any

from playwright.async_api import async_playwright

CHROMIUM = "/usr/bin/chromium"
LOADS = 7
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
WITHIN_MS = 10_000


async def workplace_figures(stack: dict[str, Any]) -> dict[str, dict[str, object]]:
    """The median of `LOADS` loads of the page by somebody with a telephone. `stack`: what `up` wrote."""
    person = next(each for each in stack["logins"] if each["login"] == "op-01")
    url, times = stack["web"]["url"], []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(LOADS):
            context = await browser.new_context(viewport={"width": 1366, "height": 768})
            page = await context.new_page()
            await page.goto(f"{url}/login")
            await page.fill("#login", person["login"])
            await page.fill("#password", person["password"])
            await page.press("#password", "Enter")
            await page.wait_for_url(f"{url}/workplace")
            await page.wait_for_function(f"({PAINTED}) > 0", timeout=WITHIN_MS)
            times.append(float(await page.evaluate(PAINTED)))
            await context.close()
        await browser.close()
    return {"workplace_first_paint_ms": {"value": round(statistics.median(times)), "unit": "ms"}}
