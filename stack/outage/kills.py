"""Everything but Asterisk dead while callers call: PostgreSQL and the store all the time, the service for three minutes."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from stack.instance import Instance
from stack.supervisor import Supervisor

AWAY = ("postgres", "seaweedfs")
SERVICE = "callcenter"
KILLED_AFTER_S = 10.0
BACK_AFTER_S = 180.0


class Kills:
    """Of the parts of `stack`."""

    def __init__(self, stack: Mapping[str, Any]) -> None:
        self._instance = Instance(Path(stack["directory"]), environment={})
        self._supervisor = Supervisor(Path(stack["directory"]))

    async def before(self) -> None:
        """Before the first call: the database and the store are gone."""
        for part in AWAY:
            await asyncio.to_thread(self._supervisor.stop_program, part)

    async def during(self) -> None:
        """While callers call: the service dies, and comes back to nothing."""
        await asyncio.sleep(KILLED_AFTER_S)
        pids = await asyncio.to_thread(self._supervisor.pids)
        with suppress(ProcessLookupError):
            os.kill(pids[SERVICE], signal.SIGKILL)
        # Or the supervisor would start it again at once.
        await asyncio.to_thread(self._supervisor.stop_program, SERVICE)
        await asyncio.sleep(BACK_AFTER_S - KILLED_AFTER_S)
        await asyncio.to_thread(self._supervisor.start_program, SERVICE)

    async def after(self) -> None:
        """Everything is back. Raises `StackError` when a part does not start."""
        for part in (*AWAY, SERVICE):
            if await asyncio.to_thread(self._supervisor.state, part) not in ("RUNNING", "STARTING", "BACKOFF"):
                await asyncio.to_thread(self._supervisor.start_program, part)
            await asyncio.to_thread(self._instance.wait_ready, part)
