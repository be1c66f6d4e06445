"""What a company has and what it lacks, computed from what is in the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.common.requests import ask
from callcenter.domain.access import PERMISSIONS, Permission
from callcenter.domain.call import CallState
from callcenter.domain.ids import OperatorId
from callcenter.domain.operator import OperatorStatus
from callcenter.domain.person import Person
from callcenter.domain.request import TryNumberBody
from callcenter.storage import queries

SQL = queries("onboarding")
TAKERS = [role for role, may in PERMISSIONS.items() if Permission.TAKE_CALLS in may]


@dataclass(frozen=True, slots=True)
class Facts:
    """A company as it is now. `staff`: who has a telephone; `call`: the last one; `filed`: the first ticket of a call."""

    company: asyncpg.Record
    staff: Sequence[asyncpg.Record]
    call: asyncpg.Record | None
    filed: asyncpg.Record | None

    @property
    def on_the_line(self) -> asyncpg.Record | None:
        """One of those who would be rung."""
        return next((each for each in self.staff if each["state"] == OperatorStatus.AVAILABLE), None)

    @property
    def goes_on(self) -> bool:
        """Whether a call is not over, or waits for its ticket to be filed."""
        return self.call is not None and (self.call["state"] != CallState.ENDED or not self.call["filed"])

    def done(self, in_asterisk: Collection[str]) -> dict[str, bool]:
        """What is done, by point. `in_asterisk`: the numbers that each node's Asterisk knows."""
        numbers = self.company["numbers"]
        return {
            "company": True,
            "number": bool(numbers) and all(number in in_asterisk for number in numbers),
            "categories": self.company["categories"] > 0,
            "crews": bool(self.company["crews"]),
            "houses": self.company["houses"] > 0,
            "people": any(each["has_password"] for each in self.staff),
            "call": self.filed is not None,
        }


class Progress:
    """Over an open pool. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def companies(self) -> Sequence[asyncpg.Record]:
        """All companies, the first one first."""
        return await self._pool.fetch(SQL["companies"])

    async def facts(self, company: int) -> Facts | None:
        """How far a company is; None when there is none such."""
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(SQL["facts"], company)
            if row is None:
                return None
            return Facts(
                row,
                await connection.fetch(SQL["staff"], TAKERS),
                await connection.fetchrow(SQL["last_call"], company),
                await connection.fetchrow(SQL["first_filed"], company),
            )

    async def has_telephone(self, person: Person) -> bool:
        """Whether this person takes calls."""
        return await self._pool.fetchval(SQL["telephone"], person.id) is not None

    async def try_number(self, by: Person, facts: Facts) -> bool:
        """Call the company's first number at the node of somebody who would be rung; False when there is no such."""
        taker, numbers = facts.on_the_line, facts.company["numbers"]
        if taker is None or not numbers:
            return False
        async with self._pool.acquire() as connection:
            await ask(connection, TryNumberBody(number=numbers[0]), asker=by.id, operator=OperatorId(taker["id"]))
        return True


PROGRESS = web.AppKey("progress", Progress)
