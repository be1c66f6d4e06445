"""The service that ends planned works: in several processes, each of them once."""

import asyncio
from datetime import UTC, datetime, timedelta

from callcenter.outages.planned.ends import PlannedEnds
from callcenter.settings import DatabaseSettings
from tests.dispatch.crew import eventually
from tests.outages.district import District, district

__all__ = ["district"]


async def test_of_several_processes_one_ends_them_and_another_takes_over(district: District, database_url: str) -> None:
    settings = DatabaseSettings(url=database_url)
    until = datetime.now(UTC) + timedelta(seconds=0.5)
    works = district.new(planned=True, since=until - timedelta(hours=1), until=until)
    first = await district.outages.open(district.vera, works)
    processes = [asyncio.create_task(PlannedEnds(settings, district.outages, every_s=0.02).run()) for _ in range(2)]

    async def closed() -> bool:
        return await district.pool.fetchval("select bool_and(state = 'closed') from outages") is True

    try:
        await eventually(closed)
        closings = "select count(*) from outage_events where outage_id = $1 and to_state = 'closed'"
        assert await district.pool.fetchval(closings, first.id) == 1
        for process in processes:
            process.cancel()
            await asyncio.gather(process, return_exceptions=True)
            await district.outages.open(district.vera, works)
            if process is not processes[-1]:
                await eventually(closed)
    finally:
        for process in processes:
            process.cancel()
        await asyncio.gather(*processes, return_exceptions=True)
    assert not await closed()
