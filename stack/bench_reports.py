"""The reports' requests to measure: every report over periods of each length, as a supervisor and as a manager."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import asyncpg

from callcenter.reports.pages import PAGES
from stack.bench_pages import MANAGER, STAFF, Look

EACH = 4
DAYS = (1, 30, 90, 365, 3 * 365)


async def report_looks(_connection: asyncpg.Connection, _company: int) -> Mapping[str, Sequence[Look]]:
    """The requests of the figure: a day, a month, a quarter, a year, and all the years that there are."""
    today = datetime.now(UTC).date()
    return {
        "report_p95_ms": [
            Look(who, f"/reports/{page}?{_period(today - timedelta(days=days), today)}")
            for _ in range(EACH)
            for days in DAYS
            for page in PAGES
            for who in (STAFF, MANAGER)
        ]
    }


def _period(first: date, last: date) -> str:
    return urlencode({"period": "own", "first": first, "last": last})
