"""What a ticket's form offers: the categories, houses, people and crews of the ticket's company."""

from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, scoped
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("ticket_page")
Option = tuple[int, str]


@dataclass(frozen=True, slots=True)
class CategoryChoice:
    """What a ticket may be about."""

    id: int
    code: str
    name_ru: str
    name_en: str

    def name(self, language: str) -> str:
        """The category in a language."""
        return self.name_ru if language == "ru" else self.name_en


@dataclass(frozen=True, slots=True)
class CompanyChoice:
    """A company for which a ticket may be opened."""

    id: int
    name: str
    zone: str
    language: str


@dataclass(frozen=True, slots=True)
class Place:
    """A house, a flat of it or a resident there, as the form of a new ticket is filled in with it."""

    company_id: int
    typed: dict[str, str]


@dataclass(frozen=True, slots=True)
class FormChoices:
    """What can be chosen, each as the row's id and its name."""

    categories: tuple[CategoryChoice, ...]
    houses: tuple[Option, ...]
    residents: tuple[Option, ...]
    crews: tuple[Option, ...]
    responsibles: tuple[Option, ...]

    def named(self, language: str) -> list[Option]:
        """The categories as options in a language."""
        return [(category.id, category.name(language)) for category in self.categories]


class TicketChoices:
    """Choices from PostgreSQL, limited to what the person may see."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def companies(self, person: Person) -> list[CompanyChoice]:
        """The companies whose tickets this person may open, by name."""
        async with scoped(self._pool, person) as connection:
            return await companies_of(connection, person)

    async def categories(
        self, person: Person, company_id: int, chosen: int | None = None
    ) -> tuple[CategoryChoice, ...]:
        """The company's categories that are in use, and the one that is already chosen."""
        async with scoped(self._pool, person) as connection:
            return await _categories(connection, company_id, chosen)

    async def of(self, person: Person, company_id: int) -> FormChoices:
        """All choices for a new ticket of this company."""
        async with scoped(self._pool, person) as connection:
            return await choices_of(connection, company_id)

    async def premises(self, person: Person, company_id: int, house: int, flat: str) -> int | None:
        """The flat of this number in the house."""
        async with scoped(self._pool, person) as connection:
            found: int | None = await connection.fetchval(SQL["premises"], house, flat, company_id)
        return found

    async def place(
        self, person: Person, *, house: int | None = None, flat: int | None = None, resident: int | None = None
    ) -> Place | None:
        """The resident, the flat or the house, whichever of them is given first, if a company serves it."""
        async with scoped(self._pool, person) as connection:
            row = await connection.fetchrow(SQL["place"], resident, flat, house)
        if row is None:
            return None
        return Place(row["company_id"], {name: str(value) for name, value in row.items() if name != "company_id"})

    async def by_number(self, person: Person, company_id: int, number: int) -> int | None:
        """The id of the company's ticket with this number."""
        async with scoped(self._pool, person) as connection:
            found: int | None = await connection.fetchval(SQL["by_number"], company_id, number)
        return found


TICKET_CHOICES = web.AppKey("ticket_choices", TicketChoices)


async def companies_of(connection: Connection, person: Person) -> list[CompanyChoice]:
    """As `TicketChoices.companies`, inside the caller's transaction."""
    return [CompanyChoice(**row) for row in await connection.fetch(SQL["companies"], person.company_id)]


async def choices_of(
    connection: Connection, company_id: int, *, category: int | None = None, premises: int | None = None
) -> FormChoices:
    """All choices for a ticket of this company that has this category and flat."""
    options: dict[str, tuple[Option, ...]] = {}
    for name in ("houses", "residents", "crews", "responsibles"):
        rows = await connection.fetch(SQL[name], premises if name == "residents" else company_id)
        options[name] = tuple((row["id"], row["name"]) for row in rows)
    return FormChoices(await _categories(connection, company_id, category), **options)


async def _categories(connection: Connection, company_id: int, chosen: int | None) -> tuple[CategoryChoice, ...]:
    rows = await connection.fetch(SQL["categories"], company_id, chosen)
    return tuple(CategoryChoice(row["id"], row["code"], row["name_ru"], row["name_en"]) for row in rows)
