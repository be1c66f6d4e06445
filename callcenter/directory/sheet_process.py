"""The process that reads one uploaded sheet: `python -m callcenter.directory.sheet_process LIMITS COUNTRY`, the file on stdin.

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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict

from callcenter.directory.refusals import MAX_PROBLEMS, SheetRefused
from callcenter.directory.rows import Gathered, gather
from callcenter.directory.sheet import read_sheet
from callcenter.domain.phone import home_country, set_country

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


class SheetPart(TypedDict, total=False):
    """A line of the answer. `failed`: where the program has an error, without any content of the file."""

    lines: int
    problems: Sequence[tuple[int, str, str, Mapping[str, object]]]
    table: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    refused: str
    values: Mapping[str, object]
    failed: str
    end: bool


def main() -> None:
    """Read the sheet on stdin within the limits."""
    _limit(SheetLimits(**json.loads(sys.argv[1])))
    set_country(sys.argv[2])
    try:
        for part in _parts():
            _write(part)
        sys.stdout.flush()
    except (MemoryError, SystemError):
        # CPython reports some allocations that failed as a `SystemError`. There is no memory left for an answer.
        os._exit(OUT_OF_MEMORY)


def _write(part: SheetPart) -> None:
    sys.stdout.write(f"{json.dumps(part)}\n")


def arguments(limits: SheetLimits) -> list[str]:
    """The command that starts this process."""
    # Not from the current folder, and none of the user's packages.
    module = "callcenter.directory.sheet_process"
    return [sys.executable, "-P", "-s", "-m", module, json.dumps(asdict(limits)), home_country()]


def _limit(limits: SheetLimits) -> None:
    # Calls come first.
    os.nice(10)
    signal.alarm(limits.wall_s)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    # It writes nothing but its answer.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _parts() -> Iterator[SheetPart]:
    try:
        yield from _read(sys.stdin.buffer.read())
    except SheetRefused as refused:
        yield {"refused": refused.code, "values": refused.values}
    except (MemoryError, SystemError):
        raise
    except Exception as problem:
        place = traceback.extract_tb(problem.__traceback__)[-1]
        yield {"failed": f"{type(problem).__name__} in {os.path.basename(place.filename)}:{place.lineno}"}
    yield {"end": True}


def _read(body: bytes) -> Iterator[SheetPart]:
    sheet = read_sheet(body)
    gathered = gather(sheet.lines)
    problems = [(each.row, each.column, each.code, each.values) for each in (*sheet.problems, *gathered.problems)]
    yield {"lines": len(sheet.lines)}
    for start in range(0, min(len(problems), MAX_PROBLEMS), ROWS_IN_A_PART):
        yield {"problems": problems[start : min(start + ROWS_IN_A_PART, MAX_PROBLEMS)]}
    for table, columns, rows in _tables(gathered):
        for start in range(0, max(len(rows), 1), ROWS_IN_A_PART):
            yield {"table": table, "columns": columns, "rows": rows[start : start + ROWS_IN_A_PART]}


def _tables(gathered: Gathered) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[object]]]]:
    """Rows ready for the staging tables, each table with its columns."""
    yield (
        "new_houses",
        ("place", "line", "key", "city", "street", "building", "entrances", "company"),
        [
            (place, h.row, h.key, h.city, h.street, h.building, h.entrances, h.company)
            for place, h in enumerate(gathered.houses)
        ],
    )
    yield (
        "new_flats",
        ("place", "line", "house", "flat", "entrance"),
        [(place, f.row, f.house, f.flat, f.entrance) for place, f in enumerate(gathered.flats)],
    )
    yield (
        "new_residents",
        ("place", "line", "house_flat", "name", "account"),
        [(place, r.row, r.flat, r.name, r.account) for place, r in enumerate(gathered.residents)],
    )
    yield (
        "new_phones",
        ("resident", "phone", "line"),
        [(place, phone, line) for place, r in enumerate(gathered.residents) for phone, line in r.phones.items()],
    )


if __name__ == "__main__":
    main()
