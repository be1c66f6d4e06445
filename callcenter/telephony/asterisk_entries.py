"""What pages say of the companies' numbers, the operators' telephones and the trunks: whether each node's Asterisk knows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg
from aiohttp.web import AppKey

from callcenter.storage import queries

SQL = queries("asterisk")
BEAT_S = 5.0
"""How often a node says that it is there."""
AWAY_AFTER_S = 3 * BEAT_S


class ConfigurationProblem(StrEnum):
    """Why a node could not bring something into its Asterisk."""

    ASTERISK_AWAY = "asterisk_away"
    NOT_WRITABLE = "not_writable"
    VALUE_REFUSED = "value_refused"
    NOT_ACCEPTED = "not_accepted"


@dataclass(frozen=True, slots=True)
class AsteriskEntry:
    """A number, a telephone or a trunk. `since`: when the last node had it; None while it is missing at `node`.

    `away`: that node is not there, so that nobody brings it in. `problem`: why it failed; `details` for an expert.
    """

    name: str
    since: datetime | None
    node: str
    away: bool
    problem: ConfigurationProblem | None
    details: str


@dataclass(frozen=True, slots=True)
class NodeBehind:
    """A node whose Asterisk does not know all that is on the pages. `changes`: how many numbers and telephones."""

    node: str
    seen_at: datetime
    away: bool
    problem: ConfigurationProblem | None
    details: str
    changes: int


class AsteriskEntries:
    """What the nodes wrote about their Asterisks. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def numbers(self, company: int) -> dict[str, AsteriskEntry]:
        """A company's numbers."""
        return _worst(await self._pool.fetch(SQL["states"], company, None, AWAY_AFTER_S, False))

    async def telephone(self, person: int) -> AsteriskEntry | None:
        """A person's telephone, at least where there is a node."""
        rows = await self._pool.fetch(SQL["states"], None, person, AWAY_AFTER_S, False)
        return next(iter(_worst(rows).values()), None)

    async def trunks(self) -> dict[str, AsteriskEntry]:
        """The trunks of the page, by their names."""
        return _worst(await self._pool.fetch(SQL["states"], None, None, AWAY_AFTER_S, True))

    async def behind(self) -> list[NodeBehind]:
        """The nodes that have something left to do."""
        return [
            NodeBehind(
                node=row["node"],
                seen_at=row["seen_at"],
                away=not row["alive"],
                problem=_problem(row),
                details=row["details"],
                changes=row["changes"],
            )
            for row in await self._pool.fetch(SQL["behind"], AWAY_AFTER_S)
        ]

    async def trunk_nodes(self) -> list[str]:
        """The names of the nodes at which a trunk can be."""
        return [row["node"] for row in await self._pool.fetch(SQL["trunk_nodes"])]

    async def nodes(self) -> list[str]:
        """The names of the nodes."""
        return [row["node"] for row in await self._pool.fetch(SQL["nodes"])]


ASTERISK_ENTRIES = AppKey("asterisk_entries", AsteriskEntries)


def _worst(rows: Sequence[asyncpg.Record]) -> dict[str, AsteriskEntry]:
    """Of each name the node that lacks it, an absent one before others; if none does, the one that had it last."""
    ranked = sorted(rows, key=lambda row: (row["since"] is None, not row["alive"], row["since"] or row["node"]))
    return {
        row["name"]: AsteriskEntry(
            name=row["name"],
            since=row["since"],
            node=row["node"],
            away=not row["alive"],
            problem=_problem(row),
            details=row["details"],
        )
        for row in ranked
    }


def _problem(row: asyncpg.Record) -> ConfigurationProblem | None:
    return None if row["problem"] is None else ConfigurationProblem(row["problem"])
