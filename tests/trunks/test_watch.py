"""How often a node asks its Asterisk for trunks."""

import asyncio
from pathlib import Path

import pytest

from callcenter.domain.ids import NodeName
from callcenter.errors import NotConnected
from callcenter.telephony.console import Console
from callcenter.trunks import watch
from callcenter.trunks.watch import TrunkWatch
from tests.site import Site, site

__all__ = ["site"]


class Played(Console):
    """Shows these endpoints, or is away with None; counts what it is asked."""

    def __init__(self, endpoints: str | None) -> None:
        super().__init__(Path("/none"))
        self.endpoints = endpoints
        self.looks = 0

    async def command(self, line: str) -> str:
        if line != "pjsip show endpoints":
            return ""
        self.looks += 1
        if self.endpoints is None:
            raise NotConnected("away")
        return self.endpoints


async def looked(console: Played, times: int) -> None:
    async with asyncio.timeout(20):
        while console.looks < times:
            await asyncio.sleep(0.001)


async def test_without_trunks_nothing_is_asked_until_there_are_some(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.01)
    await site.pool.execute("insert into nodes values ('node2') on conflict do nothing")
    some, none, away = Played(" Endpoint:  trunk_alpha  Unavailable  0 of inf\n"), Played(""), Played(None)
    watches = {console: TrunkWatch(site.pool, NodeName("node2"), console) for console in (some, none, away)}
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each.run()) for each in watches.values()]
        await looked(some, 5)
        await looked(away, 5)
        assert none.looks == 1
        none.endpoints = some.endpoints
        watches[none].wake()
        await looked(none, 5)
        for each in running:
            each.cancel()
