"""Every page in a real Chromium, in both languages, light and dark, wide and narrow: nothing serious for axe-core."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from callcenter.calls.telephone_pages import LIBRARY
from callcenter.web.auth import COOKIE
from callcenter.web.language import LANGUAGE_COOKIE, LANGUAGES
from callcenter.web.render import TEMPLATES
from callcenter.web.static import FILES
from stack.parts import ROOT
from tests.browser import ARGUMENTS, CHROMIUM
from tests.site import PASSWORD, Site
from tests.web.every_page import NOT_PAGES, VISITS, Visit
from tests.web.filled import Filled, fill_everything
from tests.web.test_access import OPEN_SESSION, for_programs

pytestmark = [pytest.mark.e2e, pytest.mark.long]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (1366, 390)
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules whose answer is another one in the dark."""
# What is closed is looked at too, as somebody sees it who opens it.
OPEN_ALL = """() => {
    for (const each of document.querySelectorAll("details")) each.open = true;
    if (innerWidth < 700) document.querySelector("[popover]")?.showPopover();
}"""
RUN = """async rules => {
    const options = { resultTypes: ["violations"], elementRef: false };
    if (rules.length) options.runOnly = { type: "rule", values: rules };
    const { violations } = await axe.run(document, options);
    return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) =>
            `${id} at ${target.join(" ")}: ${failureSummary.split("\\n").slice(1).join(" ").trim()}`));
}"""
SEND = """([path, fields]) => {
    const form = Object.assign(document.createElement("form"), { method: "post", action: path });
    for (const [name, value] of Object.entries(fields)) form.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.append(form);
    form.submit();
}"""


async def test_no_page_has_a_serious_fault_for_whoever_cannot_see_or_use_a_mouse(
    site: Site, owner_url: str, monkeypatch: pytest.MonkeyPatch
):
    rendered = watch_templates(monkeypatch)
    found: dict[str, list[str]] = {}
    async with fill_everything(site, owner_url) as filled, chromium() as browser:
        for language in LANGUAGES:
            await site.pool.execute("update operators set language = $1", language)
            await site.pool.execute("update crews set language = $1", language)
            people = {login: await come_in(browser, site, login, language) for login in {v.login for v in VISITS}}
            for visit in VISITS:
                page = people[visit.login]
                with monkeypatch.context() as patch:
                    if visit.unbuilt:
                        patch.delitem(FILES, LIBRARY)
                    await open_page(page, site, filled, visit, language)
                for where, fault in [(w, f) async for w, f in faults(page)]:
                    found.setdefault(fault, []).append(f"{visit.route} {visit.login} {language} {where}")
    assert {fault: places[:4] for fault, places in found.items()} == {}
    assert page_templates() - rendered == set(), "pages that this test does not open"


async def test_every_route_is_a_page_that_is_opened_or_none(site: Site):
    routes = {
        route.resource.canonical
        for route in site.server.app.router.routes()
        if route.method == "GET" and route.resource is not None and not for_programs(route)
    }
    pages = {visit.route for visit in VISITS}
    assert routes - pages - NOT_PAGES == set(), "new: add a visit to tests/web/every_page.py"
    assert NOT_PAGES - routes == set()
    assert pages & NOT_PAGES == set()


def watch_templates(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the templates that are rendered from now on."""
    rendered: set[str] = set()
    render = jinja2.Template.render

    def watched(template: jinja2.Template, *values: object, **named: object) -> str:
        path = Path(template.filename or "")
        rendered.add(f"{path.parent.parent.name}/{path.name}")
        return render(template, *values, **named)

    monkeypatch.setattr(jinja2.Template, "render", watched)
    return rendered


def page_templates() -> set[str]:
    """Those that are pages of their own: they begin with what they extend, and no other one extends them."""
    texts = {
        f"{folder.parent.name}/{path.name}": path.read_text()
        for folder in TEMPLATES.values()
        for path in folder.glob("*.html")
    }
    extended = {found for text in texts.values() for found in re.findall(r'{% extends "([^"]+)"', text)}
    return {name for name, text in texts.items() if "{% extends" in text} - extended


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def come_in(browser: Browser, site: Site, login: str | None, language: str) -> Page:
    """A page of this person, or of somebody without a login."""
    context = await browser.new_context(reduced_motion="reduce")
    await context.add_init_script(path=AXE)
    url = str(site.server.make_url("/"))
    await context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": url}])
    if login is not None:
        token = f"token-of-{login}"
        await site.pool.execute(OPEN_SESSION, sha256(token.encode()).digest(), login)
        await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    return await context.new_page()


async def open_page(page: Page, site: Site, filled: Filled, visit: Visit, language: str) -> None:
    """Come to this page, which must be the one, with something on it."""
    await page.set_viewport_size({"width": WIDTHS[0], "height": 768})
    url = str(site.server.make_url("/")).rstrip("/")
    path = visit.path(filled, language)
    if path == "/login/code?boris":
        await page.goto(f"{url}/login")
        await page.fill("#login", "boris")
        await page.fill("#password", PASSWORD)
        async with page.expect_navigation() as going:
            await page.press("#password", "Enter")
        answer = await going.value
    elif visit.sent is not None:
        await page.goto(f"{url}/account" if visit.login else f"{url}/login")
        async with page.expect_navigation() as going:
            await page.evaluate(SEND, [path, visit.sent])
        answer = await going.value
    else:
        answer = await page.goto(f"{url}{path}")
    if visit.file is not None:
        name, text = visit.file
        await page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": text.encode()})
        async with page.expect_navigation() as going:
            await page.locator("form:has(input[type=file]) button").first.click()
        answer = await going.value
    assert answer is not None
    assert (answer.status, urlsplit(answer.url).path) == (visit.status, urlsplit(path).path), visit
    assert await page.locator("html").get_attribute("lang") == language, visit
    await expect(page.locator(visit.shows).first, str(visit)).to_be_attached()


async def faults(page: Page) -> AsyncIterator[tuple[str, str]]:
    """What axe-core finds serious, and where."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 768})
        await page.evaluate(OPEN_ALL)
        for scheme, rules in (("light", []), ("dark", COLOURS)):
            await page.emulate_media(color_scheme=scheme)
            for fault in await page.evaluate(RUN, rules):
                yield f"{width} {scheme}", fault
