"""What a register of 20,000 rows with 500 bad cells costs on its way from the file to the directory.

`python -m stack.bench_register DSN SERVICE_DSN` measures it alone.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Mapping

from callcenter.directory.importing import DirectoryImport, ImportChoices
from callcenter.storage import open_pool
from stack.bench_database import own_database
from stack.register_file import titled_register


async def register_figures(postgres: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Seconds of a person's two looks, and the most memory that a process which read the file took."""
    body = titled_register()
    async with own_database(postgres, "register") as database:
        pool = await open_pool(database)
        try:
            company = await pool.fetchval("insert into companies (name) values ('УК «Пример»') returning id")
            imports, choices = DirectoryImport(pool), ImportChoices(company)
            began = time.monotonic()
            looked = await imports.preview(body, choices)
            shown = time.monotonic()
            report = await imports.apply(body, None, "register.csv", choices)
            written = time.monotonic()
        finally:
            await pool.close()
    assert report.problems == looked.problems
    return {
        "register_lines": {"value": report.lines, "unit": "lines"},
        "register_bad_lines": {"value": report.left_out, "unit": "lines"},
        "register_look": {"value": round(shown - began, 1), "unit": "s"},
        "register_import": {"value": round(written - shown, 1), "unit": "s"},
        "register_reader_memory": {
            "value": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10,
            "unit": "MB",
        },
        "register_service_memory": {"value": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, "unit": "MB"},
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(register_figures({"dsn": sys.argv[1], "service_dsn": sys.argv[2]})), indent=2))
