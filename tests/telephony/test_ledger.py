"""queue_log: its lines, and following it through all that happens to a log file."""

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from callcenter.domain.events import (
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallEvent,
    CallPlaced,
    CallQueued,
    CallReturned,
    Event,
    LedgerRead,
    NodeRestarted,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    QueueTimedOut,
    Source,
    TalkEnded,
)
from callcenter.domain.recording import RecordingName
from callcenter.domain.talk import Party, TalkKind
from callcenter.errors import ParseProblem
from callcenter.telephony.ledger import Ledger
from callcenter.telephony.ledger_file import CHUNK, Checkpoint
from callcenter.telephony.ledger_line import parse_line
from tests.telephony.helpers import running, until

RECORDED = Path(__file__).parent / "data" / "queue_log"
CALL = "node1-1795375500.0"
RECORDING = f"{CALL}_node1-1795375501.1_1795375501"


def at(seconds: int, micros: int = 0) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


def test_a_recorded_ledger_reports_the_same_calls_as_the_live_view() -> None:
    stories: dict[str, list[type[Event]]] = {}
    for line in RECORDED.read_bytes().splitlines():
        event = parse_line(line)
        if isinstance(event, CallEvent):
            assert event.source is Source.LEDGER
            stories.setdefault(event.call, []).append(type(event))
    start = [CallArrived, CallQueued]
    assert list(stories.values()) == [
        [*start, OperatorAnswered, TalkEnded, CallEnded],
        [*start, CallerAbandoned, CallEnded],
        [CallArrived, NumberRejected, CallEnded],
        [*start, QueueTimedOut, CallEnded],
        [*start, OperatorMissed, CallerAbandoned, CallEnded],
    ]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("1795374948|NONE|NONE|NONE|QUEUESTART|", NodeRestarted(source=Source.LEDGER, at=at(1795374948))),
        (
            f"1795375500|{CALL}|NONE|NONE|ARRIVED|1795375500.823445|74951234567|+79000000001",
            CallArrived(
                source=Source.LEDGER,
                at=at(1795375500, 823445),
                call=CALL,
                did="74951234567",
                caller="+79000000001",
            ),
        ),
        (
            f"1795375500|{CALL}|NONE|PJSIP/op-01|PLACED|1795375500.823445|74951234567|+79000000001",
            CallPlaced(
                source=Source.LEDGER, at=at(1795375500, 823445), call=CALL, did="74951234567", called="+79000000001"
            ),
        ),
        (
            f"1795375501|{CALL}|NONE|PJSIP/op-01|TALK|1795375501.000002|{RECORDING}|transfer",
            OperatorAnswered(
                source=Source.LEDGER,
                at=at(1795375501, 2),
                call=CALL,
                operator="PJSIP/op-01",
                recording=RecordingName.parse(RECORDING),
                kind=TalkKind.TRANSFER,
            ),
        ),
        (
            f"1795375504|{CALL}|NONE|PJSIP/op-01|TALKENDED|1795375504.500000|{RECORDING}|queue"
            "|1795375501.000002|caller",
            TalkEnded(
                source=Source.LEDGER,
                at=at(1795375504, 500_000),
                call=CALL,
                operator="PJSIP/op-01",
                recording=RecordingName.parse(RECORDING),
                began_at=at(1795375501, 2),
                by=Party.CALLER,
            ),
        ),
        (
            f"1795375504|{CALL}|74951234567|NONE|RETURNED|1795375504.600000",
            CallReturned(source=Source.LEDGER, at=at(1795375504, 600_000), call=CALL, queue="74951234567"),
        ),
        (
            f"1795375504|{CALL}|NONE|PJSIP/op-01|FORWARDED|1795375504.700000",
            OperatorMissed(source=Source.LEDGER, at=at(1795375504, 700_000), call=CALL, operator="PJSIP/op-01"),
        ),
        (f"1795375504|{CALL}|74951234567|PJSIP/op-01|CONNECT|1|2|3", None),
        (
            f"1795375504|{CALL}|NONE|NONE|ENDED|1795375504.836592|16\r\n",
            CallEnded(source=Source.LEDGER, at=at(1795375504, 836592), call=CALL, cause=16),
        ),
        ("1795375554|NONE|NONE|NONE|CONFIGRELOAD|", None),
        ("1795374956|NONE|74951234567|PJSIP/op-01|PAUSE|", None),
        ("", None),
    ],
)
def test_a_line(line: str, event: Event | None) -> None:
    assert parse_line(line) == event
    assert parse_line(line.encode()) == event


@pytest.mark.parametrize(
    "line",
    [
        b"\x00\xff\x00",
        "179537550",
        f"1795375500|{CALL}|NONE|NONE|ARRIVED|soon|7|7",
        f"soon|{CALL}|74951234567|NONE|ENTERQUEUE||7|1",
        "1795375500|x|74951234567|NONE|ENTERQUEUE||7|1",
        f"1795375500|{CALL}|NONE|NONE|TALK|1795375500.823445|{RECORDING}|queue",
        f"1795375500|{CALL}|NONE|PJSIP/op-01|TALK|1795375500.823445|../x|queue",
        f"1795375500|{CALL}|NONE|PJSIP/op-01|TALK|1795375500.823445|{RECORDING}|dance",
        f"1795375500|{CALL}|NONE|PJSIP/op-01|TALKENDED|1795375500.823445|{RECORDING}|queue|soon|caller",
        "9999999999999999|NONE|NONE|NONE|QUEUESTART|",
    ],
)
def test_a_malformed_line_is_a_problem(line: str | bytes) -> None:
    with pytest.raises(ParseProblem):
        parse_line(line)


EVENTS = [
    "ARRIVED",
    "ENDED",
    "TALK",
    "TALKENDED",
    "RETURNED",
    "ENTERQUEUE",
    "RINGNOANSWER",
    "FORWARDED",
    "ABANDON",
    "GONE",
    "QUEUESTART",
]


def test_whoever_goes_while_the_place_is_told_has_waited() -> None:
    fact = parse_line("1795375502|node1-1795375490.1|NONE|NONE|GONE|1795375502.250000|1795375500.500000")
    assert isinstance(fact, CallerAbandoned)
    assert fact.since is not None
    assert fact.at - fact.since == timedelta(seconds=1.75)


@given(st.binary() | st.text())
def test_nothing_but_a_parse_problem_ever_comes_of_junk(line: bytes | str) -> None:
    try:
        parse_line(line)
    except ParseProblem:
        pass


@given(st.lists(st.text(), min_size=4, max_size=4), st.sampled_from(EVENTS), st.lists(st.text(), max_size=4))
def test_nothing_but_a_parse_problem_ever_comes_of_a_line(head: list[str], event: str, data: list[str]) -> None:
    try:
        fact = parse_line("|".join([*head, event, *data]))
    except ParseProblem:
        return
    assert fact is None or fact.at.tzinfo is UTC


def line(number: int, written_at: int = 1795375500) -> bytes:
    return f"{written_at}|node1-1795375500.{number}|7495|NONE|ENTERQUEUE||7|1\n".encode()


def numbers(events: list[Event]) -> list[int]:
    return [int(event.call.rpartition(".")[2]) for event in events if isinstance(event, CallQueued)]


def ledger(path: Path, events: list[Event], checkpoint: tuple[int, int] | None = None, delay_s: float = 0) -> Ledger:
    return Ledger(path, delay_s, events.append, checkpoint and Checkpoint(*checkpoint), poll_s=0.005)


def last_mark(events: list[Event]) -> tuple[int, int]:
    mark = next(event for event in reversed(events) if isinstance(event, LedgerRead))
    return mark.inode, mark.offset


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


async def test_a_file_that_is_not_there_yet(path: Path) -> None:
    events: list[Event] = []
    reader = ledger(path, events)
    async with running(reader.run()):
        await asyncio.wait_for(reader.caught_up.wait(), 2)
        append(path, line(1))
        await until(lambda: numbers(events) == [1])
    assert isinstance(events[-1], LedgerRead)
    assert last_mark(events) == (path.stat().st_ino, path.stat().st_size)


async def test_half_a_line_waits_for_its_other_half(path: Path) -> None:
    events: list[Event] = []
    append(path, line(1) + line(2)[:20])
    async with running(ledger(path, events).run()):
        await until(lambda: numbers(events) == [1])
        assert last_mark(events)[1] == len(line(1))
        append(path, line(2)[20:])
        await until(lambda: numbers(events) == [1, 2])


async def test_a_restart_goes_on_where_the_last_one_stopped(path: Path) -> None:
    append(path, line(1) + line(2))
    events: list[Event] = []
    async with running(ledger(path, events).run()):
        await until(lambda: numbers(events) == [1, 2])
    append(path, line(3))
    after: list[Event] = []
    async with running(ledger(path, after, last_mark(events)).run()):
        await until(lambda: numbers(after) == [3])


async def test_a_line_waits_until_it_is_old_enough(path: Path) -> None:
    events: list[Event] = []
    append(path, line(1) + line(2, int(time.time())))
    async with running(ledger(path, events, delay_s=0.3).run()):
        began = asyncio.get_running_loop().time()
        await until(lambda: numbers(events) == [1])
        await until(lambda: numbers(events) == [1, 2])
        assert asyncio.get_running_loop().time() - began >= 0.29


async def test_a_line_waits_for_the_live_view_also_when_asterisks_clock_is_behind(path: Path) -> None:
    events: list[Event] = []
    reader = ledger(path, events, delay_s=0.3)
    async with running(reader.run()):
        await asyncio.wait_for(reader.caught_up.wait(), 2)
        began = asyncio.get_running_loop().time()
        append(path, line(1, int(time.time()) - 900))
        await until(lambda: numbers(events) == [1])
        assert asyncio.get_running_loop().time() - began >= 0.29


async def test_a_line_from_the_future_does_not_stop_the_ledger(path: Path) -> None:
    events: list[Event] = []
    append(path, line(1, 9_999_999_999) + line(2))
    async with running(ledger(path, events, delay_s=0.05).run()):
        await until(lambda: numbers(events) == [1, 2])


async def test_rotation_finishes_the_old_file_first(path: Path) -> None:
    events: list[Event] = []
    append(path, line(1))
    async with running(ledger(path, events).run()):
        await until(lambda: numbers(events) == [1])
        path.rename(path.with_name("queue_log.0"))
        append(path.with_name("queue_log.0"), line(2))
        append(path, line(3))
        await until(lambda: numbers(events) == [1, 2, 3])
    assert last_mark(events) == (path.stat().st_ino, len(line(3)))


async def test_an_old_file_that_ends_in_half_a_line_is_left_behind(path: Path) -> None:
    events: list[Event] = []
    append(path, line(1) + b"17953755")
    async with running(ledger(path, events).run()):
        await until(lambda: numbers(events) == [1])
        path.rename(path.with_name("queue_log.0"))
        append(path, line(2))
        await until(lambda: numbers(events) == [1, 2])


async def test_rotations_while_we_were_away(path: Path) -> None:
    events: list[Event] = []
    append(path, line(1))
    async with running(ledger(path, events).run()):
        await until(lambda: numbers(events) == [1])
    append(path, line(2))
    for number, name in ((3, "queue_log.0"), (4, "queue_log.1")):
        path.rename(path.with_name(name))
        os.utime(path.with_name(name), (number, number))
        append(path, line(number))
    path.with_name("queue_log.2.gz").write_bytes(b"\x1f\x8b packed")
    after: list[Event] = []
    async with running(ledger(path, after, last_mark(events)).run()):
        await until(lambda: numbers(after) == [2, 3, 4])


async def test_a_checkpoint_whose_file_is_gone_reads_what_there_is(path: Path) -> None:
    append(path, line(1))
    events: list[Event] = []
    async with running(ledger(path, events, (1, 12345)).run()):
        await until(lambda: numbers(events) == [1])


@pytest.mark.parametrize("offset", [5, 100_000])
async def test_a_checkpoint_of_another_file_with_the_same_inode_starts_again(path: Path, offset: int) -> None:
    append(path, line(1) + line(2))
    events: list[Event] = []
    async with running(ledger(path, events, (path.stat().st_ino, offset)).run()):
        await until(lambda: numbers(events) == [1, 2])


async def test_truncation_starts_again(path: Path) -> None:
    events: list[Event] = []
    append(path, line(1) + line(2))
    async with running(ledger(path, events).run()):
        await until(lambda: numbers(events) == [1, 2])
        os.truncate(path, 0)
        append(path, line(3))
        await until(lambda: numbers(events) == [1, 2, 3])


@pytest.mark.parametrize(
    "junk",
    [
        b"\x00\xff\x80|||\n\n\n",
        b"a" * (CHUNK - 1) + b"\n",
        b"b" * CHUNK + b"\n",
        b"c" * (CHUNK * 2) + b"\n",
        b"|" * 10_000_000 + b"\n",
    ],
    ids=["binary", "just below a chunk", "a chunk", "two chunks", "10 MB"],
)
async def test_junk_costs_no_other_line(path: Path, junk: bytes) -> None:
    events: list[Event] = []
    append(path, line(1) + junk + line(2))
    async with running(ledger(path, events).run()):
        await until(lambda: numbers(events) == [1, 2])
        append(path, line(3))
        await until(lambda: numbers(events) == [1, 2, 3])
    assert last_mark(events)[1] == path.stat().st_size


async def test_a_long_line_that_comes_in_pieces(path: Path) -> None:
    events: list[Event] = []
    append(path, line(1) + b"x" * (CHUNK + 10))
    async with running(ledger(path, events).run()):
        await until(lambda: numbers(events) == [1])
        append(path, b"x" * 10)
        append(path, b"x\n" + line(2))
        await until(lambda: numbers(events) == [1, 2])
    assert last_mark(events)[1] == path.stat().st_size


def unreadable() -> float:
    return REGISTRY.get_sample_value("callcenter_problems_total", {"problem": "ledger cannot be read"}) or 0.0


async def test_a_folder_instead_of_a_file_is_no_end(path: Path) -> None:
    path.mkdir()
    events: list[Event] = []
    before = unreadable()
    async with running(ledger(path, events).run()):
        await until(lambda: unreadable() > before)
        path.rmdir()
        append(path, line(1))
        await until(lambda: numbers(events) == [1])


async def test_a_backlog_does_not_hold_the_loop(path: Path) -> None:
    count = 40_000
    path.write_bytes(b"".join(map(line, range(count))))
    reported = 0

    def put(event: Event) -> None:
        nonlocal reported
        reported += isinstance(event, CallQueued)

    reader = Ledger(path, 2.0, put)
    worst = 0.0
    async with running(reader.run()):
        while not reader.caught_up.is_set():
            began = time.thread_time()
            await asyncio.sleep(0)
            worst = max(worst, time.thread_time() - began)
    assert reported == count
    assert worst < 0.02, "processor seconds between two turns of ours"


async def test_catching_up_means_everything_written_before(path: Path) -> None:
    events: list[Event] = []
    reader = ledger(path, events, delay_s=0.1)
    async with running(reader.run()):
        await asyncio.wait_for(reader.catch_up(), 2)
        append(path, b"".join(line(number, int(time.time()) + 60) for number in range(1000)))
        await asyncio.wait_for(reader.catch_up(), 5)
        assert len(numbers(events)) == 1000
        path.rename(path.with_name("queue_log.0"))
        append(path.with_name("queue_log.0"), line(1000))
        append(path, line(1001))
        await asyncio.wait_for(reader.catch_up(), 5)
        assert numbers(events) == list(range(1002))
