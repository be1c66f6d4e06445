"""Companies with their numbers, categories and limits, crews and responsible persons."""

import secrets
from collections.abc import Mapping, Sequence

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, audit, scoped
from callcenter.common.secret_box import SecretBox
from callcenter.directory.book import conflicts_as_refusals
from callcenter.directory.forms import CategoryForm, CompanyForm, CrewForm, DefaultLimitsForm, ResponsibleForm
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("directory_offices")


class Offices:
    """Companies and what belongs to each, over an open pool. What a person may not see is None, or left out."""

    def __init__(self, pool: asyncpg.Pool, box: SecretBox) -> None:
        self._pool = pool
        self._box = box

    async def companies(self, person: Person) -> Sequence[asyncpg.Record]:
        """Every company that the person may see."""
        return await self._fetch(person, "companies")

    async def unreached(self, person: Person) -> Sequence[asyncpg.Record]:
        """The shapes of the numbers dialled in the last day that are no company's, the most frequent first."""
        return await self._fetch(person, "unreached")

    async def company(self, person: Person, company: int) -> asyncpg.Record | None:
        """One company with its numbers."""
        return await self._one(person, "company", company)

    async def categories(self, person: Person, company: int) -> Sequence[asyncpg.Record]:
        """A company's categories with their limits, those in use first."""
        return await self._fetch(person, "categories", company)

    async def default_limits(self, person: Person, company: int) -> Mapping[str, Mapping[str, int]]:
        """The limits of a company's tickets without a category, by step: `minutes` and `warn_before`."""
        rows = await self._fetch(person, "default_limits", company)
        return {row["step"]: {"minutes": row["minutes"], "warn_before": row["warn_before"]} for row in rows}

    async def save_default_limits(self, person: Person, company: int, form: DefaultLimitsForm) -> None:
        """Change them; they count for tickets that are opened from now on."""
        async with scoped(self._pool, person) as connection:
            await connection.execute(SQL["take_default_limits"], company)
            await connection.executemany(SQL["give_default_limit"], [(company, *limit) for limit in form.limits()])
            await _write_down(connection, person, company, AuditSubject.COMPANY, company, company)

    async def category(self, person: Person, category: int) -> asyncpg.Record | None:
        """One category with its limits."""
        return await self._one(person, "category", category)

    async def crews(self, person: Person, company: int) -> Sequence[asyncpg.Record]:
        """A company's crews with their working hours, those at work first."""
        return await self._fetch(person, "crews", company)

    async def crew(self, person: Person, crew: int) -> asyncpg.Record | None:
        """One crew with its working hours."""
        return await self._one(person, "crew", crew)

    async def responsibles(self, person: Person, company: int) -> Sequence[asyncpg.Record]:
        """A company's responsible persons."""
        return await self._fetch(person, "responsibles", company)

    async def responsible(self, person: Person, responsible: int) -> asyncpg.Record | None:
        """One responsible person."""
        return await self._one(person, "responsible", responsible)

    async def save_company(self, person: Person, company: int | None, form: CompanyForm) -> int:
        """Add or change a company with its numbers. A new one gets the decree's categories. Raises `DirectoryConflict`."""
        # A page that nobody named is found by those who were told its address.
        page = (form.outage_page or secrets.token_hex(12)) if form.public else None
        values = (form.name, form.zone, form.language, form.retention_days, form.city_code, page)
        async with conflicts_as_refusals(), scoped(self._pool, person) as connection:
            if company is None:
                saved = int(await connection.fetchval(SQL["add_company"], *values))
            else:
                saved = company
                await connection.execute(SQL["change_company"], saved, *values)
            await connection.execute(SQL["take_numbers"], saved, list(form.numbers))
            await connection.execute(SQL["give_numbers"], saved, list(form.numbers), list(form.numbers.values()))
            await _write_down(connection, person, saved, AuditSubject.COMPANY, company, saved)
            return saved

    async def save_category(self, person: Person, company: int, category: int | None, form: CategoryForm) -> int:
        """Add or change a category with its limits. Raises `DirectoryConflict`."""
        values = (form.code, form.kind, form.name_ru, form.name_en, form.active)
        async with conflicts_as_refusals(), scoped(self._pool, person) as connection:
            if category is None:
                saved = int(await connection.fetchval(SQL["add_category"], company, *values))
            else:
                saved = category
                await connection.execute(SQL["change_category"], saved, *values)
            await connection.execute(SQL["take_limits"], saved)
            await connection.executemany(SQL["give_limit"], [(saved, *limit) for limit in form.limits()])
            await _write_down(connection, person, company, AuditSubject.CATEGORY, category, saved)
            return saved

    async def save_crew(self, person: Person, company: int, crew: int | None, form: CrewForm) -> tuple[int, str | None]:
        """Add or change a crew with its hours.

        Returns its id, and the secret that signs its webhook's messages when one was made now: it is never shown again.
        Raises `DirectoryConflict`.
        """
        secret = secrets.token_urlsafe(32) if form.webhook_url else None
        kept = secret and self._box.seal(secret)
        values = (form.name, form.language, form.phone, form.email, form.webhook_url, kept, form.active)
        async with conflicts_as_refusals(), scoped(self._pool, person) as connection:
            if crew is None:
                saved = int(await connection.fetchval(SQL["add_crew"], company, *values))
                fresh = secret is not None
            else:
                saved = crew
                fresh = bool(await connection.fetchval(SQL["change_crew"], saved, *values))
            await connection.execute(SQL["take_hours"], saved)
            hours = form.all_hours()
            await connection.execute(SQL["give_hours"], saved, *([each[n] for each in hours] for n in range(3)))
            await _write_down(connection, person, company, AuditSubject.CREW, crew, saved)
            return saved, secret if fresh else None

    async def new_secret(self, person: Person, crew: int) -> str | None:
        """A new secret for the crew's webhook, shown once; None when it has no webhook. The old one stops working now."""
        secret = secrets.token_urlsafe(32)
        async with scoped(self._pool, person) as connection:
            if await connection.fetchval(SQL["new_secret"], crew, self._box.seal(secret)) is None:
                return None
            await audit(
                connection,
                AuditAction.RENEWED_WEBHOOK_SECRET,
                person=person,
                subject=AuditSubject.CREW,
                subject_id=crew,
            )
        return secret

    async def save_responsible(
        self, person: Person, company: int, responsible: int | None, form: ResponsibleForm
    ) -> int:
        """Add or change a responsible person. Raises `DirectoryConflict`."""
        values = (form.name, form.phone, form.crew_id, form.active)
        async with conflicts_as_refusals(), scoped(self._pool, person) as connection:
            if responsible is None:
                saved = int(await connection.fetchval(SQL["add_responsible"], company, *values))
            else:
                saved = responsible
                await connection.execute(SQL["change_responsible"], saved, *values)
            await _write_down(connection, person, company, AuditSubject.RESPONSIBLE, responsible, saved)
            return saved

    async def _fetch(self, person: Person, query: str, *values: object) -> Sequence[asyncpg.Record]:
        async with scoped(self._pool, person) as connection:
            return await connection.fetch(SQL[query], person.company_id, *values)

    async def _one(self, person: Person, query: str, row: int) -> asyncpg.Record | None:
        async with scoped(self._pool, person) as connection:
            return await connection.fetchrow(SQL[query], person.company_id, row)


OFFICES = web.AppKey("offices", Offices)


async def _write_down(
    connection: Connection, person: Person, company: int, kind: AuditSubject, before: int | None, saved: int
) -> None:
    action = AuditAction(f"added {kind}" if before is None else f"changed {kind}")
    await audit(connection, action, person=person, company=company, subject=kind, subject_id=saved)
