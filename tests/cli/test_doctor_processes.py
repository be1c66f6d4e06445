"""`callcenter doctor`: heartbeats of processes, and what it makes of them."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
from prometheus_client import REGISTRY

from callcenter.cli import doctor_processes
from callcenter.cli.checks import CheckFailed, CheckWarning
from callcenter.cli.doctor_processes import forget_process, processes
from callcenter.errors import NotReady
from callcenter.settings import Settings
from callcenter.web.heartbeat import Heartbeat, ProcessRole
from callcenter.web.keys import HealthCheck
from tests.site import Site, settings_for

PATIENCE_S = 30.0


@pytest.fixture
async def settings(site: Site, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(doctor_processes, "BEAT_S", -1.0)
    await site.pool.execute("delete from heartbeats")
    return settings_for(database_url)


def heartbeat(site: Site, role: ProcessRole, name: str, check: HealthCheck = lambda: True) -> Heartbeat:
    return Heartbeat(site.pool, role, name, {"database": check})


async def both(site: Site) -> None:
    await heartbeat(site, ProcessRole.NODE, "node1").beat()
    await heartbeat(site, ProcessRole.PAGES, "host:8080").beat()


async def test_processes_that_beat_and_are_ready_are_well(site: Site, settings: Settings) -> None:
    with pytest.raises(CheckWarning, match="none has run yet"):
        await processes(settings)
    await both(site)
    assert await processes(settings) == "node node1, pages at host:8080: all parts ready"
    assert REGISTRY.get_sample_value("callcenter_part_ready", {"part": "database"}) == 1


@pytest.mark.parametrize("since", ["-25 seconds", "+25 seconds"])
async def test_a_process_that_is_silent_is_named_until_it_is_forgotten(
    site: Site, settings: Settings, since: str
) -> None:
    """Also when PostgreSQL's clock was set back since."""
    await both(site)
    await heartbeat(site, ProcessRole.PAGES, "old:8080").beat()
    await site.pool.execute("update heartbeats set seen_at = now() + $1::text::interval where name = 'old:8080'", since)
    with pytest.raises(CheckFailed, match=r"pages at old:8080 has been silent for 25 s.*forget-process old:8080"):
        await processes(settings)
    assert await forget_process(settings, "old:8080") == 0
    assert await forget_process(settings, "old:8080") == 1
    await processes(settings)


async def test_a_part_that_is_not_ready_is_named_with_the_reason(site: Site, settings: Settings) -> None:
    def full() -> None:
        raise NotReady("9 MB are free")

    await both(site)
    await heartbeat(site, ProcessRole.NODE, "node1", full).beat()
    with pytest.raises(CheckFailed, match=r"node node1: database is not ready \(9 MB are free\)"):
        await processes(settings)
    assert REGISTRY.get_sample_value("callcenter_part_ready", {"part": "database"}) == 0


async def ended(site: Site, beating: Heartbeat, name: str) -> None:
    """It runs, and is cancelled as at a stop."""
    await site.pool.execute("delete from heartbeats where name = $1", name)
    running = asyncio.create_task(beating.run())
    async with asyncio.timeout(PATIENCE_S):
        while not await site.pool.fetchval("select true from heartbeats where name = $1 and not stopped", name):
            await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_where_the_last_one_was_ended_nothing_runs(site: Site, settings: Settings) -> None:
    await both(site)
    await ended(site, heartbeat(site, ProcessRole.NODE, "node1"), "node1")
    with pytest.raises(CheckFailed, match=r"no process runs for the telephony, node node1 was ended at"):
        await processes(settings)


async def test_one_that_serves_pages_takes_the_place_of_one_that_was_ended(site: Site, settings: Settings) -> None:
    await both(site)
    await ended(site, heartbeat(site, ProcessRole.PAGES, "host:8080"), "host:8080")
    await ended(site, heartbeat(site, ProcessRole.PAGES, "new:8080"), "new:8080")
    assert await site.pool.fetchval("select count(*) from heartbeats where role = 'pages'") == 1


async def test_the_clock_of_a_process_is_told_beside_postgresqls(site: Site, settings: Settings) -> None:
    await heartbeat(site, ProcessRole.NODE, "node1").beat()
    row: asyncpg.Record = await site.pool.fetchrow(
        "select abs(extract(epoch from clock - seen_at)) as off from heartbeats"
    )
    assert row["off"] < 5
