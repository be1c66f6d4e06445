"""More companies than the two of the demonstration, as a centre that serves hundreds has: each with a number and a house."""

import random
import subprocess
from dataclasses import dataclass
from itertools import cycle, islice

import asyncpg

from stack.demo_data import SQL, settle
from stack.errors import StackError
from stack.instance import Instance
from stack.made_up import COMPANIES
from stack.parts import ROOT

FLATS = 20
KNOWN_SHARE = 0.75
# Far from what the demonstration's own residents have.
FIRST_PHONE = 1_000_000

_NUMBERS = """
select n.number, n.company_id from numbers n left join houses h using (company_id) left join premises p on p.house_id = h.id
group by n.number, n.company_id order by count(p.id) desc, n.number limit $1
"""
_PHONES = """
select h.company_id, array_agg(distinct t.phone order by t.phone) as phones
from resident_phones t join residents r on r.id = t.resident_id
join premises p on p.id = r.premises_id join houses h on h.id = p.house_id where h.company_id = any($1)
group by h.company_id
"""


@dataclass(frozen=True, slots=True)
class CastCaller:
    """Who calls, and the company's number that they dial."""

    number: str
    did: str


async def ensure_companies(pool: asyncpg.Pool, count: int, instance: Instance) -> None:
    """Add companies until the directory has so many with a number, and let Asterisk read the new ones."""
    there = await pool.fetchval("select count(distinct company_id) from numbers")
    if there >= count:
        return
    async with pool.acquire() as connection, connection.transaction():
        for place in range(there, count):
            company = await connection.fetchval(SQL["company"], f"УК «{COMPANIES[place % len(COMPANIES)]}-{place + 1}»")
            await connection.execute(SQL["number"], f"7495300{place:04}", company)
            house = await connection.fetchval(SQL["house"], company, "Москва", "Новая ул.", str(place + 1))
            if house is not None:
                await settle(connection, house, FLATS, FIRST_PHONE + 2 * FLATS * place)
    _reload(instance)


def _reload(instance: Instance) -> None:
    home = instance.directory / "asterisk"
    instance.run("render-asterisk", str(home / "etc"))
    command = [str(ROOT / "asterisk" / "cli.sh"), str(home), "dialplan reload"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"Asterisk did not reload its dialplan: {done.stdout}{done.stderr}")


async def cast_callers(pool: asyncpg.Pool, count: int, companies: int, chance: random.Random) -> list[CastCaller]:
    """Callers of the companies with the most flats, the same number of each: three quarters residents, all different."""
    rows = await pool.fetch(_NUMBERS, companies)
    if len(rows) < companies:
        raise StackError("no company has a number; `make up` fills in a demonstration company")
    ids = [row["company_id"] for row in rows]
    residents = {row["company_id"]: row["phones"] for row in await pool.fetch(_PHONES, ids)}
    for phones in residents.values():
        chance.shuffle(phones)
    strangers = iter(chance.sample(range(10**7), count))
    cast = []
    for row in islice(cycle(rows), count):
        known = residents.get(row["company_id"])
        number = known.pop() if known and chance.random() < KNOWN_SHARE else f"+7999{next(strangers):07}"
        cast.append(CastCaller(number, row["number"]))
    chance.shuffle(cast)
    return cast
