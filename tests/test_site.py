"""The documents as a site: built whole, every link and picture of it there, the pictures taken from the pages as they are.

`make site` is this test: it leaves the site in `var/site`.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from callcenter.domain.operator import OperatorStatus
from callcenter.push.messages import SilentMessage
from stack.parts import ROOT
from tests import browser
from tests.calls.card_work import Desk, desk
from tests.messages import CALLER, presence_of, ringing
from tests.site import PASSWORD

__all__ = ["desk"]

pytestmark = [pytest.mark.e2e, pytest.mark.servers, pytest.mark.long]

BUILT = ROOT / "var" / "site"
OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)]+)\)")
"""A link to a file of the checkout that is no document: on the site its name."""
LANGUAGES = ("ru", "en")


@asynccontextmanager
async def page_of(desk: Desk, login: str) -> AsyncIterator[Page]:
    async with browser.chromium(str(desk.site.server.make_url("")).rstrip("/"), login, PASSWORD) as page:
        await page.set_viewport_size({"width": 1366, "height": 768})
        yield page


async def take_pictures(desk: Desk, folder: Path) -> None:
    """Those that the guides show, for each language."""
    me, now = f"operator:{desk.site.ids['anna']}", datetime.now(UTC)
    presence = presence_of(now, OperatorStatus.AVAILABLE)
    await desk.resident("Иванова Мария", "12", CALLER)
    await desk.work.ticket(subject="Холодные батареи во всём подъезде", house_id=desk.work.ids["house"])
    for language in LANGUAGES:
        await desk.site.pool.execute("update operators set language = $1", language)
        async with page_of(desk, "anna") as page:

            async def take(name: str, page: Page = page, language: str = language) -> None:
                path = folder / language / f"{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                await page.screenshot(path=path)

            await desk.site.push(me, replace(presence, state=OperatorStatus.RINGING))
            await desk.site.push(me, ringing(now))
            await expect(page.locator("#ringing-call .notice")).to_be_visible()
            await take("ringing")
            await desk.site.push(me, SilentMessage())
            await desk.site.push(me, replace(presence, state=OperatorStatus.TALKING))
            await desk.answered(f"node1-1772704000.{1 + LANGUAGES.index(language)}")
            await expect(page.locator("#card")).to_contain_text("Иванова Мария")
            await take("card")
            await desk.site.push(me, replace(presence, state=OperatorStatus.PAUSED, pause="lunch"))
            await expect(page.locator("#state")).to_have_class("state paused")
            await take("pause")
            await page.locator("#key-help-open").click()
            await expect(page.locator("dialog[open]")).to_be_visible()
            await take("keys")
        async with page_of(desk, "vera") as page:
            await page.goto(f"{desk.site.server.make_url('/board')}")
            await page.wait_for_load_state("networkidle")
            await page.screenshot(path=folder / language / "board.png")


async def test_the_documents_are_a_site_whose_links_and_pictures_are_there(desk: Desk, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    contributing = (ROOT / "CONTRIBUTING.md").read_text().replace("](docs/", "](")
    (docs / "contributing.md").write_text(contributing)
    for page in docs.glob("*.md"):
        text = page.read_text().replace("](../CONTRIBUTING.md)", "](contributing.md)")
        page.write_text(OUTSIDE.sub(r"\1 (`\2`)", text))
    await take_pictures(desk, docs / "pictures")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", "--site-dir", str(BUILT)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    made = await asyncio.to_thread(
        subprocess.run, command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert made.returncode == 0, made.stderr
    assert (BUILT / "ru" / "operator.html").exists()
    unused = {
        path.relative_to(docs)
        for path in (docs / "pictures").rglob("*.png")
        if not any(str(path.relative_to(docs)) in text.read_text() for text in docs.rglob("*.md"))
    }
    assert unused <= {Path("pictures/ru/board.png")}, "a picture that no guide shows"
