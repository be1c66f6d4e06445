"""The bar, and where each role begins."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from playwright.async_api import Page, async_playwright, expect

from callcenter.domain.access import Permission, Role
from callcenter.web.language import LANGUAGES
from callcenter.web.navigation import NAVIGATION
from callcenter.web.render import TEMPLATES
from tests.browser import ARGUMENTS, CHROMIUM
from tests.site import PASSWORD, Browser, Site

LOGINS = {
    Role.OPERATOR: "anna",
    Role.SUPERVISOR: "vera",
    Role.MANAGER: "maria",
    Role.CREW: "kirill",
    Role.ADMINISTRATOR: "alla",
}
STARTS = {
    Role.OPERATOR: "/workplace",
    Role.SUPERVISOR: "/board",
    Role.MANAGER: "/tickets",
    Role.CREW: "/tickets",
    Role.ADMINISTRATOR: "/people",
}


class Links(HTMLParser):
    """The links of a page: those in the bar, and all of them; and which of the bar's is marked as this page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.bar: list[str] = []
        self.all: list[str] = []
        self.current: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self._inside = self._inside or given.get("id") == "menu"
        if tag == "a" and (at := given.get("href")):
            self.all.append(at)
            if self._inside:
                self.bar.append(at)
                self.current += [at] if given.get("aria-current") else []

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "nav"


async def links(browser: Browser, path: str, status: int = 200) -> Links:
    answer = await browser.get(path)
    assert answer.status == status, path
    return Links(await answer.text())


@pytest.mark.parametrize("role", Role)
async def test_everybody_begins_on_a_page_that_is_open_to_them(site: Site, role: Role):
    async with site.browser() as browser:
        assert (await browser.log_in(LOGINS[role])).headers["Location"] == STARTS[role]
        answer = await browser.get("/")
        assert (answer.status, answer.headers["Location"]) == (303, STARTS[role])
        assert (await links(browser, STARTS[role])).current == [STARTS[role]]


async def test_who_has_not_logged_in_begins_there(site: Site):
    async with site.browser() as browser:
        assert (await browser.get("/")).headers["Location"] == "/login"
        assert (await links(browser, "/nothing", 404)).all == ["/"]


@pytest.mark.parametrize("role", Role)
async def test_every_page_in_the_bar_is_open_and_says_that_it_is_the_one(site: Site, role: Role):
    async with site.browser(LOGINS[role]) as browser:
        shown = (await links(browser, STARTS[role])).bar
        assert STARTS[role] in shown
        for path in shown:
            assert (await links(browser, path)).current == [path]
        assert (await links(browser, "/nothing", 404)).all == ["/"]


async def test_the_bar_is_in_order_and_no_two_entries_contend_for_a_place(site: Site):
    entries = site.server.app[NAVIGATION]
    assert len({entry.order for entry in entries}) == len(entries)
    async with site.browser("alla") as alla:
        shown = (await links(alla, "/people")).bar
    assert shown == [entry.path for entry in sorted(entries, key=lambda entry: entry.order)]


async def test_each_role_begins_in_one_place(site: Site):
    begun = [role for entry in site.server.app[NAVIGATION] for role in entry.start_of]
    assert sorted(begun) == sorted(Role)


async def test_the_last_calls_are_a_page_and_a_piece_of_the_board(site: Site):
    async with site.browser("vera") as vera:
        page, piece = await vera.get("/calls"), await vera.get("/calls/list")
        whole, part = await page.text(), await piece.text()
    assert (page.status, piece.status) == (200, 200)
    assert "<title>Последние звонки" in whole
    assert Links(whole).current == ["/board"]
    assert part.strip() in whole
    assert "<html" not in part


def templates() -> Iterator[tuple[str, str]]:
    for folder in TEMPLATES.values():
        for path in folder.glob("*.html"):
            yield f"{folder.parent.name}/{path.name}", path.read_text()


def test_templates_name_permissions_by_the_members_of_the_enum():
    asked = {(name, text) for name, page in templates() for text in re.findall(r"\bmay\(([^)]*)\)", page)}
    assert asked
    for name, text in asked:
        assert text.removeprefix("Permission.") in Permission.__members__, (name, text)
        assert text.startswith("Permission."), (name, text)


@asynccontextmanager
async def page_of(site: Site, role: Role, language: str, *, width: int, scripts: bool = True) -> AsyncIterator[Page]:
    await site.pool.execute("update operators set language = $1", language)
    url = str(site.server.make_url("")).rstrip("/")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = await browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=scripts)
        page = await context.new_page()
        await page.goto(f"{url}/login")
        await page.fill("#login", LOGINS[role])
        await page.fill("#password", PASSWORD)
        await page.press("#password", "Enter")
        await expect(page.locator("header.bar")).to_be_visible()
        yield page
        await browser.close()


@pytest.mark.long
@pytest.mark.e2e
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", Role)
async def test_the_bar_is_one_line_at_1280_pixels(site: Site, role: Role, language: str):
    await site.pool.execute("update operators set name = 'Константинопольская Александра Константиновна'")
    async with page_of(site, role, language, width=1280) as page:
        parts = page.locator(".bar nav a, .bar .brand, .bar .side button, .bar .who")
        boxes = [box for each in await parts.all() if (box := await each.bounding_box())]
    assert len(boxes) > 5
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert max(middles) - min(middles) < 6
    assert max(box["height"] for box in boxes) < 40
    assert max(box["x"] + box["width"] for box in boxes) <= 1280
    ordered = sorted(boxes, key=lambda box: box["x"])
    for left, right in pairwise(ordered):
        assert left["x"] + left["width"] <= right["x"] + 0.5


@pytest.mark.e2e
@pytest.mark.parametrize("role", [Role.CREW, Role.ADMINISTRATOR])
async def test_on_a_telephone_the_bar_folds_into_a_menu_that_needs_no_script_and_no_mouse(site: Site, role: Role):
    async with page_of(site, role, "en", width=390, scripts=False) as page:
        bar, journal = page.locator("header.bar"), page.locator(".bar nav").get_by_role("link", name="Journal")
        assert (await bar.bounding_box() or {})["height"] < 60
        await expect(journal).to_be_hidden()
        await page.get_by_role("button", name="Menu").focus()
        await page.keyboard.press("Enter")
        await expect(journal).to_be_visible()
        await expect(page.get_by_role("button", name="Log out")).to_be_in_viewport()
        await page.keyboard.press("Escape")
        await expect(journal).to_be_hidden()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.locator(".bar nav a").first).to_be_focused()
        await journal.press("Enter")
        await expect(page).to_have_url(re.compile("/tickets$"))
