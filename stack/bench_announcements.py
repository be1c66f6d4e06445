"""How long after an outage of a 900-flat house is opened, or changed, its callers' announcements lie on the disk.

The service's own path: the transaction, the notification, the voice of the settings, the files. Each opening is of another
house, at another time, for another reason, so that its sentences have never been spoken; all others have.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from callcenter.domain.access import Role
from callcenter.domain.ids import NodeName, OperatorId
from callcenter.domain.outage import OutageStep
from callcenter.domain.person import Person
from callcenter.outages.announcing.announcer import Announcer
from callcenter.outages.announcing.voice import Voice
from callcenter.outages.outage import NewOutage, Outage, OutageEdit, PlaceEdit
from callcenter.outages.service import Outages
from callcenter.settings import DatabaseSettings, SpeechSettings
from callcenter.storage import open_pool
from callcenter.tickets.service import Tickets
from stack.bench_database import own_database
from stack.bench_pages import percentile
from stack.errors import StackError
from stack.parts import ROOT

SPOKEN = ROOT / "var" / "speech"
FLATS = 900
HOUSES = 12
KINDS = ("cold_water", "hot_water", "heating", "power")
CAUSES = ("Прорыв трубы на вводе", "Авария на подстанции", "Засор стояка", "Повреждён кабель", "Течь в подвале")
DID = "74951230000"
LOOK_EVERY_S = 0.005
LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class House:
    """`flats`: its flats by their telephones."""

    id: int
    flats: Mapping[str, str]


async def announcement_figures(postgres: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """The 95th percentile in seconds. `postgres`: the DSNs that the stack's description has."""
    async with own_database(postgres, "announcements") as settings:
        pool = await open_pool(settings)
        try:
            with tempfile.TemporaryDirectory(prefix="bench-announcements-", dir=SPOKEN.parent) as work:
                opened, changed = await _measured(pool, settings, Path(work))
        finally:
            pool.terminate()
    return {
        f"outage_open_{FLATS}_flats_s": {"value": round(percentile(opened, 95), 2), "unit": "s"},
        f"outage_change_{FLATS}_flats_s": {"value": round(percentile(changed, 95), 2), "unit": "s"},
    }


async def _measured(pool: asyncpg.Pool, settings: DatabaseSettings, work: Path) -> tuple[list[float], list[float]]:
    """Seconds of each opening, and of each change of the expected end."""
    # What this says anew shall be new at the next time too.
    shutil.copytree(SPOKEN, work / "speech", copy_function=os.link)
    folder = work / "announcements"
    person, company, houses = await _made_up(pool)
    outages = Outages(pool, Tickets(pool))
    voice = Voice(SpeechSettings(cache=work / "speech"))
    # As in a centre that has had an outage before.
    await voice.add_numbers(folder / "numbers", "ru")
    announcer = Announcer(pool, settings, NodeName("bench"), folder, voice, lambda _event: None)
    opened: list[float] = []
    changed: list[float] = []
    running = asyncio.create_task(announcer.run())
    try:
        for number, house in enumerate(houses):
            began = time.perf_counter()
            outage = await outages.open(person, _outage(company, house, number))
            numbers = await _numbers(pool, outage)
            await _lies(folder, outage, house, numbers, instead_of="")
            opened.append(time.perf_counter() - began)
            sound = _sound(folder, house)
            began = time.perf_counter()
            await outages.edit(person, outage.id, OutageEdit(until=datetime.now(UTC) + timedelta(minutes=60 + number)))
            await _lies(folder, outage, house, numbers, instead_of=sound)
            changed.append(time.perf_counter() - began)
            # Half of them stay: the next ones open beside them.
            if number % 2:
                await outages.step(person, outage.id, OutageStep.CLOSE)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    # The first one waited until the announcer was connected and the pieces of numbers were there.
    return opened[1:], changed[1:]


def _outage(company: int, house: House, number: int) -> NewOutage:
    now = datetime.now(UTC)
    return NewOutage(
        company_id=company,
        kind=KINDS[number % len(KINDS)],
        since=now - timedelta(minutes=7 * number + 3),
        until=now + timedelta(minutes=13 * number + 90),
        cause=f"{CAUSES[number % len(CAUSES)]}, участок {number + 2}",
        places=(PlaceEdit(house_id=house.id),),
    )


async def _numbers(pool: asyncpg.Pool, outage: Outage) -> dict[str, int]:
    rows = await pool.fetch(
        "select p.flat, n.number from outage_numbers n join premises p on p.id = n.premises_id where n.outage_id = $1",
        outage.id,
    )
    if len(rows) != FLATS:
        raise StackError(f"{len(rows)} of {FLATS} flats have a number")
    return {row["flat"]: row["number"] for row in rows}


async def _lies(folder: Path, outage: Outage, house: House, numbers: Mapping[str, int], instead_of: str) -> None:
    """Wait until every telephone and every flat of the house has its own announcement, with a sound that is not the old one."""
    deadline = time.perf_counter() + LONGEST_S
    for phone, flat in house.flats.items():
        for place in (f"by-number/{DID}/{phone}", f"by-flat/{outage.id}/{house.id}/{flat}"):
            while not _is_said(folder, folder / place, f"{outage.id}-{numbers[flat]}-", instead_of):
                if time.perf_counter() > deadline:
                    raise StackError(f"an announcement did not lie on the disk within {LONGEST_S:g} s")
                await asyncio.sleep(LOOK_EVERY_S)


def _is_said(folder: Path, path: Path, entry: str, instead_of: str) -> bool:
    try:
        [sound] = [each.removeprefix(entry) for each in path.read_text().split("&") if each.startswith(entry)]
    except (FileNotFoundError, ValueError):
        return False
    return sound != instead_of and (folder / "said" / f"{sound}.alaw").exists()


def _sound(folder: Path, house: House) -> str:
    phone = next(iter(house.flats))
    return (folder / "by-number" / DID / phone).read_text().rsplit("-", 1)[1]


async def _made_up(pool: asyncpg.Pool) -> tuple[Person, int, Sequence[House]]:
    """A supervisor; a company with one number; its houses, each flat with a resident and a telephone."""
    operator = await pool.fetchval(
        "insert into operators (login, name, role) values ('bench', 'Bench', 'supervisor') returning id"
    )
    company = await pool.fetchval("insert into companies (name) values ('УК «Заречье»') returning id")
    await pool.execute("insert into numbers values ($1, $2)", DID, company)
    houses = [await _house(pool, company, number) for number in range(HOUSES)]
    return Person(OperatorId(operator), "bench", "Bench", Role.SUPERVISOR, "ru", False), company, houses


async def _house(pool: asyncpg.Pool, company: int, number: int) -> House:
    house = await pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, 'Заречный', 'ул. Космонавтов', $2)"
        " returning id",
        company,
        str(311 + 7 * number),
    )
    flats = {f"+79{number:02}{flat:07}": str(flat) for flat in range(1, FLATS + 1)}
    await pool.execute(
        "with flats as (insert into premises (house_id, flat) select $1, flat from unnest($2::text[]) flat"
        " returning id, flat), people as (insert into residents (premises_id, name) select id, 'Жилец ' || flat"
        " from flats returning id, premises_id)"
        " insert into resident_phones (phone, resident_id) select given.phone, people.id from people"
        " join flats on flats.id = people.premises_id join unnest($3::text[], $2::text[]) given (phone, flat)"
        " on given.flat = flats.flat",
        house,
        list(flats.values()),
        list(flats),
    )
    return House(house, flats)
