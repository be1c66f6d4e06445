"""People as an administrator manages them: roles, companies and crews, access."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

import asyncpg
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from callcenter.common import requests
from callcenter.common.scope import Connection, audit
from callcenter.common.tokens import revoke_all
from callcenter.domain.access import Permission, Role, may
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.ids import IN_BROWSER, OperatorId
from callcenter.domain.person import Person
from callcenter.people.invitations import LOGIN, invite
from callcenter.people.staff_refusal import StaffRefusal
from callcenter.people.telephones import take_telephone
from callcenter.storage import queries

SQL = queries("staff")
OWN = queries("people")
NEEDED = "needed"
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class PersonEdit(BaseModel):
    """A person's data as an administrator edits it. Only a manager has a company, only a crew's member a crew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
    ]
    role: Role
    company_id: Id | None = None
    crew_id: Id | None = None

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        if self.role is Role.MANAGER and self.company_id is None:
            raise PydanticCustomError(NEEDED, "company_id")
        if self.role is Role.CREW and self.crew_id is None:
            raise PydanticCustomError(NEEDED, "crew_id")
        return self


class NewPerson(PersonEdit):
    """A person to be added."""

    login: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=f"^{LOGIN.pattern}$")]
    language: Literal["ru", "en"] = "ru"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person in the list. `seen_at`: when one of the open sessions was last used."""

    id: int
    login: str
    name: str
    role: Role
    active: bool
    company_id: int | None
    crew_id: int | None
    company: str | None
    crew: str | None
    endpoint: str | None
    extension: str | None
    has_code: bool
    has_password: bool
    seen_at: datetime | None
    invited_until: datetime | None

    @property
    def in_browser(self) -> bool:
        """Whether this person's telephone is on the workplace."""
        return self.endpoint is not None and self.endpoint.startswith(IN_BROWSER)


@dataclass(frozen=True, slots=True)
class StaffChoices:
    """The companies and, by company, the crews that somebody may belong to."""

    companies: Sequence[tuple[int, str]]
    crews: dict[str, list[tuple[int, str]]]


class Staff:
    """People over PostgreSQL, for those who manage them. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def people(self) -> list[StaffMember]:
        """Everybody, active people first."""
        return [_colleague(row) for row in await self._pool.fetch(SQL["people"], None)]

    async def find(self, person_id: int) -> StaffMember | None:
        """One person."""
        row = await self._pool.fetchrow(SQL["people"], person_id)
        return None if row is None else _colleague(row)

    async def choices(self) -> StaffChoices:
        """The choices of the form."""
        companies = [(row["id"], row["name"]) for row in await self._pool.fetch(SQL["companies"])]
        crews: dict[str, list[tuple[int, str]]] = {}
        for row in await self._pool.fetch(SQL["crews"]):
            crews.setdefault(row["company"], []).append((row["id"], row["name"]))
        return StaffChoices(companies, crews)

    async def add(self, by: Person, new: NewPerson, address: str) -> tuple[int, str]:
        """The new person's id and the token of the invitation. Raises `StaffRefusal`."""
        async with self._pool.acquire() as connection, connection.transaction():
            company, crew = await _place(connection, new)
            person_id = await connection.fetchval(
                SQL["add"], new.login, new.name, new.role, company, crew, new.language
            )
            if person_id is None:
                raise StaffRefusal("taken", "login")
            details = {"login": new.login, "role": new.role}
            await _note(connection, AuditAction.ADDED_PERSON, by, person_id, address, details)
            return person_id, await invite(connection, person_id)

    async def change(self, by: Person, person_id: int, edit: PersonEdit, address: str) -> bool:
        """Change the name, the role, the company or crew; False when there is no such person. Raises `StaffRefusal`."""
        async with self._held(person_id) as (connection, row):
            if row is None:
                return False
            if person_id == by.id and edit.role != row["role"]:
                raise StaffRefusal("own", "role")
            company, crew = await _place(connection, edit)
            after = {"name": edit.name, "role": edit.role, "company_id": company, "crew_id": crew}
            changes = {key: [row[key], value] for key, value in after.items() if row[key] != value}
            if changes:
                await connection.execute(SQL["change"], person_id, edit.name, edit.role, company, crew)
                await _note(connection, AuditAction.CHANGED_PERSON, by, person_id, address, changes)
            if not may(edit.role, Permission.TAKE_CALLS):
                await take_telephone(connection, person_id, by=by, address=address)
        return True

    async def invite(self, by: Person, person_id: int, address: str) -> str | None:
        """A new invitation's token; password, sessions and tokens are over. None when there is nobody such and active.

        Raises `StaffRefusal` when it is oneself.
        """
        _not_oneself(by, person_id)
        async with self._held(person_id) as (connection, row):
            if row is None or not row["active"]:
                return None
            await _note(connection, AuditAction.INVITED_PERSON, by, person_id, address)
            return await invite(connection, person_id, by=by, address=address)

    async def set_active(self, by: Person, person_id: int, active: bool, address: str) -> bool:
        """Restore or block access; False when there is no such person. Raises `StaffRefusal` when it is oneself."""
        _not_oneself(by, person_id)
        async with self._held(person_id) as (connection, row):
            if row is None:
                return False
            if row["active"] != active:
                await connection.execute(SQL["set_active"], person_id, active)
                await _note(
                    connection,
                    AuditAction.LET_PERSON_IN if active else AuditAction.SHUT_PERSON_OUT,
                    by,
                    person_id,
                    address,
                )
            if not active:
                await connection.execute(OWN["end_sessions"], person_id, None)
                await revoke_all(connection, person_id, by=by, address=address)
                await connection.execute(SQL["withdraw"], person_id)
                await requests.take_off_the_line(connection, OperatorId(person_id), asker=by.id)
        return True

    async def end_sessions(self, by: Person, person_id: int, address: str) -> bool:
        """End all sessions and tokens of a person; False when there is nobody such. Raises `StaffRefusal` when it is oneself."""
        _not_oneself(by, person_id)
        async with self._held(person_id) as (connection, row):
            if row is None:
                return False
            ended = await connection.fetch(OWN["end_sessions"], person_id, None)
            await _note(connection, AuditAction.ENDED_PERSONS_SESSIONS, by, person_id, address, {"n": len(ended)})
            await revoke_all(connection, person_id, by=by, address=address)
        return True

    async def remove_codes(self, by: Person, person_id: int, address: str) -> bool:
        """Turn this person's codes off; False when there is no such person. Raises `StaffRefusal` when it is oneself."""
        _not_oneself(by, person_id)
        async with self._held(person_id) as (connection, row):
            if row is None:
                return False
            if await connection.fetchval(OWN["remove_code"], person_id) is not None:
                await _note(connection, AuditAction.TURNED_PERSONS_CODES_OFF, by, person_id, address)
        return True

    @asynccontextmanager
    async def _held(self, person_id: int) -> AsyncIterator[tuple[Connection, asyncpg.Record | None]]:
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection, await connection.fetchrow(SQL["lock"], person_id)


STAFF = web.AppKey("staff", Staff)


def _not_oneself(by: Person, person_id: int) -> None:
    if by.id == person_id:
        raise StaffRefusal("own", "person")


async def _place(connection: Connection, edit: PersonEdit) -> tuple[int | None, int | None]:
    """The company and the crew that go with the role."""
    if edit.role is Role.MANAGER:
        companies = {row["id"] for row in await connection.fetch(SQL["companies"])}
        if edit.company_id not in companies:
            raise StaffRefusal("unknown", "company_id")
        return edit.company_id, None
    if edit.role is Role.CREW:
        crews = {row["id"]: row["company_id"] for row in await connection.fetch(SQL["crews"])}
        if edit.crew_id not in crews:
            raise StaffRefusal("unknown", "crew_id")
        return crews[edit.crew_id], edit.crew_id
    return None, None


async def _note(
    connection: Connection,
    action: AuditAction,
    by: Person,
    person_id: int,
    address: str,
    details: Mapping[str, object] | None = None,
) -> None:
    await audit(
        connection,
        action,
        person=by,
        subject=AuditSubject.PERSON,
        subject_id=person_id,
        address=address,
        details=details,
    )


def _colleague(row: asyncpg.Record) -> StaffMember:
    return StaffMember(**{**row, "role": Role(row["role"])})
