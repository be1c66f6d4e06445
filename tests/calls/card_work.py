"""A call that an operator has answered, as the service writes it, for tests of the card."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callcenter.calls.cards import find_cards
from callcenter.domain.commands import PrepareCard
from callcenter.domain.ids import CallId
from callcenter.push.codec import body_of
from callcenter.push.messages import CardMessage
from callcenter.push.shapes import TicketKey
from tests.messages import CALLER, NUMBER, card
from tests.site import Browser, Site
from tests.tickets.ticket_work import Work, open_work

CALL = "node1-1772704000.1"


@dataclass
class Desk:
    """A company with some directory, and calls of it."""

    work: Work
    anna: Browser

    @property
    def site(self) -> Site:
        return self.work.site

    async def answered(self, call: str = CALL, caller: str = CALLER) -> CardMessage:
        """Anna answers: the call with its ticket is written, and its card shown."""
        [known] = await find_cards(self.site.pool, [PrepareCard(call=CallId(call), did=NUMBER, caller=caller)])
        now = datetime.now(UTC)
        written = {
            "calls": [
                {
                    "id": call, "direction": "in", "did": NUMBER, "caller": caller, "state": "talking", "arrived_at": now,
                    "answered_at": now, "rings": 1, "rewait_s": 0, "returns": [], "rebuilt": False, "keys": "",
                    "resident_id": known.resident_id,
                }
            ],
            "tickets": [
                {
                    "call_id": call, "direction": "in", "did": NUMBER, "caller": caller, "opened_at": now,
                    "interface": "PJSIP/op-01", "resident_id": known.resident_id, "premises_id": known.premises_id,
                    "house_id": known.house_id,
                }
            ],
        }  # fmt: skip
        await self.site.pool.execute("select write_batch('node1', $1)", written)
        ticket = await self.ticket_of(call)
        shown = replace(
            card(now, known.resident, call=call, caller=caller),
            resident=known.resident, address=known.address, flat=known.flat, others=known.others,
            company_id=self.work.ids["company"], house_id=known.house_id, open_tickets=(), past_calls=(),
            ticket=TicketKey(id=ticket["id"], number=ticket["number"]),
        )  # fmt: skip
        await self.site.push(f"operator:{self.site.ids['anna']}", shown)
        return shown

    async def ticket_of(self, call: str = CALL) -> Any:
        return await self.site.pool.fetchrow("select * from tickets where id = ticket_of_call($1)", call)

    async def shown(self) -> CardMessage:
        body = await self.site.pool.fetchval(
            "select body from screens where audience = $1 and kind = 'card'", f"operator:{self.site.ids['anna']}"
        )
        found = body_of("card", body)
        assert isinstance(found, CardMessage)
        return found

    async def details(self, call: str = CALL) -> dict[str, Any]:
        found: dict[str, Any] = await (await self.anna.get(f"/workplace/calls/{call}")).json()
        return found

    async def post(self, path: str, body: object, call: str = CALL) -> tuple[int, Any]:
        answer = await self.anna.http.post(
            f"/workplace/calls/{call}/{path}",
            json=body,
            headers={"Origin": self.anna.origin, "Accept": "application/json"},
        )
        return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def resident(self, name: str, flat: str, *phones: str) -> int:
        """Somebody in the house of the directory."""
        pool, house = self.site.pool, self.work.ids["house"]
        premises = await pool.fetchval("select id from premises where house_id = $1 and flat = $2", house, flat)
        if premises is None:
            premises = await pool.fetchval(
                "insert into premises (house_id, flat) values ($1, $2) returning id", house, flat
            )
        made: int = await pool.fetchval(
            "insert into residents (premises_id, name) values ($1, $2) returning id", premises, name
        )
        for phone in phones:
            await pool.execute("insert into resident_phones (phone, resident_id) values ($1, $2)", phone, made)
        return made


@pytest.fixture
async def desk(site: Site) -> AsyncIterator[Desk]:
    async with open_work(site) as work, site.browser("anna") as anna:
        yield Desk(work, anna)
