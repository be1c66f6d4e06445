"""The archive as a process of its own, for a test to kill."""

import asyncio
import json
import os
from pathlib import Path

from pydantic import SecretStr

from callcenter.recordings.archive import Archive
from callcenter.recordings.packing import Packer
from callcenter.recordings.spool import Spool
from callcenter.recordings.store import Store
from callcenter.settings import DatabaseSettings, S3Settings
from callcenter.storage import open_pool
from tests.recordings.conftest import NODE


async def main() -> None:
    settings = S3Settings(**{**json.loads(os.environ["S3"]), "secret_key": os.environ["S3_SECRET"]})
    pool = await open_pool(DatabaseSettings(url=SecretStr(os.environ["DATABASE_URL"]), pool_size=4))
    root = Path(os.environ["SPOOL"])
    packer = Packer(root / "packing" if os.environ["FLAC"] else None)
    archive = Archive(pool, Store(settings), Spool(root), NODE, settings.uploads, packer=packer, settle_s=1.0)
    await archive.run()


if __name__ == "__main__":
    asyncio.run(main())
