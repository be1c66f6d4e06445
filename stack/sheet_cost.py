"""`python -m stack.sheet_cost` reads a directory sheet of nearly as many rows as are taken, and says what that costs."""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterator

from callcenter.common.sheet_reader import SheetReader
from callcenter.directory.headings import HEADERS
from callcenter.directory.sheet import write_xlsx
from callcenter.directory.sheet_process import MODULE

ROWS = 195_000


def rows(count: int) -> Iterator[dict[str, str]]:
    """Full rows, 200 flats a house, whose accounts, names and telephones are all different."""
    for number in range(count):
        yield dict.fromkeys(HEADERS, "1") | {
            "house_key": f"k{number // 200}",
            "company": "",
            "city": "Москва",
            "street": f"Лесная {number // 2000} ул.",
            "building": f"{number // 200}",
            "flat": f"{number % 200 + 1}",
            "account": f"{10**9 + number}",
            "name": f"Житель {number}",
            "phones": f"8 916 {number:07}",
        }


async def main(count: int) -> None:
    """Print what a sheet of this many rows cost its process."""
    body = write_xlsx(rows(count), "ru")
    began = time.monotonic()
    read = await SheetReader(MODULE).read(body)
    seconds = time.monotonic() - began
    cost = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = {
        "rows": read.lines,
        "problems": len(read.problems),
        "file_mb": round(len(body) / 2**20, 1),
        "seconds": round(seconds),
        "cpu_seconds": round(cost.ru_utime + cost.ru_stime),
        "memory_mb": cost.ru_maxrss >> 10,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
