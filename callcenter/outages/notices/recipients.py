"""Who is told of outages: recipients by company, and the messages that have not reached them."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import asyncpg
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator

from callcenter.common import jobs
from callcenter.common.delivery import DeliveryState, NotDelivered
from callcenter.common.scope import Connection, audit, scoped
from callcenter.common.secret_box import SecretBox
from callcenter.common.smtp import address
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.outages.notices.notice import NoticeEvent, NoticeWay, RecipientParty
from callcenter.outages.notices.sending import JOB, SQL

MOST = 200
_CHAT = re.compile(r"-?[0-9]{1,19}", re.ASCII)


class RecipientForm(BaseModel):
    """A recipient as it is typed. `address`: an e-mail address, an https URL, the id of a chat."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    party: RecipientParty
    way: NoticeWay
    address: Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x20\x7f]*$")]
    language: Literal["ru", "en"] = "ru"
    active: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not _fits(self.way, self.address):
            raise ValueError("address")
        return self


def _fits(way: NoticeWay, text: str) -> bool:
    if way is NoticeWay.MAX:
        return _CHAT.fullmatch(text) is not None
    try:
        if way is NoticeWay.EMAIL:
            return bool(address(text).domain)
        parts = urlsplit(text)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
    except (NotDelivered, ValueError):
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who is told."""

    id: int
    company_id: int
    company: str
    name: str
    party: RecipientParty
    way: NoticeWay
    address: str
    language: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredNotice:
    """A message that waits, or is `dead`: given up. `problem` and `detail` are of the last attempt."""

    id: int
    outage_id: int
    event: NoticeEvent
    company: str
    zone: str
    recipient: str
    way: NoticeWay
    state: DeliveryState
    attempts: int
    problem: str
    detail: str
    created_at: datetime
    next_at: datetime | None


class Recipients:
    """Recipients and undelivered messages over PostgreSQL, as a person may see them."""

    def __init__(self, pool: asyncpg.Pool, box: SecretBox) -> None:
        self._pool = pool
        self._box = box

    async def all(self, person: Person) -> list[Recipient]:
        """By company and name. For people who see every company."""
        async with scoped(self._pool, person) as connection:
            rows = await connection.fetch(SQL["recipients"], person.company_id)
        return [
            Recipient(**{**row, "party": RecipientParty(row["party"]), "way": NoticeWay(row["way"])}) for row in rows
        ]

    async def add(self, person: Person, company: int, form: RecipientForm) -> str | None:
        """Add a recipient; returns the secret that signs what a webhook is sent: it is never shown again.

        Raises `asyncpg.ForeignKeyViolationError` when there is no such company.
        """
        secret = secrets.token_urlsafe(32) if form.way is NoticeWay.WEBHOOK else None
        async with scoped(self._pool, person) as connection:
            await connection.execute(SQL["add_recipient"], company, *_values(form), secret and self._box.seal(secret))
            await _write_down(connection, person, company, form)
        return secret

    async def change(self, person: Person, recipient: int, form: RecipientForm) -> tuple[bool, str | None]:
        """Change a recipient: whether there is such a one, and a webhook's secret when it got one now."""
        secret = secrets.token_urlsafe(32) if form.way is NoticeWay.WEBHOOK else None
        async with scoped(self._pool, person) as connection:
            row = await connection.fetchrow(
                SQL["change_recipient"], recipient, *_values(form), secret and self._box.seal(secret), person.company_id
            )
            if row is None:
                return False, None
            if not form.active:
                await connection.execute(SQL["drop"], recipient)
            await _write_down(connection, person, row["company_id"], form)
        return True, secret if row["fresh"] else None

    async def undelivered(self, person: Person) -> list[UndeliveredNotice]:
        """Up to `MOST` messages, the dead first, then the oldest first."""
        async with scoped(self._pool, person) as connection:
            rows = await connection.fetch(SQL["undelivered"], person.company_id, MOST)
        return [_undelivered(row) for row in rows]

    async def send_again(self, person: Person, notice: int) -> bool:
        """Start the attempts for a dead message again, with its old key; False when it is not dead (any more)."""
        async with self._pool.acquire() as connection, connection.transaction():
            company = await connection.fetchval(SQL["revive"], notice, person.company_id)
            if company is None:
                return False
            await jobs.put(connection, JOB, [str(notice)])
            await audit(
                connection,
                AuditAction.SENT_AGAIN,
                person=person,
                company=company,
                subject=AuditSubject.COMPANY,
                subject_id=company,
                details={"notice": notice},
            )
        return True


RECIPIENTS = web.AppKey("outage_recipients", Recipients)


def _values(form: RecipientForm) -> tuple[object, ...]:
    return (form.name, form.party, form.way, form.address, form.language, form.active)


async def _write_down(connection: Connection, person: Person, company: int, form: RecipientForm) -> None:
    await audit(
        connection,
        AuditAction.CHANGED_OUTAGE_RECIPIENT,
        person=person,
        company=company,
        subject=AuditSubject.COMPANY,
        subject_id=company,
        details={"party": form.party, "way": form.way, "active": form.active},
    )


def _undelivered(row: asyncpg.Record) -> UndeliveredNotice:
    problem, _, detail = row["problem"].partition(": ")
    known = {
        "way": NoticeWay(row["way"]),
        "state": DeliveryState(row["state"]),
        "event": NoticeEvent(row["event"]),
        "problem": problem,
        "detail": detail,
    }
    return UndeliveredNotice(**{**row, **known})
