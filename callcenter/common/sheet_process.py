"""The process that reads one uploaded sheet: `python -m MODULE LIMITS COUNTRY`, the wish and the file on stdin; each subject has its module.

What it reads was made by strangers, so it takes its limits from the kernel before it reads a byte, and whatever the
file makes of it, only this process ends. Its answer on stdout is lines of JSON (`Part`), the last one `{"end": true}`:
a process that was killed has not written that one.
"""

import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

from callcenter.common.sheet_columns import Layout
from callcenter.common.sheet_file import SheetContent
from callcenter.common.sheet_problems import MAX_PROBLEMS, SheetNote, SheetProblem, SheetRefused
from callcenter.domain.phone import home_country, set_country
from callcenter.orphans import die_with_parent

ROWS_IN_A_PART = 500
"""The service decodes a part at once; while it does, nothing else of it runs."""

OUT_OF_MEMORY = 77
"""The status with which it ends when there is no memory left."""


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """What one sheet may cost: seconds of processor, seconds in all, bytes of memory; and seconds before its turn."""

    cpu_s: int = 120
    wall_s: int = 300
    memory: int = 1536 << 20
    queue_s: float = 60


@dataclass(frozen=True, slots=True)
class SheetWish:
    """How a file is to be read; the first line of stdin, before the file.

    `layouts`: columns as they were assigned by hand; `city`: of houses that name none; `mended`: lines with problems are
    taken without their bad cells; `wanted`: nothing but these lines is wanted, as they are in the file.
    """

    layouts: Sequence[Layout] = ()
    city: str = ""
    mended: bool = False
    wanted: Sequence[int] = ()

    def told(self) -> bytes:
        """It as a line."""
        return f"{json.dumps(asdict(self))}\n".encode()

    @staticmethod
    def heard(line: bytes) -> "SheetWish":
        """It from its line."""
        said = json.loads(line)
        return SheetWish(**said | {"layouts": tuple(Layout(**each) for each in said["layouts"])})


@dataclass(frozen=True, slots=True)
class SheetAbout:
    """What is to be known of a file: see `SheetContent`."""

    notes: Sequence[SheetNote] = ()
    pages: Sequence[str] = ()
    encoding: str = ""
    delimiter: str = ""


class SheetPart(TypedDict, total=False):
    """A line of the answer. `failed`: where the program has an error, without any content of the file."""

    lines: int
    about: Mapping[str, Any]
    head: Sequence[Sequence[str]]
    problems: Sequence[tuple[int, str, str, Mapping[str, object], bool]]
    table: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    refused: str
    values: Mapping[str, object]
    failed: str
    end: bool


@dataclass(frozen=True, slots=True)
class SheetTable:
    """Rows with their columns."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Understood:
    """What a file says."""

    lines: int
    problems: Sequence[SheetProblem]
    tables: Sequence[SheetTable]
    about: SheetAbout = field(default=SheetAbout())


def about(sheet: SheetContent, notes: Sequence[SheetNote] = ()) -> SheetAbout:
    """What is to be known of a file; `notes` besides those of reading it."""
    return SheetAbout((*sheet.notes, *notes), sheet.pages, sheet.encoding, sheet.delimiter)


def raw(sheet: SheetContent) -> Understood:
    """The lines that were wanted, as they are in the file."""
    rows = [(each.line, each.top, each.cells) for each in sheet.raw]
    return Understood(len(sheet.lines), (), (SheetTable("raw", ("line", "top", "cells"), rows),), about(sheet))


def run(understand: Callable[[bytes, SheetWish], Understood]) -> None:
    """Read the sheet on stdin within the limits. `understand` may raise `SheetRefused`."""
    _limit(SheetLimits(**json.loads(sys.argv[1])))
    set_country(sys.argv[2])
    try:
        for part in _parts(understand):
            _write(part)
        sys.stdout.flush()
    except (MemoryError, SystemError):
        # CPython reports some allocations that failed as a `SystemError`. There is no memory left for an answer.
        os._exit(OUT_OF_MEMORY)


def _write(part: SheetPart) -> None:
    sys.stdout.write(f"{json.dumps(part)}\n")


def arguments(module: str, limits: SheetLimits) -> list[str]:
    """The command that starts this process. `module`: the one that calls `run`."""
    # Not from the current folder, and none of the user's packages.
    return [sys.executable, "-P", "-s", "-m", module, json.dumps(asdict(limits)), home_country()]


def _limit(limits: SheetLimits) -> None:
    die_with_parent()
    # Calls come first.
    os.nice(10)
    signal.alarm(limits.wall_s)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    # It writes nothing but its answer.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _parts(understand: Callable[[bytes, SheetWish], Understood]) -> Iterator[SheetPart]:
    try:
        wish = SheetWish.heard(sys.stdin.buffer.readline())
        yield from _told(understand(sys.stdin.buffer.read(), wish))
    except SheetRefused as refused:
        yield {"refused": refused.code, "values": refused.values, "head": refused.head}
    except (MemoryError, SystemError):
        raise
    except Exception as problem:
        place = traceback.extract_tb(problem.__traceback__)[-1]
        yield {"failed": f"{type(problem).__name__} in {os.path.basename(place.filename)}:{place.lineno}"}
    yield {"end": True}


def _told(understood: Understood) -> Iterator[SheetPart]:
    problems = [(each.row, each.column, each.code, each.values, each.mendable) for each in understood.problems]
    yield {"lines": understood.lines, "about": asdict(understood.about)}
    for start in range(0, min(len(problems), MAX_PROBLEMS), ROWS_IN_A_PART):
        yield {"problems": problems[start : min(start + ROWS_IN_A_PART, MAX_PROBLEMS)]}
    for table in understood.tables:
        for start in range(0, max(len(table.rows), 1), ROWS_IN_A_PART):
            yield {"table": table.name, "columns": table.columns, "rows": table.rows[start : start + ROWS_IN_A_PART]}
