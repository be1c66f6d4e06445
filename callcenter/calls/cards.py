"""Who is calling: cards put together from PostgreSQL while the greeting plays."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import asyncpg
import structlog

from callcenter import metrics
from callcenter.domain.card import Card, CardTicket, PastCall
from callcenter.domain.commands import PrepareCard
from callcenter.domain.events import CardPrepared, Event, Source
from callcenter.domain.ids import CompanyId
from callcenter.storage import AWAY, queries

log = structlog.get_logger()

SQL = queries("directory")
WORKERS = 4
BATCH = 50
# So many calls arrive at the same moment that a query for each would be most of the work; the greeting takes longer.
GATHER_S = 0.2
# A card that takes longer than the greeting comes too late to be of use.
DEADLINE_S = 5.0


async def find_cards(pool: asyncpg.Pool, commands: Sequence[PrepareCard]) -> list[Card]:
    """The cards of callers, in that order. `caller`: E.164, or empty when the number is withheld."""
    asked = [[getattr(command, name) for command in commands] for name in ("call", "did", "caller")]
    rows = await pool.fetch(SQL["cards"], *asked, timeout=DEADLINE_S)
    return [_card(command, row) for command, row in zip(commands, rows, strict=True)]


def _card(command: PrepareCard, row: asyncpg.Record) -> Card:
    return Card(
        caller=command.caller,
        did=command.did,
        company_id=None if row["company_id"] is None else CompanyId(row["company_id"]),
        company=row["company"] or "",
        resident_id=row["resident_id"],
        resident=row["resident"] or "",
        premises_id=row["premises_id"],
        house_id=row["house_id"],
        address=row["address"] or "",
        flat=row["flat"] or "",
        others=row["others"],
        open_tickets=tuple(
            CardTicket(number=t["number"], subject=t["subject"], opened_at=datetime.fromisoformat(t["opened_at"]))
            for t in row["open_tickets"]
        ),
        past_calls=tuple(
            PastCall(at=datetime.fromisoformat(p["at"]), outcome=p["outcome"], operator=p["operator"])
            for p in row["past_calls"]
        ),
    )


class CardFinder:
    """Prepares cards in the background and reports them as `CardPrepared`."""

    def __init__(self, pool: asyncpg.Pool, put: Callable[[Event], None]) -> None:
        self._pool = pool
        self._put = put
        self._asked: asyncio.Queue[PrepareCard] = asyncio.Queue()

    def submit(self, command: PrepareCard) -> None:
        """Queue a lookup. Never blocks."""
        self._asked.put_nowait(command)

    async def run(self) -> None:
        """Look callers up until cancelled. A failed lookup only leaves its call without a card."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(WORKERS):
                tasks.create_task(self._work(), name=f"directory {number}")

    async def _work(self) -> None:
        while True:
            commands = [await self._asked.get()]
            await asyncio.sleep(GATHER_S)
            while not self._asked.empty() and len(commands) < BATCH:
                commands.append(self._asked.get_nowait())
            try:
                cards = await find_cards(self._pool, commands)
            except AWAY as problem:
                log.warning("no cards", calls=[command.call for command in commands], problem=type(problem).__name__)
                metrics.problems_total.labels(problem="no card").inc(len(commands))
                continue
            for command, card in zip(commands, cards, strict=True):
                self._put(CardPrepared(call=command.call, at=datetime.now(UTC), source=Source.DESK, card=card))
