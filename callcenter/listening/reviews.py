"""Score cards of companies, and reviews of talks that use them."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, audit, scoped
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.listening import ScoreLine, score
from callcenter.domain.person import Person
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries

SQL = queries("reviews")
LONGEST_COMMENT = 2000


class CardChanged(Refusal):
    """Somebody changed the company's card meanwhile."""

    status = 409
    text = gettext_noop("Somebody else has changed the score card.")
    code = "card"


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """The lines by which a company's talks are reviewed; `id` 0 is a card that has not been saved yet."""

    id: int
    lines: tuple[ScoreLine, ...]


class Reviews:
    """Cards and reviews over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def companies(self, person: Person) -> list[asyncpg.Record]:
        """The companies with `made_at` of their card, None where there is none."""
        async with scoped(self._pool, person) as connection:
            return await connection.fetch(SQL["companies"])

    async def card(self, person: Person, company: int) -> ScoreCard | None:
        """The card that the company has now."""
        async with scoped(self._pool, person) as connection:
            card = await connection.fetchval(SQL["card"], company)
            return None if card is None else await _card(connection, card, company)

    async def keep(self, person: Person, company: int, seen: int, lines: Sequence[ScoreLine], address: str) -> None:
        """Save a new card in place of the one with the id `seen`. Raises `CardChanged`, also when there is no such
        company.
        """
        async with scoped(self._pool, person) as connection:
            await _make(connection, person, company, seen, lines)
            await audit(
                connection,
                AuditAction.CHANGED_SCORE_CARD,
                person=person,
                company=company,
                subject=AuditSubject.COMPANY,
                subject_id=company,
                address=address,
                details={"lines": len(lines)},
            )

    async def of_operator(self, person: Person) -> list[asyncpg.Record]:
        """The last reviews of this person's own talks, newest first; from now on they count as seen."""
        async with scoped(self._pool, person) as connection:
            rows = await connection.fetch(SQL["of_operator"], person.id)
            await connection.execute(SQL["see"], person.id)
        return rows

    async def of(self, person: Person, recording: int) -> list[asyncpg.Record]:
        """The reviews of a recording, newest first."""
        async with scoped(self._pool, person) as connection:
            return await connection.fetch(SQL["of_recording"], recording)

    async def review(
        self,
        person: Person,
        recording: int,
        company: int,
        card: ScoreCard,
        points: Sequence[int | None],
        comment: str,
        address: str,
    ) -> float | None:
        """Review a talk, in place of this person's earlier review; returns the score.

        A card with the id 0 is saved first, as it is: that changes none, and is not audited. Raises `CardChanged`, `BadPoints`.
        """
        async with scoped(self._pool, person) as connection:
            if card.id == 0:
                card_id = await _make(connection, person, company, 0, card.lines)
            else:
                card_id, card = card.id, await _card(connection, card.id, company)
            got = score(card.lines, points)
            await connection.execute(SQL["replace"], recording, person.id)
            review = await connection.fetchval(
                SQL["review"], recording, card_id, person.id, got, comment[:LONGEST_COMMENT]
            )
            await connection.execute(SQL["review_lines"], review, card_id, list(points))
            await audit(
                connection,
                AuditAction.REVIEWED_TALK,
                person=person,
                company=company,
                subject=AuditSubject.RECORDING,
                subject_id=recording,
                address=address,
                details={"score": got},
            )
        return got


REVIEWS = web.AppKey("reviews", Reviews)


async def _card(connection: Connection, card: int, company: int) -> ScoreCard:
    rows = await connection.fetch(SQL["lines"], card, company)
    if not rows:
        raise CardChanged
    return ScoreCard(card, tuple(ScoreLine(row["title"], row["points"], row["critical"]) for row in rows))


async def _make(connection: Connection, person: Person, company: int, seen: int, lines: Sequence[ScoreLine]) -> int:
    await connection.execute(SQL["lock_company"], company)
    made: int | None = await connection.fetchval(SQL["make_card"], company, seen, person.id)
    if made is None:
        raise CardChanged
    await connection.execute(
        SQL["make_lines"],
        made,
        [line.title for line in lines],
        [line.points for line in lines],
        [line.critical for line in lines],
    )
    return made
