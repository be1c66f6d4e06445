"""Uploaded sheets read in processes of their own, one at a time, so that no file can stop the service."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from callcenter.common.sheet_problems import SheetNote, SheetProblem, SheetRefused
from callcenter.common.sheet_process import OUT_OF_MEMORY, SheetAbout, SheetLimits, SheetPart, SheetWish, arguments
from callcenter.errors import CallcenterError

# A part of the answer is some rows, whose cells have limits.
LONGEST_PART = 16 << 20
# The process ends itself in time, unless it hangs in the kernel.
GRACE_S = 10


class SheetReaderFailed(CallcenterError):
    """Our fault: the process has an error, or answered what it never answers."""


@dataclass(slots=True)
class ReadSheet:
    """What a sheet says: rows ready for the staging tables, each table with its columns."""

    lines: int = 0
    problems: list[SheetProblem] = field(default_factory=list)
    tables: dict[str, tuple[Sequence[str], list[tuple[object, ...]]]] = field(default_factory=dict)
    about: SheetAbout = field(default=SheetAbout())


class SheetReader:
    """Reads sheets within limits. `module`: the program of the process, see `common/sheet_process.py`."""

    def __init__(self, module: str, limits: SheetLimits | None = None) -> None:
        self._module = module
        self._limits = limits or SheetLimits()
        self._turn = asyncio.Lock()

    async def read(self, body: bytes, wish: SheetWish | None = None) -> ReadSheet:
        """What the sheet says. Raises `SheetRefused`, also when others wait too long before it."""
        try:
            async with asyncio.timeout(self._limits.queue_s):
                await self._turn.acquire()
        except TimeoutError:
            raise SheetRefused("busy") from None
        try:
            async with asyncio.timeout(self._limits.wall_s + GRACE_S):
                return await self._read(body, wish or SheetWish())
        except TimeoutError:
            raise SheetRefused("too slow") from None
        finally:
            self._turn.release()

    async def _read(self, body: bytes, wish: SheetWish) -> ReadSheet:
        async with _process(self._module, self._limits) as process:
            assert process.stdin is not None
            # One that ends before it has read everything says why by its answer or status.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                process.stdin.write(wish.told())
                process.stdin.write(body)
                await process.stdin.drain()
            process.stdin.close()
            read = await _answer(process)
            if read is None:
                raise _why(await process.wait())
            return read


@contextlib.asynccontextmanager
async def _process(module: str, limits: SheetLimits) -> AsyncIterator[Process]:
    """The process; when the block is left it has ended."""
    # The same modules, and nothing else of the service's environment: there are passwords in it.
    environment = {"PYTHONPATH": os.pathsep.join(path or "." for path in sys.path), "OPENBLAS_NUM_THREADS": "1"}
    process = await asyncio.create_subprocess_exec(
        *arguments(module, limits), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, limit=LONGEST_PART
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _answer(process: Process) -> ReadSheet | None:
    """The whole answer; None when the process ended before it was whole."""
    assert process.stdout is not None
    read = ReadSheet()
    while line := await process.stdout.readline():
        part: SheetPart = json.loads(line)
        if "refused" in part:
            refused = SheetRefused(part["refused"], **part["values"])
            refused.head = [list(cells) for cells in part.get("head", ())]
            raise refused
        if "failed" in part:
            raise SheetReaderFailed(part["failed"])
        if "end" in part:
            return read
        read.lines = part.get("lines", read.lines)
        if "about" in part:
            notes = [SheetNote(**note) for note in part["about"]["notes"]]
            read.about = SheetAbout(**{**part["about"], "notes": notes})
        read.problems += [SheetProblem(*each) for each in part.get("problems", ())]
        if "table" in part:
            _, rows = read.tables.setdefault(part["table"], (part["columns"], []))
            rows += map(tuple, part["rows"])
        # Lines that have come already are read without waiting for anything.
        await asyncio.sleep(0)
    return None


def _why(status: int) -> Exception:
    if -status in (signal.SIGXCPU, signal.SIGALRM):
        return SheetRefused("too slow")
    if status == OUT_OF_MEMORY or -status in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT):
        return SheetRefused("too much memory")
    return SheetReaderFailed(f"the process ended with {status}")
