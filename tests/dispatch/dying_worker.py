"""A worker that is killed after it has sent a message, before it could write that down.

Usage: dying_worker.py DATABASE_URL
"""

import asyncio
import os
import signal
import sys

from callcenter.common.jobs import Worker
from callcenter.dispatch.channels import Assignment
from callcenter.dispatch.handover import Deliveries, Links
from callcenter.dispatch.webhook import Webhook
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.dispatch.crew import handover_settings
from tests.site import BOX


class LastWords:
    """A webhook, after which there is nothing."""

    async def send(self, assignment: Assignment) -> None:
        await Webhook(handover_settings(), BOX).send(assignment)
        os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str) -> None:
    settings = DatabaseSettings(url=url)
    links = Links(handover_settings(), "https://desk.example.org")
    pool = await open_pool(settings)
    deliveries = Deliveries(pool, links, {"webhook": LastWords()}, attempts=3, wait=lambda _: None)  # type: ignore[arg-type,return-value]
    await Worker(settings, [deliveries.kind]).run()


asyncio.run(main(sys.argv[1]))
