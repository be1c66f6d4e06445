"""The public pages' content, kept in memory: however many ask, PostgreSQL is asked once in a few seconds."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import structlog
from aiohttp import web

from callcenter.outages.public.document import PublicCompany, PublicOutage, public_outage
from callcenter.storage import AWAY, queries

log = structlog.get_logger()

SQL = queries("public_outages")
FRESH_S = 5.0
HOUSES_FRESH_S = 60.0
MOST_ANSWERS = 2_000
"""Answers kept ready at most; a house that nobody asked for lately is made again."""

Answer = tuple[bytes, str]
"""A body and its ETag."""


class PublicBoard:
    """What is off at the houses of every company that has a public page. `now`, `clock`: see `datetime`, `time`."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._now = now
        self._clock = clock
        self._turn = asyncio.Lock()
        self._companies: Mapping[str, PublicCompany] = {}
        self._houses: Mapping[int, Mapping[int, str]] = {}
        self._read_at = self._houses_at = -HOUSES_FRESH_S
        self._answers: dict[object, Answer] = {}

    async def company(self, page: str) -> PublicCompany | None:
        """The company with this page. While PostgreSQL is away, as it was last seen.

        Raises what is in `AWAY` when it has never been seen.
        """
        if self._clock() - self._read_at >= FRESH_S:
            async with self._turn:
                if self._clock() - self._read_at >= FRESH_S:
                    await self._refresh()
        return self._companies.get(page)

    def answer(self, key: object, make: Callable[[], Answer]) -> Answer:
        """The answer kept under this key; made if there is none since anything changed."""
        kept = self._answers.get(key)
        if kept is None:
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            kept = self._answers[key] = make()
        return kept

    async def _refresh(self) -> None:
        try:
            companies = await self._read()
        except AWAY as problem:
            if not self._companies:
                raise
            log.warning("public outages not read", problem=type(problem).__name__)
        else:
            if companies != self._companies:
                self._companies = companies
                self._answers.clear()
        self._read_at = self._clock()

    async def _read(self) -> dict[str, PublicCompany]:
        now = self._now()
        async with self._pool.acquire() as connection:
            companies = await connection.fetch(SQL["companies"])
            rows = await connection.fetch(SQL["current"])
            places = await connection.fetch(SQL["places"], [row["id"] for row in rows])
            ids = {row["id"] for row in companies}
            if self._clock() - self._houses_at >= HOUSES_FRESH_S or not ids <= self._houses.keys():
                houses: dict[int, dict[int, str]] = {company: {} for company in ids}
                for row in await connection.fetch(SQL["houses"], list(ids)):
                    houses[row["company_id"]][row["id"]] = row["address"]
                self._houses, self._houses_at = houses, self._clock()
        of_outage: dict[int, list[asyncpg.Record]] = {row["id"]: [] for row in rows}
        for place in places:
            of_outage[place["outage_id"]].append(place)
        outages: dict[int, list[PublicOutage]] = {company: [] for company in ids}
        for row in rows:
            outages[row["company_id"]].append(public_outage(row, of_outage[row["id"]], now))
        found = [PublicCompany(**row) for row in companies]
        return {
            each.page: replace(each, outages=tuple(outages[each.id]), houses=self._houses[each.id]) for each in found
        }


PUBLIC_BOARD = web.AppKey("public_board", PublicBoard)
