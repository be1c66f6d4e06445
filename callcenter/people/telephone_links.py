"""One-time links by which a telephone gets its account, so that nobody types a password into it or sends one."""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from aiohttp import web

from callcenter.common.passwords import digest, new_token
from callcenter.common.scope import Connection, audit
from callcenter.common.secret_box import SecretBox
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.ids import IN_BROWSER
from callcenter.domain.person import Person
from callcenter.settings import AsteriskSettings
from callcenter.storage import queries

SQL = queries("telephone_links")
STAFF = queries("staff")
LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class TelephoneSetup:
    """What is entered into a telephone. `transport`: `udp`, `tcp` or `tls`; `srtp`: `no`, `optional` or `required`."""

    person: str
    account: str
    secret: str
    extension: str | None
    host: str
    port: int
    transport: str
    srtp: str

    @property
    def server(self) -> str:
        """Host and port, as telephones want it."""
        return f"{self.host}:{self.port}"

    @property
    def encrypted(self) -> bool:
        """Whether the telephone is to encrypt sound; by TLS only, or the keys would be there to read."""
        return self.srtp == "required" or (self.srtp == "optional" and self.transport == "tls")


def way_in(settings: AsteriskSettings) -> tuple[str, int, str]:
    """Host, port and transport with which a telephone registers: encrypted where that is possible."""
    host = settings.telephone_address or settings.external_address or settings.bind
    host = f"[{host}]" if ":" in host else host
    if "tls" in settings.telephone_transports:
        return host, settings.tls_port, "tls"
    return host, settings.sip_port, "udp"


class TelephoneLinks:
    """Over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool, box: SecretBox, settings: AsteriskSettings) -> None:
        self._pool = pool
        self._box = box
        self._settings = settings

    async def make(self, by: Person, person_id: int, address: str) -> str | None:
        """The token of a new link, instead of an earlier one; None without a telephone that is set up."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(STAFF["lock"], person_id)
            if row is None or row["endpoint"] is None or row["endpoint"].startswith(IN_BROWSER) or not row["active"]:
                return None
            await withdraw_link(connection, person_id)
            token = new_token()
            await connection.execute(SQL["add"], digest(token), person_id, LASTS)
            await _note(connection, AuditAction.MADE_TELEPHONE_LINK, person_id, address, by)
            return token

    async def find(self, token: str) -> str | None:
        """Whose telephone the link is for; None when it was used, has expired, or never existed."""
        name: str | None = await self._pool.fetchval(SQL["find"], digest(token))
        return name

    async def use(self, token: str, address: str) -> TelephoneSetup | None:
        """What the telephone needs, once; None when the link does not work any more."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["use"], digest(token))
            if row is None:
                return None
            await _note(connection, AuditAction.OPENED_TELEPHONE_LINK, row["id"], address)
        host, port, transport = way_in(self._settings)
        return TelephoneSetup(
            person=row["name"],
            account=row["endpoint"],
            secret=self._box.open(row["sip_secret"]),
            extension=row["extension"],
            host=host,
            port=port,
            transport=transport,
            srtp=self._settings.telephone_srtp,
        )


TELEPHONE_LINKS = web.AppKey("telephone_links", TelephoneLinks)


async def withdraw_link(connection: Connection, person_id: int) -> None:
    """A link shows no account but the one for which it was made."""
    await connection.execute(SQL["withdraw"], person_id)


async def _note(
    connection: Connection, action: AuditAction, person_id: int, address: str, by: Person | None = None
) -> None:
    await audit(connection, action, person=by, subject=AuditSubject.PERSON, subject_id=person_id, address=address)
