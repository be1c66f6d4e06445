"""Others told of outages: messages queued in the transaction of the change, sent after it.

A message holds what was public at the change. A newer one of the same outage takes the place of those that have not
arrived: whoever was out of reach for an hour gets the last word only.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg

from callcenter.common import jobs
from callcenter.common.scope import Connection
from callcenter.common.sending import Sending
from callcenter.outages.notices.notice import Notice, NoticeChannel, NoticeEvent, NoticeWay, event_of
from callcenter.outages.outage import Outage, OutageChange
from callcenter.outages.public.document import public_outage
from callcenter.storage import queries

SQL = queries("outage_notices")
PUBLIC = queries("public_outages")
JOB = "outage notice"


class Notices:
    """Queues messages when an outage changes. `url`: the start of links to our pages."""

    def __init__(self, url: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._url = url
        self._now = now

    async def on_change(self, connection: Connection, outage: Outage, change: OutageChange) -> None:
        """Runs in the transaction of the change."""
        event = event_of(change, outage.state)
        recipients = [] if event is None else await connection.fetch(SQL["active"], outage.company_id)
        if not recipients:
            return
        row = await connection.fetchrow(PUBLIC["one"], outage.id)
        assert row is not None
        body = public_outage(row, await connection.fetch(PUBLIC["places"], [outage.id]), self._now()).document()
        page = None if row["page"] is None else f"{self._url}/public/outages/{row['page']}"
        body |= {"company": row["company"], "zone": row["zone"], "page": page}
        await connection.execute(SQL["supersede"], outage.id)
        queued = [
            await connection.fetchval(SQL["add"], outage.id, each["id"], event, body, uuid4().hex)
            for each in recipients
        ]
        await jobs.put(connection, JOB, [str(notice) for notice in queued])


class NoticeDeliveries:
    """Sends queued messages. `wait`: the delay of the retry after the n-th failure."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        channels: Mapping[NoticeWay, NoticeChannel],
        *,
        attempts: int,
        wait: Callable[[int], timedelta],
    ) -> None:
        self._pool = pool
        self._channels = channels
        self._sending = Sending(pool, SQL, attempts=attempts, wait=wait)

    @property
    def kind(self) -> jobs.Kind:
        """The jobs of a worker."""
        return jobs.Kind(JOB, self._deliver, _owed)

    async def _deliver(self, job: str) -> None:
        row = await self._pool.fetchrow(SQL["notice"], int(job))
        if row is None:
            return
        notice = Notice(
            key=row["key"],
            event=NoticeEvent(row["event"]),
            outage=row["body"],
            recipient=row["recipient"],
            address=row["address"],
            secret=row["secret"],
            language=row["language"],
        )
        channel = self._channels[NoticeWay(row["way"])]
        await self._sending.send(int(job), row["way"], row["attempts"], lambda: channel.send(notice))


async def _owed(connection: Connection) -> Sequence[str]:
    return [str(row["id"]) for row in await connection.fetch(SQL["waiting"])]
