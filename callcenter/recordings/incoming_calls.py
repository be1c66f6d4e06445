"""Calls of another PBX in the database, each with its company, so that what applies to a company's calls applies to them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import asyncpg

from callcenter.domain.call import Outcome
from callcenter.domain.ids import CompanyId, NodeName
from callcenter.domain.phone import e164
from callcenter.domain.recording import Defect, RecordingName
from callcenter.recordings.other_pbx import OldCall
from callcenter.storage import queries

SQL = queries("incoming")


@dataclass(frozen=True, slots=True)
class Companies:
    """Whose call it is, by the number dialled; `otherwise`: of calls of which no company's number is known."""

    by_number: dict[str, CompanyId]
    otherwise: CompanyId | None = None

    @classmethod
    async def load(cls, pool: asyncpg.Pool, otherwise: CompanyId | None = None) -> "Companies":
        """As the directory has them now."""
        rows = await pool.fetch(SQL["numbers"])
        forms = {e164(row["number"]): row["company_id"] for row in rows}
        return cls(forms | {row["number"]: row["company_id"] for row in rows}, otherwise)

    def of(self, call: OldCall) -> CompanyId | None:
        """The company of a call."""
        return self.by_number.get(call.dialled) or self.by_number.get(e164(call.dialled)) or self.otherwise


@dataclass(slots=True)
class IncomingCalls:
    """Enters calls for one node. `counts`: `added`, and `left out` for those of no company that nothing was recorded of."""

    pool: asyncpg.Pool
    node: NodeName
    companies: Companies
    counts: Counter[str] = field(default_factory=Counter)

    async def enter(self, call: OldCall, name: RecordingName, duration_s: float) -> None:
        """The call of a recording. A call that is known already only gets what it lacked."""
        await self._enter(call, str(name), duration_s)

    async def enter_unrecorded(self, calls: Iterable[OldCall]) -> None:
        """Calls of the companies; what others talked about on the same PBX is no business of the dispatch centre."""
        for call in calls:
            if self.companies.of(call) is None:
                self.counts["left out"] += 1
            else:
                # A talk that nobody recorded has no length: otherwise its recording would be missed.
                await self._enter(call, None, None)

    async def adopt(self) -> int:
        """Give recordings that came in before their call what they lack; returns how many still are of no company."""
        await self.pool.execute(SQL["adopt"], self.node, Defect.NO_CALL)
        count: int = await self.pool.fetchval(SQL["nobodys"], self.node)
        return count

    async def _enter(self, call: OldCall, recording: str | None, duration_s: float | None) -> None:
        recorded = recording is not None
        row = await self.pool.fetchrow(
            SQL["enter_call"],
            call.id,
            self.node,
            self.companies.of(call),
            call.dialled,
            call.caller,
            call.direction,
            # What was recorded was said to somebody, whatever the CDR calls it.
            Outcome.ANSWERED if recorded else call.outcome,
            call.at,
            call.answered_at or (call.at if recorded else None),
            recording,
            duration_s,
            call.ended_at or call.at,
        )
        if row is not None and row["added"]:
            self.counts["added"] += 1
