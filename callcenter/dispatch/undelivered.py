"""Messages that have not reached their crews, listed for people, who can send them again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from aiohttp import web

from callcenter.common import jobs
from callcenter.common.delivery import DeliveryState
from callcenter.common.scope import audit, scoped
from callcenter.dispatch.delivery import HandoverChannel
from callcenter.dispatch.handover import JOB, SQL
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person

MOST = 200


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message that waits, or is `dead`: given up. `problem` and `detail` are of the last attempt."""

    id: int
    ticket_id: int
    number: int
    company: str
    zone: str
    crew: str
    way: HandoverChannel
    state: DeliveryState
    attempts: int
    problem: str
    detail: str
    created_at: datetime
    next_at: datetime | None


class DeadLetters:
    """The list. `link_lasts`: for how long the link in a message that is sent again works at least."""

    def __init__(self, pool: asyncpg.Pool, link_lasts: timedelta) -> None:
        self._pool = pool
        self._link_lasts = link_lasts

    async def all(self, person: Person) -> list[Undelivered]:
        """Up to `MOST` messages, the dead first, then the oldest first."""
        async with scoped(self._pool, person) as connection:
            rows = await connection.fetch(SQL["undelivered"], person.company_id, MOST)
        return [_undelivered(row) for row in rows]

    async def send_again(self, person: Person, delivery: int, address: str) -> bool:
        """Start the attempts for a dead message again, with its old key; False when it is not dead (any more)."""
        async with self._pool.acquire() as connection, connection.transaction():
            revived = await connection.fetchrow(SQL["revive"], delivery, person.company_id, self._link_lasts)
            if revived is None:
                return False
            await jobs.put(connection, JOB, [str(delivery)])
            await audit(
                connection,
                AuditAction.SENT_AGAIN,
                person=person,
                company=revived["company_id"],
                subject=AuditSubject.TICKET,
                subject_id=revived["ticket_id"],
                address=address,
                details={"delivery": delivery},
            )
        return True


UNDELIVERED = web.AppKey("undelivered", DeadLetters)


def _undelivered(row: asyncpg.Record) -> Undelivered:
    problem, _, detail = row["problem"].partition(": ")
    known = {"way": HandoverChannel(row["way"]), "state": DeliveryState(row["state"])}
    return Undelivered(**{**row, **known, "problem": problem, "detail": detail})
