"""Event throughput: panoramisk's parsing alone, and our whole path into PostgreSQL; how fast pages are; and other figures.

The first two read the same recorded AMI session of our events account in the same run, in turns, so that their ratio is
valid on a noisy machine.
"""

import asyncio
import gzip
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import asyncpg
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message
from pydantic import SecretStr

from callcenter.calls import startup
from callcenter.calls.writer import Writer
from callcenter.domain.commands import Command, NameCaller, PrepareCard, SetMember
from callcenter.domain.ids import NodeName
from callcenter.domain.switchboard import Switchboard
from callcenter.engine import Engine
from callcenter.errors import ParseProblem
from callcenter.settings import AmiSettings, DatabaseSettings
from callcenter.storage import open_pool
from callcenter.telephony.framing import Framer
from callcenter.telephony.parse import parse
from stack.bench_announcements import announcement_figures
from stack.bench_audio import against_ffmpeg, whole_way
from stack.bench_growth import history_looks, statement_figures
from stack.bench_journal import journal_looks
from stack.bench_outages import outage_figures
from stack.bench_pages import measure, rows
from stack.bench_reports import report_looks
from stack.bench_workplace import workplace_figures
from stack.errors import StackError
from stack.parts import ROOT

SESSION = ROOT / "tests" / "data" / "ami-session.gz"
RESULTS = ROOT / "var" / "bench.json"
ROUNDS = 5
CHUNK = 4096
NODE = b"node1-"
STARTED = 1795
"""How every uniqueid of the session goes on after the node: the first digits of the second in which Asterisk started."""
SESSIONS = 5
"""One after the other. The writer collects commands for up to a quarter of a second, about as long as one session takes: of
one alone the throughput would be that wait."""
IDLE_S = 20.0


def run(stack: dict[str, Any]) -> int:
    """Measure, print a table, write `var/bench.json`. `stack`: what `up` wrote; its database gets bench rows."""
    session = gzip.decompress(SESSION.read_bytes())
    results = asyncio.run(_measure(session, stack["postgres"]))
    results |= asyncio.run(measure(stack["postgres"], [journal_looks, history_looks, report_looks]))
    results |= asyncio.run(statement_figures(stack["postgres"], rows()))
    results |= against_ffmpeg() | asyncio.run(whole_way(stack))
    results |= asyncio.run(workplace_figures(stack))
    results |= _in_a_process_of_its_own(stack["postgres"])
    results |= outage_figures() | asyncio.run(announcement_figures(stack["postgres"]))
    width = max(len(name) for name in results)
    for name, result in results.items():
        print(f"{name:{width}}  {result['value']:>12}  {result['unit']}")
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    return 0


def _in_a_process_of_its_own(postgres: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """The figures of a register, among them the most memory that it took."""
    command = [sys.executable, "-m", "stack.bench_register", postgres["dsn"], postgres["service_dsn"]]
    figures: dict[str, dict[str, object]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return figures


async def _measure(session: bytes, postgres: Mapping[str, str]) -> dict[str, dict[str, object]]:
    alone: list[float] = []
    whole: list[float] = []
    pool = await open_pool(DatabaseSettings(url=SecretStr(postgres["dsn"])))
    try:
        for number in range(ROUNDS):
            alone.append(panoramisk_alone(session * SESSIONS))
            # Each round has a node of its own, so that its calls are new.
            whole.append(await whole_path(session, pool, postgres["service_dsn"], f"bench{number}"))
            await _remove(pool, f"bench{number}")
    finally:
        pool.terminate()
    ratio = [ours / theirs for ours, theirs in zip(whole, alone, strict=True)]
    return {
        "ami_session_events": {"value": _count(session), "unit": "events"},
        "panoramisk_alone": {"value": round(statistics.median(alone)), "unit": "events/s"},
        "whole_path": {"value": round(statistics.median(whole)), "unit": "events/s"},
        "whole_path_vs_panoramisk": {"value": round(statistics.median(ratio), 4), "unit": "ratio"},
    }


def panoramisk_alone(session: bytes) -> float:
    """Events a second that panoramisk's own protocol parses and dispatches to a callback that does nothing."""
    heard = 0

    def hear(_event: Message) -> None:
        nonlocal heard
        heard += 1

    protocol: Any = AMIProtocol()
    protocol.connection_made(SimpleNamespace())
    protocol.factory = SimpleNamespace(dispatch=hear)
    protocol.encoding = "utf8"
    began = time.perf_counter()
    for chunk in _chunks(session):
        protocol.data_received(chunk)
    took = time.perf_counter() - began
    if heard < _count(session) - 2 * SESSIONS:
        raise StackError(f"panoramisk received {heard} of {_count(session)} events")
    return heard / took


async def whole_path(session: bytes, pool: asyncpg.Pool, dsn: str, node: str) -> float:
    """Events a second from bytes to committed rows: framing, parsing, stepping, writing; of several sessions."""
    name = NodeName(node)
    writer = Writer(DatabaseSettings(url=SecretStr(dsn)), name)
    switchboard = Switchboard(await startup.queue_names(pool), await startup.operators(pool, name))

    def carry_out(order: Command, seen_at: Any) -> None:
        if not isinstance(order, PrepareCard | NameCaller | SetMember):
            writer.submit(order, seen_at)

    engine = Engine(switchboard, carry_out)
    tasks = [asyncio.create_task(writer.run()), asyncio.create_task(engine.run())]
    framer = Framer()
    count = 0
    began = time.perf_counter()
    sessions = (
        session.replace(NODE + b"%d" % STARTED, f"{node}-{STARTED + each}".encode()) for each in range(SESSIONS)
    )
    for chunk in _chunks(b"".join(sessions)):
        for message in framer.feed(chunk):
            count += 1
            # Under load Asterisk leaves the call out of some messages; the node counts and skips them too.
            with suppress(ParseProblem):
                event = parse(message)
                if event is not None:
                    engine.put(event)
        await asyncio.sleep(0)
    while not engine.idle or writer.backlog:
        await asyncio.sleep(0.001)
    took = time.perf_counter() - began
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks)
    ended = await pool.fetchval("select count(*) from calls where node = $1 and state = 'ended'", node)
    if not ended:
        raise StackError("the whole path stored no calls")
    return count / took


async def _remove(pool: asyncpg.Pool, node: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for table in ("call_events", "recordings", "tickets"):
            await connection.execute(
                f"delete from {table} where call_id in (select id from calls where node = $1)", node
            )
        await connection.execute("delete from calls where node = $1", node)
        await connection.execute("delete from nodes where name = $1", node)


def _chunks(data: bytes) -> Sequence[bytes]:
    return [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]


def _count(session: bytes) -> int:
    return session.count(b"\r\n\r\n")


def record(ami: AmiSettings) -> int:
    """Record the session that the benchmark reads: all that our events account gets until it is silent for a while."""
    return asyncio.run(_record(ami))


async def _record(ami: AmiSettings) -> int:
    reader, writer = await asyncio.open_connection(ami.host, ami.port)
    secret = ami.events_secret.get_secret_value()
    writer.write(f"Action: Login\r\nUsername: {ami.events_user}\r\nSecret: {secret}\r\n\r\n".encode())
    heard = b""
    try:
        while True:
            data = await asyncio.wait_for(reader.read(65536), IDLE_S)
            if not data:
                break
            heard += data
    except TimeoutError:
        writer.close()
    SESSION.write_bytes(gzip.compress(heard, mtime=0))
    print(f"{SESSION}: {_count(heard)} messages, {len(heard)} bytes, {SESSION.stat().st_size} compressed")
    return 0
