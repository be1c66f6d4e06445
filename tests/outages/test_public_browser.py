"""The public page in a real Chromium: read by somebody, on a telephone, in the frame of another site."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright, expect

from tests.browser import ARGUMENTS, CHROMIUM
from tests.outages.test_public_pages import PAGE, houses, off
from tests.site import Site

__all__ = ["houses"]

pytestmark = pytest.mark.e2e


async def test_a_resident_finds_the_house_and_a_site_shows_the_page(site: Site, houses: list[int]) -> None:
    await off(site, houses[0], message="Вода подвозится <img src=x onerror=alert(1)>")
    url = str(site.server.make_url(PAGE))

    async def of_the_company(_request: web.Request) -> web.Response:
        frames = f'<iframe name="open" src="{url}"></iframe><iframe name="shut" src="{site.server.make_url("/login")}"></iframe>'
        return web.Response(text=f"<!doctype html><title>УК</title>{frames}", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", of_the_company)
    async with TestServer(app) as company, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 390, "height": 800})
        await page.goto(url)
        await expect(page.get_by_role("heading", name="Холодная вода")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert await page.evaluate("document.images.length") == 0
        await page.get_by_role("link", name="Заречный, ул. Мира, 7").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Заречный, ул. Мира, 7")
        await page.get_by_role("link", name="EN").click()
        await expect(page.get_by_role("heading", name="Cold water")).to_be_visible()
        assert await page.context.cookies() == []

        await page.goto(str(company.make_url("/")).replace("127.0.0.1", "localhost"))
        framed = page.frame("open")
        assert framed is not None
        await expect(framed.get_by_role("heading", name="Холодная вода")).to_be_visible()
        shut = page.frame("shut")
        assert shut is not None
        assert await shut.locator("#login").count() == 0
        await browser.close()
