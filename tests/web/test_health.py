import asyncio

import pytest
from yarl import URL

from callcenter.errors import NotReady
from callcenter.web import health
from tests.site import Site

PATIENCE_S = 30.0


async def test_readiness_names_its_parts(site: Site):
    async with site.browser() as probe:
        async with asyncio.timeout(PATIENCE_S):
            while not site.hub.live:
                await asyncio.sleep(0.005)
        answer = await probe.get("/readyz")
        assert answer.status == 200
        assert await answer.json() == {
            "ready": True,
            "parts": {"database": True, "screens": True, "asterisk": True},
        }


async def test_a_part_that_is_not_ready_says_why(site: Site):
    def full() -> None:
        raise NotReady("9 MB are free")

    site.asterisk = full
    async with site.browser() as probe:
        answer = await probe.get("/readyz")
        assert answer.status == 503
        said = await answer.json()
        assert (said["parts"]["asterisk"], said["words"]) == (False, {"asterisk": "9 MB are free"})


async def _fails() -> bool:
    raise ConnectionError("gone")


async def _hangs() -> bool:
    await asyncio.Event().wait()
    return True


@pytest.mark.parametrize("asterisk", [lambda: False, lambda: 1 / 0, _fails, _hangs])
async def test_readiness_reflects_every_part(site: Site, asterisk: object, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "CHECK_WITHIN_S", 2.0)
    site.asterisk = asterisk  # type: ignore[assignment]
    async with site.browser() as probe:
        answer = await probe.get("/readyz")
        assert answer.status == 503
        said = await answer.json()
        assert said["ready"] is False
        assert said["parts"]["asterisk"] is False
        assert said["parts"]["database"] is True
        assert (await probe.get("/healthz")).status == 200


async def test_without_a_database_it_is_alive_and_not_ready(site: Site):
    async with site.browser("anna") as anna:
        await site.pool.close()
        answer = await anna.get("/readyz")
        assert answer.status == 503
        assert (await answer.json())["parts"]["database"] is False
        assert (await anna.get("/healthz")).status == 200
        page = await anna.get("/workplace")
        assert page.status == 503
        assert "Временно недоступно" in await page.text()


async def test_the_figures_are_for_the_house(site: Site):
    async with site.browser() as probe:
        answer = await probe.get("/metrics")
        assert answer.status == 200
        text = await answer.text()
        for name in ("callcenter_pop_seconds_bucket", "callcenter_sockets", "callcenter_slow_clients_total"):
            assert name in text
        assert (await probe.get("/metrics", **{"X-Forwarded-For": "198.51.100.7"})).status == 403
        assert URL(probe.origin).host == "127.0.0.1"
