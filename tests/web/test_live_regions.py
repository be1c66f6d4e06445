"""What a screen reader announces: each change once, and no timer."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from callcenter.domain.operator import OperatorStatus
from callcenter.push.messages import QueueRow, QueuesMessage
from callcenter.web.render import TEMPLATES
from tests.browser import chromium
from tests.messages import presence_of
from tests.messages import ringing as ringing_now
from tests.site import PASSWORD, Site

QUEUE = "74951234567"
LIVE = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log], output"
WATCH = """selector => {
    window.spoken = [];
    for (const region of document.querySelectorAll(selector)) {
        new MutationObserver(() => window.spoken.push(region.textContent))
            .observe(region, { childList: true, characterData: true, subtree: true });
    }
}"""


async def spoken(page: Page) -> list[str]:
    told: list[str] = await page.evaluate("window.spoken.splice(0)")
    return told


@pytest.mark.e2e
async def test_a_call_and_the_own_state_are_announced_once_and_never_the_time(site: Site):
    me, now = f"operator:{site.ids['anna']}", datetime.now(UTC)
    ringing = ringing_now(now)
    presence = presence_of(now, OperatorStatus.RINGING)
    async with chromium(str(site.server.make_url("")).rstrip("/"), "anna", PASSWORD) as page:
        await expect(page.get_by_role("heading", name="Вы не в сети")).to_be_visible()
        await page.evaluate(WATCH, LIVE)
        await site.push(me, ringing)
        await site.push(me, presence)
        await expect(page.locator("#state")).to_contain_text("Звонит")
        assert [text.split()[0] for text in await spoken(page)] == ["Звонит", "Звонит"]

        await site.push(me, ringing)
        await site.push(me, presence)
        await site.push("all", QueuesMessage(queues={QUEUE: QueueRow(waiting=3, talking=1, oldest=now)}))
        await expect(page.locator("#waiting")).to_have_text("3")
        for shown in ("#ringing time", "#state time", "#longest"):
            await expect(page.locator(shown)).to_have_text(re.compile(r"0:(0[2-9]|[1-5]\d)"))
        assert await spoken(page) == []

        await site.push(me, replace(presence, state=OperatorStatus.TALKING))
        await expect(page.locator("#state")).to_contain_text("Разговор")
        assert await spoken(page) == ["Разговор"]


@pytest.mark.e2e
async def test_to_import_what_pages_share_does_nothing(site: Site):
    async with chromium(str(site.server.make_url("")).rstrip("/"), "anna", PASSWORD) as page:
        await expect(page.get_by_role("heading", name="Вы не в сети")).to_be_visible()
        await page.goto(str(site.server.make_url("/account")))
        started = await page.evaluate("""async () => {
            const started = [];
            for (const name of ["setInterval", "setTimeout", "addEventListener", "fetch"]) window[name] = () => started.push(name);
            await import("/static/web/ui.js");
            return started;
        }""")
        assert started == []


def test_no_template_makes_a_live_region_of_a_clock():
    pages = [path.read_text() for folder in TEMPLATES.values() for path in folder.glob("*.html")]
    assert pages
    # An `output` is a live region by itself.
    assert not [page for page in pages if "<output" in page]
