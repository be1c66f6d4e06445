"""Operators' states as others than they set them: a supervisor from the board, and nobody, when a page is gone."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import asyncpg
import structlog

from callcenter.common import requests
from callcenter.common.scope import Connection, audit
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.events import Presence, PresenceReason
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.domain.request import PresenceBody
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import queries

log = structlog.get_logger()
SQL = queries("presence")
SAID_EVERY_S = 10.0
"""How often an open page says that it is open."""
GONE_AFTER = timedelta(minutes=1)
LOOK_S = 5.0


async def set_anothers(
    connection: Connection, operator: OperatorId, wanted: Presence, by: Person, address: str
) -> bool:
    """Ask for a state of another operator; False when there is none such, or one without a telephone."""
    if not await connection.fetchval(SQL["has_phone"], operator):
        return False
    async with connection.transaction():
        body = PresenceBody(wanted=wanted, reason=PresenceReason.SUPERVISOR)
        await requests.ask(connection, body, asker=by.id, operator=operator)
        await audit(
            connection,
            AuditAction.SET_OPERATORS_STATE,
            person=by,
            subject=AuditSubject.PERSON,
            subject_id=operator,
            address=address,
            details={"state": wanted},
        )
    return True


class PageWatch:
    """Pauses operators whose page has been gone for a minute. Of several processes one does.

    Pages say that they are open in the table; that one no longer does is measured here, since PostgreSQL's clock may jump.
    They cannot say it while PostgreSQL or the service is away, so that a minute begins anew after that.
    """

    def __init__(self, settings: DatabaseSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._looked_at = float("-inf")
        # What each open page said last, and since when it says nothing else.
        self._said: dict[OperatorId, tuple[datetime, float]] = {}

    async def run(self) -> None:
        """Look until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.look, LOOK_S, "open pages cannot be looked at")

    async def look(self, connection: asyncpg.Connection) -> None:
        """Look once."""
        before, now = self._looked_at, self._clock()
        self._looked_at = now
        known = {} if now - before > 2 * LOOK_S else self._said
        said = {OperatorId(row["operator_id"]): row["seen_at"] for row in await connection.fetch(SQL["open_pages"])}
        unchanged = {operator for operator, at in said.items() if operator in known and known[operator][0] == at}
        self._said = {
            operator: known[operator] if operator in unchanged else (at, now) for operator, at in said.items()
        }
        for operator, (at, since) in self._said.items():
            if now - since >= GONE_AFTER.total_seconds():
                await self._pause(connection, operator, at)

    async def _pause(self, connection: asyncpg.Connection, operator: OperatorId, said_at: datetime) -> None:
        async with connection.transaction():
            if await connection.fetchval(SQL["page_gone"], operator, said_at) is None:
                return
            body = PresenceBody(wanted=Presence.PAUSED, reason=PresenceReason.PAGE_GONE)
            await requests.ask(connection, body, asker=operator)
            log.info("page gone", operator=operator)
