"""What the tests in a browser share: the stack's database, and an operator's telephone."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from stack.parts import ROOT
from stack.sipp import Sipp, speech

SCREENS = ROOT / "var" / "test-screens"
RESIDENT = """
select r.name, p.flat, ph.phone, n.number, n.company_id
from resident_phones ph join residents r on r.id = ph.resident_id join premises p on p.id = r.premises_id
join houses h on h.id = p.house_id join numbers n on n.company_id = h.company_id
where ph.phone not in (select caller from calls)
and not exists (select from resident_phones o where o.phone = ph.phone and o.resident_id <> ph.resident_id)
order by ph.phone desc limit 1
"""
"""Somebody who has not called yet and shares the telephone with nobody, and a number to call."""


@asynccontextmanager
async def database(description: dict) -> AsyncIterator[asyncpg.Pool]:
    """The stack's database."""
    async with asyncpg.create_pool(description["postgres"]["dsn"], min_size=0, max_size=1) as pool:
        yield pool


@contextmanager
def telephone(description: dict, person: dict, folder: Path, talk_s: float) -> Iterator[Sipp]:
    """The telephone of one operator; it rings a second, talks, hangs up."""
    sip = description["sip"]
    sipp = Sipp(folder, target=(sip["host"], sip["port"]), trunk=sip["trunk_address"], phones=sip["phones_address"])
    phone = [(person["endpoint"], person["sip_secret"])]
    try:
        sipp.register(phone, seconds=600)
        sipp.answer(count=1, ring_s=1, talk_s=talk_s, audio=speech("operator", folder))
        yield sipp
        sipp.stop_answering()
        sipp.register(phone, seconds=0)
    finally:
        sipp.end()
