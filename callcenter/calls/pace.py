"""How many seconds each place in a queue costs, on Asterisk's disk, where the dialplan makes a caller's wait of it."""

import asyncio
import math
import os
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from callcenter.domain.ids import NodeName
from callcenter.retrying import repeat
from callcenter.storage import AWAY, queries

SQL = queries("pace")
LOOK_S = 10.0
NOBODY = 0


def paces(handling_s: float, operators: int, waiting: Mapping[str, int]) -> dict[str, int]:
    """Seconds for each place, by queue; `NOBODY` where no operator is there.

    All operators serve all queues. So of what they do a queue gets the part that its callers are of all who wait, the one
    who is about to join included.
    """
    if not operators:
        return dict.fromkeys(waiting, NOBODY)
    everybody = sum(waiting.values()) + 1
    return {
        queue: max(1, math.ceil(handling_s / operators * everybody / (here + 1))) for queue, here in waiting.items()
    }


class PaceKeeper:
    """Writes one file a queue. What was written last stays while PostgreSQL is away, or this program."""

    def __init__(self, pool: asyncpg.Pool, node: NodeName, folder: Path) -> None:
        self._pool = pool
        self._node = node
        self._folder = folder

    async def run(self) -> None:
        """Write again and again until cancelled."""
        await repeat(self.refresh, LOOK_S, "the wait in the queues is not known", errors=(*AWAY, OSError))

    async def refresh(self) -> None:
        """Write what is true now. Where nobody has talked lately, what was written before stays."""
        [row] = await self._pool.fetch(SQL["pace"], self._node)
        if row["handling_s"] is None and row["operators"]:
            return
        await asyncio.to_thread(self._write, paces(row["handling_s"] or 0, row["operators"], row["waiting"]))

    def _write(self, seconds: Mapping[str, int]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for queue, pace in seconds.items():
            fresh = self._folder / f".{queue}.new"
            fresh.write_text(str(pace))
            os.replace(fresh, self._folder / queue)
