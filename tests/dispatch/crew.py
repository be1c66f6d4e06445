"""A crew with a mailbox and a program of its own, on loopback; and a ticket for it."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import asyncpg
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from callcenter.dispatch.channels import Assignment
from callcenter.domain.ticket import TicketState
from callcenter.settings import HandoverSettings, SmtpSettings
from tests.conftest import by_owner

CERTIFICATE = Path(__file__).parent.parent / "data" / "loopback.pem"
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
SECRET = "a webhook's secret"
WAIT_S = 60.0


def server_tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


@dataclass
class Mailbox:
    """A mail server. `answer`: its answer to a recipient; None accepts the e-mail."""

    port: int = 0
    letters: asyncio.Queue[EmailMessage] = field(default_factory=asyncio.Queue)
    recipients: list[list[str]] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    answer: str | None = None

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _o: object) -> str:  # noqa: N802
        if self.answer is not None:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.recipients.append(envelope.rcpt_tos)
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.put_nowait(letter)
        return "250 taken"

    def log_in(self, _server: object, _session: object, _envelope: object, _how: object, data: object) -> AuthResult:
        self.logins.append(data.password)  # type: ignore[attr-defined]
        return AuthResult(success=data.password == b"right", handled=False)  # type: ignore[attr-defined]


@asynccontextmanager
async def mailbox(port: int = 0, *, tls: bool = False, **options: object) -> AsyncIterator[Mailbox]:
    box = Mailbox()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, hostname="mail.test", authenticator=box.log_in, **options),
        "127.0.0.1",
        port,
        ssl=server_tls() if tls else None,
    )
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()


@dataclass
class Program:
    """A crew's program. `answer`: makes each answer; what came is in `requests`."""

    url: str = ""
    requests: asyncio.Queue[tuple[dict[str, str], bytes]] = field(default_factory=asyncio.Queue)
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.put_nowait((dict(request.headers), await request.read()))
        return web.Response() if self.answer is None else await self.answer(request)


@asynccontextmanager
async def program(*, tls: bool = False) -> AsyncIterator[Program]:
    mine = Program()
    server = web.Server(mine.handle)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls() if tls else None)
    await site.start()
    port = runner.addresses[0][1]
    mine.url = f"http{'s' if tls else ''}://127.0.0.1:{port}/hook"
    try:
        yield mine
    finally:
        await runner.cleanup()


def handover_settings(**changed: object) -> HandoverSettings:
    given: dict[str, object] = {"secret": "k" * 32, "webhook_inner_networks": [LOOPBACK], "webhook_timeout_s": 5}
    return HandoverSettings.model_validate(given | changed)


def smtp_settings(port: int, **changed: object) -> SmtpSettings:
    given: dict[str, object] = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "desk@example.org"}
    return SmtpSettings.model_validate(given | {"timeout_s": 5} | changed)


def assignment(**changed: object) -> Assignment:
    given: dict[str, object] = {
        "key": "4f2a.email",
        "link": "https://desk.example.org/w/token",
        "ticket_id": 7,
        "number": 1053,
        "company_id": 1,
        "company": "УК «Заречье»",
        "state": TicketState.ASSIGNED,
        "result": "",
        "zone": "Europe/Moscow",
        "category": "Засор канализации",
        "category_class": "emergency",
        "subject": "Стояк",
        "description": "Течёт с потолка",
        "address": "Москва, Набережная ул., 12",
        "entrance": 3,
        "flat": "417",
        "common_property": False,
        "contact_name": "Иванова Анна",
        "contact_phone": "+79001234567",
        "access_at": None,
        "access_reason": "",
        "access_people": "",
        "planned_from": None,
        "planned_until": None,
        "opened_at": datetime(2026, 3, 5, 9, 30, tzinfo=UTC),
        "due_at": datetime(2026, 3, 5, 11, 30, tzinfo=UTC),
        "responsible": "Пётр Сидоров",
        "crew_id": 1,
        "crew": "Сантехники",
        "language": "ru",
        "email": "crew@example.org",
        "webhook_url": None,
        "webhook_secret": SECRET,
    }
    return Assignment(**(given | changed))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Row:
    """A ticket with a crew, as the tickets' service passes it on."""

    id: int
    crew_id: int | None


async def add_company(pool: asyncpg.Pool) -> int:
    await pool.execute(
        by_owner("truncate companies, operators, pgqueuer, login_attempts, audit_log restart identity cascade")
    )
    return int(await pool.fetchval("insert into companies (name) values ('УК «Заречье»') returning id"))


async def add_crew(
    pool: asyncpg.Pool, company: int, *, name: str = "Сантехники", email: str | None = None, url: str | None = None
) -> int:
    return int(
        await pool.fetchval(
            "insert into crews (company_id, name, email, webhook_url, webhook_secret)"
            " values ($1, $2, $3, $4, $5) returning id",
            company,
            name,
            email,
            url,
            url and SECRET,
        )
    )


async def add_ticket(pool: asyncpg.Pool, company: int, crew: int, number: int = 1053) -> Row:
    """A blocked sewer in flat 417, assigned to this crew, to be cleared within two hours."""
    house = await pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, 'Москва', 'Набережная ул.', '12')"
        " on conflict (company_id, city, street, building) do update set city = excluded.city returning id",
        company,
    )
    flat = await pool.fetchval(
        "insert into premises (house_id, flat, entrance) values ($1, '417', 3)"
        " on conflict (house_id, flat) do update set entrance = 3 returning id",
        house,
    )
    ticket = await pool.fetchval(
        "insert into tickets (company_id, number, caller, house_id, premises_id, category_id, subject, description,"
        " contact_name, contact_phone, crew_id, state, opened_at)"
        " values ($1, $2, '+79001234567', $3, $4, (select id from categories where company_id = $1 and code = 'sewer'),"
        " 'Стояк', 'Течёт с потолка', 'Иванова Анна', '+79001234567', $5, 'assigned', now()) returning id",
        company,
        number,
        house,
        flat,
        crew,
    )
    due = datetime.now(UTC) + timedelta(hours=2)
    await pool.execute(
        "insert into ticket_deadlines (ticket_id, step, due_at, warn_at) values ($1, 'clear', $2, $2)", ticket, due
    )
    return Row(ticket, crew)


async def eventually(question: Callable[[], Awaitable[object]]) -> None:
    """Wait until the condition holds in the database."""
    async with asyncio.timeout(WAIT_S):
        while not await question():
            await asyncio.sleep(0.02)
