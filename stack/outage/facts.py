"""What PostgreSQL has of one outage surge, read by the load tool on its own."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from stack.errors import StackError
from stack.outage.judge import KeptAnnouncement, KeptCall, KeptTicket

BACK_WITHIN_S = 120.0
RETRY_S = 0.5

_HOUSE = """
select h.id, h.company_id as company, n.number as did, c.language, c.zone, count(p.id) as flats
from houses h join companies c on c.id = h.company_id join numbers n on n.company_id = c.id
join premises p on p.house_id = h.id
group by h.id, h.company_id, n.number, c.language, c.zone order by flats desc, n.number, h.id limit 1
"""
_RESIDENTS = """
select p.flat, t.phone from resident_phones t join residents r on r.id = t.resident_id
join premises p on p.id = r.premises_id where p.house_id = $1 and p.flat ~ '^[0-9]{1,4}$' order by t.phone
"""
_OPEN = "select o.id from outages o where o.company_id = $1 and is_open(o.state) and o.state <> 'suspected' limit 1"
_CALLS = """
select c.id, c.caller, c.state, c.outcome from calls c where c.arrived_at >= $1 and c.caller = any($2)
"""
_ANNOUNCEMENTS = """
select a.call_id as call, a.number, extract(epoch from a.began_at)::float8 as began, a.whole, a.declined,
       t.number as ticket, t.house_id as house, p.flat
from announcements a join calls c on c.id = a.call_id
left join tickets t on t.id = a.ticket_id left join premises p on p.id = t.premises_id
where c.arrived_at >= $1 and c.caller = any($2)
"""
_TICKETS = """
select t.number, t.state, t.caller, p.flat, is_open(t.state) as open from tickets t
join outages o on o.incident_id = t.parent_id left join premises p on p.id = t.premises_id where o.id = $1
"""
_FIRST_NUMBER = "select min(number) from outage_numbers where outage_id = $1 and premises_id is not null"
_UNSETTLED = """
with mine as materialized (select id, state from calls where arrived_at >= $1 and caller = any($2))
select count(*) filter (where state = 'ended') as ended,
       (select count(*) from announcements a join mine on mine.id = a.call_id
        where not a.declined and a.ticket_id is null) as without_ticket
from mine
"""


@dataclass(frozen=True, slots=True)
class House:
    """The house with the most flats, and its company's number."""

    id: int
    company: int
    did: str
    language: str
    zone: str
    flats: int


class OutageFacts:
    """Rows of the calls of `numbers` since `since`, in seconds since 1970. While the database is away it is waited for."""

    def __init__(self, pool: asyncpg.Pool, numbers: Sequence[str], since: float) -> None:
        self._pool = pool
        self._scope = (datetime.fromtimestamp(since, UTC), list(numbers))

    async def calls(self) -> list[KeptCall]:
        """Every call."""
        return [KeptCall(**row) for row in await self._fetch(_CALLS, *self._scope)]

    async def announcements(self) -> list[KeptAnnouncement]:
        """Everything that callers were told."""
        return [KeptAnnouncement(**row) for row in await self._fetch(_ANNOUNCEMENTS, *self._scope)]

    async def tickets(self, outage: int) -> list[KeptTicket]:
        """Those below the incident."""
        return [KeptTicket(**row) for row in await self._fetch(_TICKETS, outage)]

    async def first_number(self, outage: int) -> int:
        """The lowest of the numbers that are reserved for flats."""
        return int((await self._fetch(_FIRST_NUMBER, outage))[0]["min"] or 0)

    async def settled(self, calls: int) -> bool:
        """Whether so many calls are over, and everybody who was told of an outage has a ticket."""
        [row] = await self._fetch(_UNSETTLED, *self._scope)
        return bool(row["ended"] >= calls and row["without_ticket"] == 0)

    async def _fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        deadline = time.monotonic() + BACK_WITHIN_S
        while True:
            try:
                return list(await self._pool.fetch(statement, *values))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
                if time.monotonic() > deadline:
                    raise StackError(f"the database does not become available: {problem}") from None
                await asyncio.sleep(RETRY_S)


async def biggest_house(pool: asyncpg.Pool) -> House:
    """Raises `StackError` when there is none, or an outage of its company is open."""
    row = await pool.fetchrow(_HOUSE)
    if row is None:
        raise StackError("no company has a number and a house; `make up` fills in a demonstration company")
    house = House(**row)
    if (left := await pool.fetchval(_OPEN, house.company)) is not None:
        raise StackError(f"outage {left} of this company is open; close it first")
    return house


async def residents(pool: asyncpg.Pool, house: int) -> Mapping[str, Sequence[str]]:
    """The telephones of each flat."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in await pool.fetch(_RESIDENTS, house):
        found[row["flat"]].append(row["phone"])
    return found
