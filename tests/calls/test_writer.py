"""The writer on a real PostgreSQL: what is stored, what the screens get, what is set aside."""

import asyncio
import json
import random
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from callcenter.calls import screens, startup
from callcenter.calls.cards import CardFinder, find_cards
from callcenter.calls.request_listener import RequestListener
from callcenter.calls.writer import BATCH, QueuedCommand, Writer, cards_first
from callcenter.common.requests import ask
from callcenter.domain.call import Outcome
from callcenter.domain.card import Card
from callcenter.domain.commands import KeepPresence, PrepareCard, RecordGap, SaveCheckpoint
from callcenter.domain.events import (
    CallArrived,
    CallEnded,
    CallPlaced,
    CallQueued,
    CardPrepared,
    Event,
    LedgerLost,
    LedgerRead,
    LinkLost,
    LinkRestored,
    OperatorAnswered,
    OperatorRang,
    Presence,
    Source,
    TalkEnded,
)
from callcenter.domain.ids import CallId, Interface, NodeName, OperatorId, QueueName
from callcenter.domain.recording import RecordingName
from callcenter.domain.request import PresenceBody, RequestTaken
from callcenter.domain.switchboard import Switchboard
from callcenter.domain.talk import Party, TalkKind
from callcenter.engine import Engine
from callcenter.push.codec import to_json
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, open_pool
from stack import demo_data
from tests.domain.playbook import at, tick
from tests.site import BOX

pytestmark = pytest.mark.e2e

NODE = NodeName("node1")
QUEUE = QueueName(demo_data.MAIN_NUMBER)
ANNA = Interface("PJSIP/op-01")
REFUSED_LOCK = (
    "select count(*) from pg_stat_activity where query like 'select pg_try_advisory_lock%' and state = 'idle'"
)


@pytest.fixture
async def pool(database_url: str, owner_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncio.timeout(30):
        owner = await connect(DatabaseSettings(url=SecretStr(owner_url)))
        await owner.execute(
            "truncate companies, operators, nodes, push_log, screens, unwritten restart identity cascade"
        )
        await demo_data.seed(owner, operators=2, box=BOX)
        await owner.close()
        pool = await open_pool(DatabaseSettings(url=SecretStr(database_url)))
        yield pool
        await pool.close()


class Node:
    """An engine and a writer on a real database; cards come from the directory."""

    def __init__(self, writer: Writer, engine: Engine, switchboard: Switchboard, task: asyncio.Task[None]) -> None:
        self.task = task
        self.writer = writer
        self.engine = engine
        self.switchboard = switchboard

    async def written(self) -> None:
        async with asyncio.timeout(10):
            while self.writer.backlog:
                assert not self.task.done(), self.task
                await asyncio.sleep(0.005)


@asynccontextmanager
async def node(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[Node]:
    writer = Writer(DatabaseSettings(url=SecretStr(database_url)), NODE)
    switchboard = Switchboard(
        await startup.queue_names(pool), await startup.operators(pool, NODE), await startup.calls(pool, NODE)
    )
    engine = Engine(switchboard, lambda order, seen_at: None if _elsewhere(order) else writer.submit(order, seen_at))
    task = asyncio.create_task(writer.run())
    try:
        yield Node(writer, engine, switchboard, task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _elsewhere(order: object) -> bool:
    return type(order).__name__ in ("PrepareCard", "NameCaller", "SetMember", "PauseRecording")


async def card_of(pool: asyncpg.Pool, *, did: str, caller: str, call: CallId) -> Card:
    [card] = await find_cards(pool, [PrepareCard(call=call, did=did, caller=caller)])
    return card


async def story(pool: asyncpg.Pool, number: int = 1) -> list[Event]:
    call = CallId(f"node1-1.{number}")
    caller = await pool.fetchval("select phone from resident_phones order by phone offset $1 limit 1", number)
    recording = RecordingName(call, f"{call}7", 2)
    card = await card_of(pool, did=QUEUE, caller=caller, call=call)
    return [
        CallArrived(call=call, at=at(0), did=QUEUE, caller=caller, channel="c1"),
        CardPrepared(call=call, at=at(0.1), source=Source.DESK, card=card),
        CallQueued(call=call, at=at(2), queue=QUEUE),
        OperatorRang(call=call, at=at(3), operator=ANNA),
        OperatorAnswered(call=call, at=at(5), operator=ANNA, recording=recording, channel="PJSIP/op-01-1"),
        TalkEnded(call=call, at=at(9.5), operator=ANNA, recording=recording, began_at=at(5), by=Party.CALLER),
        CallEnded(call=call, at=at(9.6), cause=16),
    ]


async def test_an_answered_call_is_stored_with_ticket_recording_and_events(
    pool: asyncpg.Pool, database_url: str
) -> None:
    events = await story(pool)
    async with node(pool, database_url) as running:
        for event in events:
            running.engine.step(event)
        await running.written()
    call = await pool.fetchrow("select * from calls")
    assert (call["state"], call["outcome"], call["wait_s"], call["talk_s"]) == ("ended", "answered", 3.0, 4.5)
    assert call["company_id"] is not None
    assert call["operator_id"] is not None
    ticket = await pool.fetchrow("select * from tickets")
    assert (ticket["number"], ticket["call_id"]) == (1, call["id"])
    assert ticket["house_id"] is not None
    assert ticket["resident_id"] == call["resident_id"]
    recording = await pool.fetchrow("select * from recordings where call_id = $1", call["id"])
    assert (recording["state"], recording["expected_at"]) == ("expected", at(5))
    assert recording["company_id"] == call["company_id"]
    talk = await pool.fetchrow("select * from talks where recording = $1", recording["name"])
    assert (talk["call_id"], talk["kind"], talk["talk_s"], talk["ended_by"]) == (call["id"], "queue", 4.5, "caller")
    assert talk["operator_id"] == call["operator_id"]
    assert await pool.fetchval("select count(*) from call_events") == len(events)


async def test_a_late_line_about_a_call_that_nobody_remembers_leaves_what_is_known_of_it(
    pool: asyncpg.Pool, database_url: str
) -> None:
    """As a node tells it that forgot the call, since a clock jumped."""
    events = await story(pool)
    async with node(pool, database_url) as running:
        for event in events:
            running.engine.step(event)
        await running.written()
        before = await pool.fetchrow("select caller, did, company_id, queue, queued_at, arrived_at from calls")
        running.switchboard.calls.clear()
        ended = next(event for event in events if isinstance(event, TalkEnded))
        running.engine.step(replace(ended, source=Source.LEDGER))
        await running.written()
    assert await pool.fetchrow("select caller, did, company_id, queue, queued_at, arrived_at from calls") == before
    assert before["caller"]


@pytest.mark.parametrize("ago", ["-15 minutes", "0", "20 minutes"])
async def test_a_node_that_starts_remembers_the_calls_that_ended_of_late_whatever_the_clock_says(
    pool: asyncpg.Pool, database_url: str, ago: str
) -> None:
    async with node(pool, database_url) as running:
        for event in await story(pool):
            running.engine.step(event)
        await running.written()
    shift = "now() - $1::text::interval - timestamptz '2026-01-15 03:00Z'"
    await pool.execute(f"update calls set arrived_at = arrived_at + ({shift}), ended_at = ended_at + ({shift})", ago)
    [call] = await startup.calls(pool, NODE)
    assert len(call.talks) == 1
    await pool.execute(
        "update calls set arrived_at = arrived_at - interval '2 hours', ended_at = ended_at - interval '2 hours'"
    )
    async with node(pool, database_url) as running:
        for event in await story(pool, 2):
            running.engine.step(event)
        await running.written()
    await pool.execute("update calls set arrived_at = now(), ended_at = now() where id = 'node1-1.2'")
    assert [call.id for call in await startup.calls(pool, NODE)] == ["node1-1.2"]


async def test_the_card_goes_to_one_screen_after_its_ticket(pool: asyncpg.Pool, database_url: str) -> None:
    listener = await asyncpg.connect(database_url)
    heard: list[dict] = []
    await listener.add_listener("push", lambda _c, _p, _ch, payload: heard.append(json.loads(payload)))
    async with node(pool, database_url) as running:
        for event in await story(pool):
            running.engine.step(event)
            await running.written()
    async with asyncio.timeout(5):
        while not any(message["kind"] == "journal" for message in heard):
            await listener.fetchval("select 1")
    await listener.close()
    cards = [message for message in heard if message["kind"] == "card"]
    anna = await pool.fetchval("select id from operators where 'PJSIP/' || endpoint = $1", ANNA)
    assert {message["audience"] for message in cards} == {f"operator:{anna}"}
    assert [bool(message["body"]["talk_ended_at"]) for message in cards] == [False, True]
    assert cards[0]["body"]["ticket"]["number"] == 1
    assert cards[0]["body"]["resident"]
    assert cards[0]["body"]["flat"]
    assert [message["body"] for message in heard if message["kind"] == "ringing"][-1] == {}
    assert [message["seq"] for message in heard] == sorted(message["seq"] for message in heard)


async def test_a_batch_fills_in_the_ticket_and_the_operators_name_and_nothing_else(
    pool: asyncpg.Pool, database_url: str
) -> None:
    async with node(pool, database_url) as running:
        for event in (await story(pool))[:-1]:
            running.engine.step(event)
        await running.written()
        call = running.switchboard.calls[CallId("node1-1.1")]
        made = to_json(screens.card(call, call.talks[0], None))
    anna = await pool.fetchrow("select id, name, login from operators where 'PJSIP/' || endpoint = $1", ANNA)
    bodies = {row["kind"]: row["body"] for row in await pool.fetch("select kind, body from screens")}
    ticket = await pool.fetchrow("select id, number from tickets")
    assert bodies["card"] == made | {"ticket": dict(ticket)}
    assert bodies[f"operator/{anna['id']}"] == bodies["presence"] | {"name": anna["name"], "login": anna["login"]}


async def test_a_restarted_node_goes_on_where_the_killed_one_stopped(pool: asyncpg.Pool, database_url: str) -> None:
    events = await story(pool)
    async with node(pool, database_url) as first:
        for event in events[:5]:
            first.engine.step(event)
        first.engine.step(LedgerRead(at=at(6), inode=7, offset=123, line="0f", line_at=at(5)))
        await first.written()
    assert await startup.checkpoint(pool, NODE) == (7, 123, "0f", at(5))
    async with node(pool, database_url) as second:
        for event in events:
            second.engine.step(replace(event, source=Source.LEDGER) if event.source is Source.LIVE else event)
        await second.written()
        assert second.switchboard.calls[CallId("node1-1.1")].outcome is Outcome.ANSWERED
    assert await pool.fetchval("select count(*) from tickets") == 1
    assert await pool.fetchval("select count(*) from recordings") == 1
    assert await pool.fetchval("select talk_s from calls") == 4.5


async def test_tickets_are_numbered_in_order_in_each_company(pool: asyncpg.Pool, database_url: str) -> None:
    async with node(pool, database_url) as running:
        for number in range(1, 31):
            for event in await story(pool, number):
                running.engine.step(event)
        await running.written()
    numbers = [row["number"] for row in await pool.fetch("select number from tickets order by number")]
    assert numbers == list(range(1, 31))


async def test_a_caller_who_is_removed_from_the_directory_during_the_call_is_not_lost(
    pool: asyncpg.Pool, database_url: str, owner_url: str
) -> None:
    events = await story(pool)
    resident = await pool.fetchval("select resident_id from resident_phones order by phone offset 1 limit 1")
    assert resident is not None
    owner = await connect(DatabaseSettings(url=SecretStr(owner_url)))
    await owner.execute("delete from resident_phones where resident_id = $1", resident)
    await owner.execute("delete from residents where id = $1", resident)
    await owner.close()
    async with node(pool, database_url) as running:
        for event in events:
            running.engine.step(event)
        await running.written()
    assert await pool.fetchval("select count(*) from unwritten") == 0
    [row] = await pool.fetch(
        "select c.caller, c.resident_id, t.resident_id as named, t.premises_id from calls c join tickets t on t.call_id = c.id"
    )
    assert row["caller"]
    assert (row["resident_id"], row["named"]) == (None, None)
    assert row["premises_id"] is not None


@pytest.mark.parametrize(
    "caller",
    ["\x00", "\ud800", "".join(random.Random(1).choices(string.printable, k=9_000))],
    ids=["no text", "half a letter", "index entry too long"],
)
async def test_one_order_that_postgresql_refuses_costs_no_other(
    pool: asyncpg.Pool, database_url: str, caller: str
) -> None:
    async with node(pool, database_url) as running:
        poison = CallArrived(call=CallId("node1-1.666"), at=at(0), did="", caller=caller)
        for event in [*await story(pool, 1), poison, *await story(pool, 2)]:
            running.engine.step(event)
        await running.written()
    assert await pool.fetchval("select count(*) from calls where outcome = 'answered'") == 2
    assert "node1-1.666" in await pool.fetchval("select what from unwritten where what like 'SaveCall%'")


async def test_commands_wait_while_postgresql_is_unavailable(pool: asyncpg.Pool, database_url: str) -> None:
    events = await story(pool)
    async with node(pool, database_url) as running:
        for event in events[:4]:
            running.engine.step(event)
        await running.written()
        await pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
        )
        for event in events[4:]:
            running.engine.step(event)
        await running.written()
    assert await pool.fetchval("select outcome from calls") == "answered"
    assert await pool.fetchval("select count(*) from call_events") == len(events)


async def test_a_full_batch_waits_for_nothing(
    pool: asyncpg.Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.calls.writer.GATHER_S", 3600.0)
    async with node(pool, database_url) as running:
        for number in range(2 * BATCH):
            running.writer.submit(RecordGap(began_at=at(number), ended_at=at(number + 1)), at(0))
        await running.written()
    assert await pool.fetchval("select count(*) from node_gaps") == 2 * BATCH


async def test_a_second_process_of_the_same_node_writes_nothing_until_the_first_ends(
    pool: asyncpg.Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.calls.writer.RETRY_S", (0.05,))
    events = await story(pool)
    async with node(pool, database_url) as first:
        first.engine.step(events[0])
        await first.written()
        async with node(pool, database_url) as second:
            second.engine.step(events[2])
            async with asyncio.timeout(5):
                while not await pool.fetchval(REFUSED_LOCK):
                    await asyncio.sleep(0.02)
            assert second.writer.backlog == REGISTRY.get_sample_value("callcenter_write_backlog") == 1
            assert await pool.fetchval("select count(*) from call_events") == 1
            first.task.cancel()
            await second.written()
    assert await pool.fetchval("select count(*) from calls") == 1


async def test_a_gap_is_written_down(pool: asyncpg.Pool, database_url: str) -> None:
    async with node(pool, database_url) as running:
        running.engine.step(LinkLost(at=at(10)))
        running.engine.step(LinkRestored(at=at(20)))
        running.engine.step(tick(21))
        await running.written()
    gap = await pool.fetchrow("select * from node_gaps")
    assert (gap["began_at"], gap["ended_at"]) == (at(10), at(20))
    assert not gap["lost"], "the ledger fills it"


async def test_lost_lines_of_the_ledger_are_in_the_list_of_gaps(pool: asyncpg.Pool, database_url: str) -> None:
    async with node(pool, database_url) as running:
        running.engine.step(LedgerLost(at=at(20), source=Source.LEDGER, began_at=at(10)))
        running.engine.step(tick(21))
        await running.written()
    rows = await pool.fetch("select began_at, ended_at, lost from node_gaps")
    assert [tuple(row) for row in rows] == [(at(10), at(20), True)]


async def test_a_call_to_a_number_of_nobody_opens_no_ticket(pool: asyncpg.Pool, database_url: str) -> None:
    async with node(pool, database_url) as running:
        for event in await story(pool):
            running.engine.step(replace(event, did="70000000000") if isinstance(event, CallArrived) else event)
        await running.written()
    assert await pool.fetchval("select outcome from calls") == "answered"
    assert await pool.fetchval("select count(*) from tickets") == 0
    assert (await pool.fetchval("select body from screens where kind = 'card'"))["ticket"] is None


async def test_cards_tell_of_flat_neighbours_tickets_and_past_calls(pool: asyncpg.Pool, database_url: str) -> None:
    async with node(pool, database_url) as running:
        for event in await story(pool):
            running.engine.step(event)
        await running.written()
    caller = await pool.fetchval("select caller from calls")
    card = await card_of(pool, did=QUEUE, caller=caller, call=CallId("node1-1.2"))
    assert [ticket.number for ticket in card.open_tickets] == [1]
    assert [past.outcome for past in card.past_calls] == ["answered"]
    shared = await pool.fetchval("select phone from resident_phones group by phone having count(*) = 2 limit 1")
    assert (await card_of(pool, did=QUEUE, caller=shared, call=CallId("x"))).others == 1
    stranger = await card_of(pool, did=QUEUE, caller="+79990000000", call=CallId("x"))
    assert (stranger.resident, stranger.others, stranger.open_tickets) == ("", 0, ())
    assert stranger.company
    withheld = await card_of(pool, did="", caller="", call=CallId("x"))
    assert (withheld.company_id, withheld.past_calls) == (None, ())


async def test_many_cards_at_once_are_each_the_right_one(pool: asyncpg.Pool) -> None:
    callers = [
        str(row["phone"]) for row in await pool.fetch("select phone from resident_phones order by phone limit 20")
    ]
    orders = [PrepareCard(call=CallId(f"x{place}"), did=QUEUE, caller=each) for place, each in enumerate(callers)]
    orders.insert(7, PrepareCard(call=CallId("withheld"), did="", caller=""))
    alone = [await card_of(pool, did=each.did, caller=each.caller, call=each.call) for each in orders]
    assert await find_cards(pool, orders) == alone
    assert [card.caller for card in alone] == [each.caller for each in orders]


async def test_a_resident_of_another_company_is_unknown_here(pool: asyncpg.Pool) -> None:
    other = demo_data.COMPANIES[1][1]
    caller = await pool.fetchval("select min(phone) from resident_phones")
    assert (await card_of(pool, did=other, caller=caller, call=CallId("x"))).resident == ""


async def test_the_directory_answers_with_a_card(pool: asyncpg.Pool) -> None:
    answered: asyncio.Queue[Event] = asyncio.Queue()
    directory = CardFinder(pool, answered.put_nowait)
    task = asyncio.create_task(directory.run())
    directory.submit(PrepareCard(call=CallId("node1-1.1"), did=QUEUE, caller="+79990000000"))
    event = await asyncio.wait_for(answered.get(), 5)
    task.cancel()
    assert isinstance(event, CardPrepared)
    assert event.call == "node1-1.1"


async def test_presence_is_heard_at_once_and_known_after_a_restart(pool: asyncpg.Pool, database_url: str) -> None:
    heard: asyncio.Queue[Event] = asyncio.Queue()
    operator = OperatorId(await pool.fetchval("select id from operators where login = 'op-01'"))
    assert {known.wanted for known in await startup.operators(pool, NODE)} == {Presence.OFFLINE}
    async with node(pool, database_url) as running:
        listener = RequestListener(
            pool, DatabaseSettings(url=SecretStr(database_url)), NODE, heard.put_nowait, lambda: asyncio.sleep(0)
        )
        listening = asyncio.create_task(listener.run())
        async with pool.acquire() as connection:
            await ask(connection, PresenceBody(wanted=Presence.AVAILABLE), asker=operator)
        event = await asyncio.wait_for(heard.get(), 5)
        listening.cancel()
        assert isinstance(event, RequestTaken)
        assert (event.operator, event.interface) == (operator, ANNA)
        assert event.body == PresenceBody(wanted=Presence.AVAILABLE)
        running.engine.step(event)
        await running.written()
    [known] = [known for known in await startup.operators(pool, NODE) if known.id == operator]
    assert known.wanted is Presence.AVAILABLE


async def test_of_two_presences_written_together_the_last_one_counts(pool: asyncpg.Pool, database_url: str) -> None:
    operator = OperatorId(await pool.fetchval("select id from operators where login = 'op-01'"))
    async with node(pool, database_url) as running:
        for wanted in (Presence.AVAILABLE, Presence.PAUSED):
            running.writer.submit(KeepPresence(operator=operator, wanted=wanted, at=at(1)), at(1))
        await running.written()
    assert await pool.fetchval("select wanted from presence") == "paused"


async def test_what_concerns_a_card_goes_first_and_keeps_its_order(pool: asyncpg.Pool) -> None:
    board = Switchboard(await startup.queue_names(pool), await startup.operators(pool, NODE), ())
    told: list[QueuedCommand] = []
    for number in (1, 2):
        for event in (await story(pool, number))[: 5 if number == 1 else 3]:
            told += [QueuedCommand(order, at(0)) for order in board.step(event) if not _elsewhere(order)]
    told.append(QueuedCommand(SaveCheckpoint(inode=1, offset=1), at(0)))
    first, later = cards_first(told)
    assert {type(entry.command).__name__ for entry in first} >= {"SaveCall", "OpenTicket", "PopCard", "ShowOperator"}
    assert all("node1-1.2" not in repr(entry.command) for entry in first)
    assert later[-1].command == SaveCheckpoint(inode=1, offset=1)
    assert [entry for entry in told if entry in first] == first
    assert [entry for entry in told if entry in later] == later
    assert cards_first(later) == (later, [])


def placed(node: Node, number: int, called: str) -> CallId:
    """A call out that was answered."""
    call = CallId(f"node1-7.{number}")
    recording = RecordingName(call, f"{call}1", 10 + number)
    for event in (
        CallPlaced(call=call, at=at(number), did=QUEUE, called=called),
        OperatorAnswered(call=call, at=at(number + 1), operator=ANNA, recording=recording, kind=TalkKind.OUT),
        CallEnded(call=call, at=at(number + 2), cause=16),
    ):
        node.engine.step(event)
    return call


async def test_a_call_out_is_about_the_open_ticket_of_whoever_is_called_or_opens_one(
    pool: asyncpg.Pool, database_url: str
) -> None:
    company = await pool.fetchval("select company_id from numbers where number = $1", QUEUE)
    crew = await pool.fetchval(
        "insert into crews (company_id, name, phone) values ($1, 'Ночная', '+79160000009') returning id", company
    )
    async with node(pool, database_url) as running:
        calls = []
        for number, called in ((1, "+79160000001"), (2, "+79160000001"), (3, "+79160000009")):
            calls.append(placed(running, number, called))
            await running.written()
        tickets = [await pool.fetchval("select ticket_of_call($1)", call) for call in calls]
        assert tickets[0] == tickets[1], "the second is about the ticket that the first opened"
        assert tickets[0] is not None
        assert tickets[2] is None, "the crew has no ticket"
        rows = await pool.fetch("select direction, caller, did from calls order by id limit 2")
        assert [tuple(row) for row in rows] == [("out", "+79160000001", QUEUE)] * 2
        await pool.execute("update tickets set crew_id = $1", crew)
        again = placed(running, 4, "+79160000009")
        await running.written()
    assert await pool.fetchval("select ticket_of_call($1)", again) == tickets[0], "the one ticket that the crew has"
    assert await pool.fetchval("select count(*) from tickets") == 1
