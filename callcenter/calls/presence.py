"""Operators' states as others than they set them: a supervisor from the board, and nobody, when a page is gone."""

import time
from collections.abc import Callable
from datetime import timedelta

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

    Pages cannot say that they are open while PostgreSQL or the service is away, so that a minute begins anew after that.
    """

    def __init__(self, settings: DatabaseSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._began_at = self._looked_at = float("-inf")

    async def run(self) -> None:
        """Look until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.look, LOOK_S, "open pages cannot be looked at")

    async def look(self, connection: asyncpg.Connection) -> None:
        """Look once."""
        before, self._looked_at = self._looked_at, self._clock()
        if self._looked_at - before > 2 * LOOK_S:
            self._began_at = self._looked_at
        if self._looked_at - self._began_at < GONE_AFTER.total_seconds():
            return
        async with connection.transaction():
            said_before = GONE_AFTER + timedelta(seconds=SAID_EVERY_S)
            for row in await connection.fetch(SQL["pages_gone"], said_before):
                operator = OperatorId(row["operator_id"])
                body = PresenceBody(wanted=Presence.PAUSED, reason=PresenceReason.PAGE_GONE)
                await requests.ask(connection, body, asker=operator)
                log.info("page gone", operator=operator)
