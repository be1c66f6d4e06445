"""Houses, flats, residents: search, display and changes, within what each person may see."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.common.address_keys import fill_keys
from callcenter.common.house_search import find_houses
from callcenter.common.scope import Connection, audit, scoped
from callcenter.directory.forms import HouseForm, PremisesForm, ResidentForm
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.domain.phone import e164
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries

SQL = queries("directory_book")
SHOWN = 50
FLATS_SHOWN = 1000
_FIELDS = {
    "companies_name_key": "name",
    "companies_outage_page_idx": "outage_page",
    "numbers_pkey": "numbers",
    "houses_city_street_building_idx": "building",
    "houses_company_id_city_street_building_key": "building",
    "houses_key_key": "key",
    "premises_house_id_flat_key": "flat",
    "residents_account_idx": "account",
    "crews_company_id_name_key": "name",
    "responsibles_company_id_name_key": "name",
    "categories_company_id_code_key": "code",
    "houses_company_id_fkey": "company_id",
    "responsibles_crew_id_fkey": "crew_id",
}


class DirectoryConflict(Refusal):
    """Another row has this value already, or what was chosen no longer exists; nothing was saved. `field`: of the form."""

    status = 409
    text = gettext_noop("This exists already, or what was chosen no longer exists.")
    code = "taken"


class InUse(Refusal):
    """Calls or tickets refer to this resident, so the row cannot be deleted."""

    status = 409
    text = gettext_noop("Calls or tickets refer to this, so it cannot be removed.")
    code = "in use"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of a search. `more`: more was found than is shown."""

    houses: Sequence[asyncpg.Record]
    people: Sequence[asyncpg.Record]
    more: bool


@asynccontextmanager
async def conflicts_as_refusals() -> AsyncIterator[None]:
    """Turn a broken uniqueness into `DirectoryConflict` with the form's field."""
    try:
        yield
    except (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError) as problem:
        field = _FIELDS.get(problem.constraint_name or "")
        if field is None:
            raise
        raise DirectoryConflict(field=field) from None


def name_words(query: str) -> list[str]:
    """The words of a query by which a resident may be found, in lower case."""
    return re.findall(r"[\w/\-]+", query.lower().replace("ё", "е"))[:8]


def as_phone(query: str) -> tuple[str, str | None] | None:
    """A number in E.164 and the digits by which it may end, when the query is a telephone number or a part of one."""
    number = e164(query)
    digits = re.sub(r"\D", "", number)
    if len(digits) < 4 or re.search(r"[^\d\s()+\-.–‑—#]", query):
        return None
    return (number, None) if number.startswith("+") and len(digits) >= 10 else (number, digits)


class DirectoryBook:
    """The directory of houses over an open pool. What a person may not see is None, or left out."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def search(self, person: Person, query: str, company: int | None = None) -> SearchResult:
        """Houses by address or key; flats and residents by address, flat, name, account or telephone in any format.

        `company`: only what is this one's.
        """
        only = person.company_id or company
        query = query.replace("\0", "")[:200]
        words, phone = name_words(query), as_phone(query)
        people: list[asyncpg.Record] = []
        async with scoped(self._pool, person) as connection:
            found = await find_houses(connection, only, query, SHOWN + 1)
            ids = list(dict.fromkeys(row["id"] for row in found.rows))
            houses = await connection.fetch(SQL["houses"], only, ids, query.strip().lower(), SHOWN + 1)
            if phone:
                people = await connection.fetch(SQL["by_phone"], only, *phone, SHOWN + 1)
            elif found.flat_named:
                people = await connection.fetch(SQL["flats_of"], [row["premises_id"] for row in found.rows], SHOWN + 1)
            if words and not people:
                people = await connection.fetch(SQL["people"], only, words, SHOWN + 1)
            if people:
                await audit(connection, AuditAction.SEARCHED_RESIDENTS, person=person, details={"found": len(people)})
        return SearchResult(houses[:SHOWN], people[:SHOWN], len(houses) > SHOWN or len(people) > SHOWN)

    async def house(self, person: Person, house: int) -> asyncpg.Record | None:
        """A house with the name of its company."""
        async with scoped(self._pool, person) as connection:
            return await connection.fetchrow(SQL["house"], person.company_id, house)

    async def residents_of(
        self, person: Person, house: int, part: str
    ) -> tuple[Sequence[asyncpg.Record], Sequence[asyncpg.Record]]:
        """The flats of a house with their residents' names, and which companies served it when. Is audited."""
        async with scoped(self._pool, person) as connection:
            history = await connection.fetch(SQL["history"], person.company_id, house)
            part = part.strip().lower().replace("\0", "")
            flats = await connection.fetch(SQL["flats"], person.company_id, house, part, FLATS_SHOWN)
            await audit(
                connection, AuditAction.VIEWED_HOUSE, person=person, subject=AuditSubject.HOUSE, subject_id=house
            )
        return flats, history

    async def premises(self, person: Person, premises: int) -> asyncpg.Record | None:
        """A flat with its address."""
        async with scoped(self._pool, person) as connection:
            return await connection.fetchrow(SQL["premises"], person.company_id, premises)

    async def resident(self, person: Person, resident: int) -> asyncpg.Record | None:
        """A resident with telephones and address. Is audited."""
        async with scoped(self._pool, person) as connection:
            row = await connection.fetchrow(SQL["resident"], person.company_id, resident)
            if row is not None:
                company = row["company_id"]
                await audit(
                    connection,
                    AuditAction.VIEWED_RESIDENT,
                    person=person,
                    company=company,
                    subject=AuditSubject.RESIDENT,
                    subject_id=resident,
                )
        return row

    async def neighbours(self, person: Person, premises: int) -> Sequence[asyncpg.Record]:
        """Everybody in this flat, by name."""
        async with scoped(self._pool, person) as connection:
            return await connection.fetch(SQL["neighbours"], premises)

    async def save_house(self, person: Person, house: int | None, form: HouseForm) -> int:
        """Add or change a house. Raises `DirectoryConflict`."""
        values = (form.city, form.street, form.building, form.entrances, form.key, form.company_id, form.notes)
        async with conflicts_as_refusals(), scoped(self._pool, person) as connection:
            return await _save(connection, person, AuditSubject.HOUSE, house, form.company_id, *values)

    async def save_premises(self, person: Person, house: int, premises: int | None, form: PremisesForm) -> int:
        """Add or change a flat of a house. Raises `DirectoryConflict`."""
        values = (form.flat, form.entrance)
        async with conflicts_as_refusals(), scoped(self._pool, person) as connection:
            parent = () if premises else (house,)
            return await _save(connection, person, AuditSubject.PREMISES, premises, None, *parent, *values)

    async def save_resident(self, person: Person, premises: int, resident: int | None, form: ResidentForm) -> int:
        """Add or change a resident of a flat, with the telephones. Raises `DirectoryConflict`."""
        async with conflicts_as_refusals(), scoped(self._pool, person) as connection:
            parent = () if resident else (premises,)
            saved = await _save(
                connection, person, AuditSubject.RESIDENT, resident, None, *parent, form.name, form.account
            )
            await connection.execute(SQL["take_phones"], saved, form.phones)
            await connection.execute(SQL["give_phones"], saved, form.phones)
            return saved

    async def move_out(self, person: Person, resident: int, *, gone: bool) -> None:
        """Note that a resident moved out, from which the term runs after which the entry is removed; or lives there."""
        async with scoped(self._pool, person) as connection:
            await connection.execute(SQL["move_out"], resident, gone)
            await audit(
                connection,
                AuditAction.MOVED_OUT if gone else AuditAction.MOVED_BACK,
                person=person,
                subject=AuditSubject.RESIDENT,
                subject_id=resident,
            )

    async def remove_resident(self, person: Person, resident: int) -> None:
        """Remove a resident with the telephones. Raises `InUse` when a call or a ticket refers to the resident."""
        try:
            async with scoped(self._pool, person) as connection:
                await connection.execute(SQL["remove_phones"], resident)
                await connection.execute(SQL["remove_resident"], resident)
                await audit(
                    connection,
                    AuditAction.REMOVED_RESIDENT,
                    person=person,
                    subject=AuditSubject.RESIDENT,
                    subject_id=resident,
                )
        except asyncpg.ForeignKeyViolationError:
            raise InUse from None


DIRECTORY_BOOK = web.AppKey("directory book", DirectoryBook)


async def _save(
    connection: Connection, person: Person, kind: AuditSubject, row: int | None, company: int | None, *values: object
) -> int:
    """Add or change one row, and audit it."""
    if row is None:
        saved = int(await connection.fetchval(SQL[f"add_{kind}"], *values))
    else:
        await connection.execute(SQL[f"change_{kind}"], row, *values)
        saved = row
    if kind in (AuditSubject.HOUSE, AuditSubject.PREMISES):
        await fill_keys(connection)
    action = AuditAction(f"added {kind}" if row is None else f"changed {kind}")
    await audit(connection, action, person=person, company=company, subject=kind, subject_id=saved)
    return saved
