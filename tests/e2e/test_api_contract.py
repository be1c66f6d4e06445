"""Thousands of requests made from the description: nothing breaks, and every answer is as described."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.api.document import describe
from callcenter.api.endpoint import API, endpoints
from tests.api.conftest import Desk, furnish
from tests.api.contract import judge
from tests.site import open_site

pytestmark = pytest.mark.e2e


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_site(database_url) as site:
        desk = await furnish(site)
        for company in desk.companies:
            for _ in range(3):
                await desk.ticket(company)
        yield desk


@pytest.mark.alone
async def test_the_interface_is_as_it_is_described(desk: Desk, tmp_path: Path):
    document = str(desk.site.server.make_url(f"{API}/openapi.json"))
    token = await desk.token("ada")
    # No limit for this one: its window ends after the test.
    await desk.pool.execute("update api_tokens set window_start = now() + interval '1 hour', requests = -1000000")
    verdict = await judge(document, token, tmp_path, "--max-time", "30")
    assert verdict.passed, verdict.said
    # All but the document itself.
    assert f"Tested: {len(endpoints.all) - 1}" in verdict.said


async def test_a_wrong_description_would_be_found(desk: Desk, tmp_path: Path):
    document = describe(endpoints.all)
    document["components"]["schemas"]["Company"]["properties"]["id"] = {"type": "string"}
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(document))
    only = ("--include-path", "/companies", "--phases", "fuzzing", "--max-examples", "1")
    address = ("--url", str(desk.site.server.make_url(API)))
    verdict = await judge(str(wrong), await desk.token("ada"), tmp_path, *address, *only)
    assert not verdict.passed
    assert 'is not of type "string"' in verdict.said
