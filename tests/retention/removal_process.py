"""A process that removes what is due and hangs at the first file: run as a module with the database's DSN, to be killed there."""

import asyncio
import sys

from callcenter.retention.removal import PersonalDataKeeper
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect
from tests.retention.removal_work import NIGHT
from tests.site import Shelf


class HangingShelf(Shelf):
    """Says that it was asked to remove a file, and never does."""

    async def remove(self, key: str) -> None:
        print("removing", flush=True)
        await asyncio.Event().wait()


async def main(url: str) -> None:
    settings = DatabaseSettings(url=url)
    connection = await connect(settings)
    await PersonalDataKeeper(settings, HangingShelf(), rest=0).look(connection, lambda: NIGHT)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
