import asyncio
import hashlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web

from callcenter.common import jobs
from callcenter.common.attempts import Attempts
from callcenter.common.jobs import Worker
from callcenter.common.sending import backoff
from callcenter.dispatch.channels import Assignment, Channel
from callcenter.dispatch.crew_links import CrewLinks
from callcenter.dispatch.handover import Deliveries, Handover, Links
from callcenter.dispatch.mail import Mail
from callcenter.dispatch.webhook import Webhook
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.dispatch.crew import (
    WAIT_S,
    Row,
    add_company,
    add_crew,
    add_ticket,
    eventually,
    handover_settings,
    mailbox,
    program,
    smtp_settings,
)
from tests.site import BOX

ROOT = Path(__file__).resolve().parents[2]
LINKS = Links(handover_settings(), "https://desk.example.org")


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    yield pool
    pool.terminate()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LOOK_EVERY_S", 0.05)


async def change(pool: asyncpg.Pool, ticket: Row, what: str = "assign") -> None:
    async with pool.acquire() as connection, connection.transaction():
        await Handover(LINKS).on_change(connection, ticket, what)


async def rows(pool: asyncpg.Pool) -> list[dict[str, object]]:
    found = await pool.fetch("select id, way, key, state, attempts, problem from deliveries order by id")
    return [dict(row) for row in found]


def plain(to: Assignment) -> tuple[str, str]:
    return f"{to.number} {to.address} {to.flat}", to.link


@asynccontextmanager
async def worker(
    url: str, pool: asyncpg.Pool, port: int = 1, *, attempts: int = 5, wait: timedelta = timedelta(0)
) -> AsyncIterator[None]:
    channels: dict[str, Channel] = {
        "email": Mail(smtp_settings(port), plain),
        "webhook": Webhook(handover_settings(), BOX),
    }
    deliveries = Deliveries(pool, LINKS, channels, attempts=attempts, wait=lambda _failures: wait)
    running = asyncio.create_task(Worker(DatabaseSettings(url=url), [deliveries.kind], dead_after_s=1).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def state_is(pool: asyncpg.Pool, state: str) -> bool:
    return {row["state"] for row in await rows(pool)} == {state}


async def test_a_crew_is_notified_by_each_of_its_channels(pool: asyncpg.Pool, database_url: str):
    company = await add_company(pool)
    async with mailbox() as box, program() as receiver:
        crew = await add_crew(pool, company, email="crew@example.org", url=receiver.url)
        ticket = await add_ticket(pool, company, crew)
        await change(pool, ticket)
        async with worker(database_url, pool, box.port), asyncio.timeout(WAIT_S):
            letter = await box.letters.get()
            headers, _body = await receiver.requests.get()
            await eventually(lambda: state_is(pool, "delivered"))
    keys = {row["way"]: row["key"] for row in await rows(pool)}
    assert letter["Message-ID"] == f"<{keys['email']}@example.org>"
    assert headers["Idempotency-Key"] == keys["webhook"]
    assert letter["Subject"] == "1053 Москва, Набережная ул., 12 417"
    token = letter.get_content().strip().rpartition("/w/")[2]
    assert len(token) == 43
    link = await pool.fetchrow("select *, expires_at - now() as lasts from crew_links")
    assert link["token_hash"] == hashlib.sha256(token.encode()).digest()
    assert timedelta(days=6.9) < link["lasts"] <= timedelta(days=7)
    told = await pool.fetch("select kind, crew_id, changes from ticket_events where ticket_id = $1", ticket.id)
    assert sorted(row["changes"]["way"][1] for row in told if row["kind"] == "sent") == ["email", "webhook"]


async def test_no_assignment_no_promise(pool: asyncpg.Pool):
    company = await add_company(pool)
    ticket = await add_ticket(pool, company, await add_crew(pool, company, email="crew@example.org"))
    async with pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await Handover(LINKS).on_change(connection, ticket, "assign")
        await undone.rollback()
    assert await rows(pool) == []
    assert await pool.fetchval("select count(*) from pgqueuer") == 0
    await change(pool, ticket, "edited")
    assert await rows(pool) == []


async def test_a_crew_without_a_mailbox_gets_a_link_alone(pool: asyncpg.Pool):
    company = await add_company(pool)
    await change(pool, await add_ticket(pool, company, await add_crew(pool, company)))
    assert await rows(pool) == []
    assert await pool.fetchval("select count(*) from crew_links") == 1


async def test_an_error_and_then_success_under_one_key(pool: asyncpg.Pool, database_url: str):
    company = await add_company(pool)
    async with program() as receiver:
        answers = iter([500, 503, 204])

        async def answer(_request: web.Request) -> web.Response:
            return web.Response(status=next(answers))

        receiver.answer = answer
        crew = await add_crew(pool, company, url=receiver.url)
        await change(pool, await add_ticket(pool, company, crew))
        async with worker(database_url, pool):
            await eventually(lambda: state_is(pool, "delivered"))
        keys = {receiver.requests.get_nowait()[0]["Idempotency-Key"] for _ in range(3)}
    [row] = await rows(pool)
    assert keys == {row["key"]}
    assert row["attempts"] == 3


async def test_after_so_many_attempts_a_person_must_look(pool: asyncpg.Pool, database_url: str):
    company = await add_company(pool)
    async with program() as receiver:

        async def answer(_request: web.Request) -> web.Response:
            return web.Response(status=500)

        receiver.answer = answer
        crew = await add_crew(pool, company, url=receiver.url)
        await change(pool, await add_ticket(pool, company, crew))
        async with worker(database_url, pool, attempts=3):
            await eventually(lambda: state_is(pool, "dead"))
        assert receiver.requests.qsize() == 3
    [row] = await rows(pool)
    assert (row["attempts"], row["problem"]) == (3, "answer: 500")


async def test_a_recipient_that_is_refused_is_not_tried_again(pool: asyncpg.Pool, database_url: str):
    company = await add_company(pool)
    async with mailbox() as box:
        box.answer = "550 no such mailbox"
        await change(pool, await add_ticket(pool, company, await add_crew(pool, company, email="gone@example.org")))
        async with worker(database_url, pool, box.port):
            await eventually(lambda: state_is(pool, "dead"))
    [row] = await rows(pool)
    assert (row["attempts"], row["problem"]) == (1, "mail refused: 550 no such mailbox")


async def test_a_mail_server_stops_and_returns(pool: asyncpg.Pool, database_url: str):
    company = await add_company(pool)
    async with mailbox() as box:
        port = box.port
    await change(pool, await add_ticket(pool, company, await add_crew(pool, company, email="crew@example.org")))
    async with worker(database_url, pool, port, attempts=1000, wait=timedelta(seconds=0.05)):

        async def tried() -> bool:
            return (await rows(pool))[0]["attempts"] != 0

        await eventually(tried)
        assert await state_is(pool, "waiting")
        async with mailbox(port) as box:
            await eventually(lambda: state_is(pool, "delivered"))
            assert box.letters.qsize() == 1


async def test_a_worker_that_is_killed_leaves_its_message_to_the_next(pool: asyncpg.Pool, database_url: str):
    company = await add_company(pool)
    async with program() as receiver:
        crew = await add_crew(pool, company, url=receiver.url)
        await change(pool, await add_ticket(pool, company, crew))
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.dispatch.dying_worker", database_url, cwd=ROOT
        )
        async with asyncio.timeout(WAIT_S):
            first, _body = await receiver.requests.get()
            assert await victim.wait() == -signal.SIGKILL
        assert await state_is(pool, "waiting")
        async with worker(database_url, pool), asyncio.timeout(WAIT_S):
            again, _body = await receiver.requests.get()
            await eventually(lambda: state_is(pool, "delivered"))
    assert first["Idempotency-Key"] == again["Idempotency-Key"]


@pytest.mark.parametrize("what", ["assign", "close", "cancel"])
async def test_a_message_that_is_not_needed_any_more_is_not_sent(pool: asyncpg.Pool, what: str):
    company = await add_company(pool)
    async with program() as receiver:
        crew = await add_crew(pool, company, url=receiver.url)
        ticket = await add_ticket(pool, company, crew)
        await change(pool, ticket)
        other = await add_crew(pool, company, name="Электрики")
        await pool.execute("update tickets set crew_id = $1", other)
        await change(pool, Row(ticket.id, other), what)
        deliveries = Deliveries(
            pool, LINKS, {"webhook": Webhook(handover_settings(), BOX)}, attempts=3, wait=backoff_none
        )
        await deliveries.kind.handle(str((await rows(pool))[0]["id"]))
        assert receiver.requests.empty()
    assert await state_is(pool, "dropped")
    ended = await pool.fetch("select ended_at is not null as ended from crew_links order by expires_at")
    assert [row["ended"] for row in ended] == ([True, False] if what == "assign" else [True])


async def test_a_defect_of_ours_loses_no_message(pool: asyncpg.Pool):
    class Broken:
        async def send(self, _assignment: Assignment) -> None:
            raise KeyError("x")

    company = await add_company(pool)
    await change(pool, await add_ticket(pool, company, await add_crew(pool, company, email="crew@example.org")))
    deliveries = Deliveries(pool, LINKS, {"email": Broken()}, attempts=2, wait=backoff_none)
    with pytest.raises(jobs.Again):
        await deliveries.kind.handle(str((await rows(pool))[0]["id"]))
    [row] = await rows(pool)
    assert (row["state"], row["problem"]) == ("waiting", "ours: KeyError")


async def test_the_link_works_after_the_key_was_changed(pool: asyncpg.Pool):
    sent = []

    class Noted:
        async def send(self, assignment: Assignment) -> None:
            sent.append(assignment.link)

    company = await add_company(pool)
    await change(pool, await add_ticket(pool, company, await add_crew(pool, company, email="crew@example.org")))
    links = Links(handover_settings(secret="another key" * 4), "")
    deliveries = Deliveries(pool, links, {"email": Noted()}, attempts=2, wait=backoff_none)
    await deliveries.kind.handle(str((await rows(pool))[0]["id"]))
    [link] = sent
    assert await CrewLinks(pool, Attempts(pool)).find(link.removeprefix("/w/"), "") is not None


def backoff_none(_failures: int) -> timedelta:
    return timedelta(0)


def test_failures_wait_longer_each_time_and_never_together():
    wait = backoff(handover_settings(retry_first_s=10, retry_max_s=100))
    for failures, full in ((1, 10), (2, 20), (4, 80), (5, 100), (10_000, 100)):
        waits = {wait(failures).total_seconds() for _ in range(50)}
        assert full / 2 <= min(waits) < max(waits) <= full


def test_a_token_is_made_of_the_key():
    assert LINKS.token("a") == LINKS.token("a") != LINKS.token("b")
    assert Links(handover_settings(secret="other" * 8), "").token("a") != LINKS.token("a")
