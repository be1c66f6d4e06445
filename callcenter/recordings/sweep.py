"""What does not fit together: recordings without a call, calls and talks without a recording, strangers in the spool."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from callcenter.storage import queries

SQL = queries("sweep")
AT_MOST = 1000
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person must look at.

    `kind`: `no call` (a recording of which no call is known), `no file` (a recording that never came, or was lost),
    `talk without a recording`, `answered without a recording`. `detail` is the reason, where one is known.
    """

    kind: str
    recording_id: int | None
    call_id: str | None
    at: datetime | None
    detail: str | None


async def sweep(
    pool: asyncpg.Pool, node: str | None = None, at_most: int = AT_MOST, since: datetime = EVER
) -> Sequence[Finding]:
    """Look the ledger through from `since` on, of one node or of all; at most so many of each kind, the last ones first."""
    rows = await pool.fetch(SQL["sweep"], node, at_most, since)
    return [Finding(*row) for row in rows]
