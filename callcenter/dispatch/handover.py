"""Hand-over of tickets to crews: queued in the transaction of the assignment, sent after it.

Each message is sent at least once, always with the same key, so that the receiver can recognise a repetition.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol
from uuid import uuid4

import asyncpg

from callcenter.common import jobs
from callcenter.common.scope import Connection
from callcenter.common.sending import Sending
from callcenter.dispatch.channels import Assignment, Channel
from callcenter.domain.ticket import Step
from callcenter.settings import HandoverSettings as Settings
from callcenter.storage import queries
from callcenter.tickets.service import TicketChange

SQL = queries("handover")
JOB = "deliver"
TAKES_BACK = frozenset({Step.CLOSE, Step.CANCEL, Step.REFUSE})


class Assigned(Protocol):
    """The fields of a ticket that the hand-over needs."""

    @property
    def id(self) -> int:
        """Its row."""
        ...

    @property
    def crew_id(self) -> int | None:
        """Its crew."""
        ...


def digest(token: str) -> bytes:
    """The stored hash of a link's token."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


class Links:
    """Personal links. A token is derived from the assignment and a key outside the database, and never stored."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._key = settings.secret.get_secret_value().encode()
        self._url = url
        self.lasts = timedelta(days=settings.link_days)

    def token(self, assignment: str) -> str:
        """The 256-bit token of an assignment, the same each time."""
        return self._made(b"crew link " + assignment.encode())

    def url(self, assignment: str) -> str:
        """The whole link."""
        return f"{self._url}/w/{self.token(assignment)}"

    def list_token(self, made: str) -> str:
        """The token of the link to everything that a crew has; `made`: its row."""
        return self._made(b"crew list " + made.encode())

    def list_url(self, made: str) -> str:
        """The whole link to everything that a crew has."""
        return f"{self._url}/crew/{self.list_token(made)}"

    def _made(self, text: bytes) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self._key, text, "sha256")).rstrip(b"=").decode()


class Handover:
    """Queues messages when a ticket changes."""

    def __init__(self, links: Links) -> None:
        self._links = links

    async def on_change(self, connection: Connection, ticket: Assigned, what: TicketChange) -> None:
        """Runs in the transaction of a step: assigning queues messages; what takes it from the crew ends the link."""
        if what == Step.ASSIGN or what in TAKES_BACK:
            await connection.execute(SQL["end_links"], ticket.id)
            await connection.execute(SQL["drop"], ticket.id)
        if what == Step.ASSIGN and ticket.crew_id is not None:
            await self._hand_over(connection, ticket.id, ticket.crew_id)

    async def _hand_over(self, connection: Connection, ticket: int, crew: int) -> None:
        assignment = uuid4().hex
        token_hash = digest(self._links.token(assignment))
        await connection.execute(SQL["add_link"], token_hash, ticket, crew, assignment, self._links.lasts)
        channels = await connection.fetchrow(SQL["channels"], crew)
        promised = [
            await connection.fetchval(SQL["add_delivery"], ticket, crew, way, f"{assignment}.{way}")
            for way, has in (channels or {}).items()
            if has
        ]
        await jobs.put(connection, JOB, [str(delivery) for delivery in promised])


class Deliveries:
    """Sends queued messages. `wait`: the delay of the retry after the n-th failure."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        links: Links,
        channels: Mapping[str, Channel],
        *,
        attempts: int,
        wait: Callable[[int], timedelta],
    ) -> None:
        self._pool = pool
        self._links = links
        self._channels = channels
        self._sending = Sending(pool, SQL, attempts=attempts, wait=wait)

    @property
    def kind(self) -> jobs.Kind:
        """The jobs of a worker."""
        return jobs.Kind(JOB, self._deliver, _owed)

    async def _deliver(self, job: str) -> None:
        delivery = int(job)
        row = await self._pool.fetchrow(SQL["delivery"], delivery)
        if row is None:
            return
        ticket = await self._pool.fetchrow(SQL["of_crew"], delivery)
        if ticket is None or not row["wanted"]:
            await self._pool.execute(SQL["drop_one"], delivery)
            return
        if (token_hash := digest(self._links.token(row["assignment"]))) != row["token_hash"]:
            await self._pool.execute(SQL["renew_token"], row["assignment"], token_hash)
        link = self._links.url(row["assignment"])
        assignment = Assignment.of(ticket, key=row["key"], link=link)
        channel = self._channels[row["way"]]
        await self._sending.send(delivery, row["way"], row["attempts"], lambda: channel.send(assignment))


async def _owed(connection: Connection) -> Sequence[str]:
    return [str(row["id"]) for row in await connection.fetch(SQL["waiting"])]
