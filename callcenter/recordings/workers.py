"""Processes that run only on idle processors: calls come first, however many copies wait."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from callcenter.orphans import die_with_parent

P = ParamSpec("P")
T = TypeVar("T")
RENEWED_AFTER = 500
"""Jobs after which a process is replaced, so that leaks do not add up."""


class IdlePool:
    """`count` processes of their own groups. They are started by the first job."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run a function of a module in one of them. Raises what it raises, or `BrokenProcessPool` when it was killed."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._count, get_context("spawn"), _become_idle, max_tasks_per_child=RENEWED_AFTER
            )
        future = self._pool.submit(work, *arguments, **named)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Not this task was cancelled but the job, by `stop`, before it started.
            raise BrokenProcessPool("stopped before the job started") from None

    def stop(self) -> None:
        """Kill the processes and what they started. Another job starts new ones."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        # There is no public API for a pool's processes before Python 3.14, and waiting for them may take minutes.
        for pid, process in list((pool._processes or {}).items()):
            # One that has only just started has no group of its own yet.
            process.kill()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        pool.shutdown(wait=False, cancel_futures=True)


def _become_idle() -> None:
    # Otherwise it would wait for jobs for ever.
    die_with_parent()
    os.setpgid(0, 0)
    os.nice(19)
    # The kernel may refuse it to a process whose scheduling class was set; then only niceness remains.
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
