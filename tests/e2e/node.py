"""A node as the composition root makes it, beside an Asterisk of a test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from callcenter import app
from callcenter.recordings.store import Store
from callcenter.settings import DatabaseSettings, Settings
from callcenter.storage import open_pool
from callcenter.web.keys import Service
from tests.e2e.asterisk_instance import AsteriskInstance
from tests.site import SECRETS

PATIENCE_S = 90.0


def settings_of(pbx: AsteriskInstance, database_url: str) -> Settings:
    home = pbx.home
    places = {
        "etc": home / "etc",
        "control": home / "run" / "asterisk.ctl",
        "spool": home / "spool" / "callcenter",
        "queue_log": home / "log" / "queue_log",
    }
    return pbx.settings.model_copy(
        update={
            "database": DatabaseSettings(url=SecretStr(database_url)),
            "secrets": SECRETS,
            "asterisk": pbx.settings.asterisk.model_copy(update=places),
        }
    )


@asynccontextmanager
async def node(settings: Settings) -> AsyncIterator[None]:
    """As the composition root makes it; dead when left. The store is out of reach."""
    pool = await open_pool(settings.database)
    services: list[Service] = []
    await app._node(settings, pool, Store(settings.s3), services)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each.run()) for each in services]
        yield
        for task in running:
            task.cancel()
    pool.terminate()


async def until(condition: Callable[[], Awaitable[object]], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"waited in vain for {what}")
