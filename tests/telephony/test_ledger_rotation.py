"""What logrotate does to queue_log while nobody reads it, and what becomes of its lines."""

import asyncio
import bz2
import gzip
import lzma
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from callcenter.domain.events import CallQueued, Event, LedgerLost, LedgerRead
from callcenter.telephony.ledger import Ledger
from callcenter.telephony.ledger_file import Checkpoint
from tests.telephony.helpers import running, until

BEGAN = int(time.time()) - 10_000
PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def line(number: int) -> bytes:
    """The caller `number`, a second after the one before."""
    return f"{BEGAN + number}|node1-1795375500.{number}|7495|NONE|ENTERQUEUE||7|1\n".encode()


def at(number: int) -> datetime:
    return datetime.fromtimestamp(BEGAN + number, UTC)


def problems(problem: str) -> float:
    return REGISTRY.get_sample_value("callcenter_problems_total", {"problem": problem}) or 0.0


@dataclass
class Log:
    """queue_log, what logrotate does to it, and a node that reads it."""

    path: Path
    events: list[Event] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        return [int(event.call.rpartition(".")[2]) for event in self.events if isinstance(event, CallQueued)]

    @property
    def losses(self) -> list[tuple[datetime, datetime]]:
        return [(event.began_at, event.at) for event in self.events if isinstance(event, LedgerLost)]

    @property
    def checkpoint(self) -> Checkpoint | None:
        reads = [event for event in self.events if isinstance(event, LedgerRead)]
        return Checkpoint(reads[-1].inode, reads[-1].offset, reads[-1].line, reads[-1].line_at) if reads else None

    def reader(self) -> Ledger:
        return Ledger(self.path, 0, self.events.append, self.checkpoint, poll_s=0.005)

    async def read(self, *expected: int) -> None:
        """Start the node, wait for everything that it finds, stop it."""
        reader = self.reader()
        async with running(reader.run()):
            await asyncio.wait_for(reader.caught_up.wait(), 5)
        assert self.numbers == list(expected)

    def write(self, *numbers: int) -> None:
        with self.path.open("ab") as file:
            file.write(b"".join(map(line, numbers)))
        os.utime(self.path, (BEGAN + numbers[-1],) * 2)

    def rotated(self, number: int, suffix: str = "") -> Path:
        return self.path.with_name(f"queue_log.{number}{suffix}")

    def rename(self, number: int = 1) -> Path:
        return self.path.rename(self.rotated(number))

    def copytruncate(self, number: int = 1) -> Path:
        shutil.copy2(self.path, self.rotated(number))
        os.truncate(self.path, 0)
        return self.rotated(number)

    def compress(self, plain: Path, kind: str = "gz") -> Path:
        """In place and with the time of the file, as gzip and logrotate do it."""
        packed = plain.with_name(f"{plain.name}.{kind}")
        packed.write_bytes(PACKERS.get(kind, gzip.compress)(plain.read_bytes()))
        shutil.copystat(plain, packed)
        plain.unlink()
        return packed


@pytest.fixture
def queue_log(tmp_path: Path) -> Log:
    return Log(tmp_path / "queue_log")


@pytest.mark.parametrize("kind", [None, "gz", "bz2", "xz"])
@pytest.mark.parametrize("way", [Log.copytruncate, Log.rename])
async def test_a_rotation_while_the_node_was_down_loses_no_line(
    queue_log: Log, way: Callable[[Log], Path], kind: str | None
) -> None:
    queue_log.write(1, 2)
    await queue_log.read(1, 2)
    queue_log.write(3, 4)
    plain = way(queue_log)
    if kind:
        queue_log.compress(plain, kind)
    queue_log.write(5)
    await queue_log.read(1, 2, 3, 4, 5)
    await queue_log.read(1, 2, 3, 4, 5)
    assert queue_log.losses == []


async def test_several_compressed_rotations_while_the_node_was_down_are_read_in_order(queue_log: Log) -> None:
    queue_log.write(1)
    queue_log.compress(queue_log.rename(3))
    queue_log.write(2)
    await queue_log.read(2)
    queue_log.write(3)
    queue_log.compress(queue_log.copytruncate(2))
    queue_log.write(4)
    queue_log.compress(queue_log.copytruncate(1))
    queue_log.write(5)
    await queue_log.read(2, 3, 4, 5)
    assert queue_log.losses == []


async def test_a_truncated_ledger_that_has_grown_past_the_checkpoint_is_not_taken_for_the_old_one(
    queue_log: Log,
) -> None:
    queue_log.write(11, 12)
    await queue_log.read(11, 12)
    queue_log.write(13)
    queue_log.compress(queue_log.copytruncate())
    queue_log.write(14, 15, 16, 17)  # lines of the same length: a newline stands before the checkpoint's offset
    await queue_log.read(11, 12, 13, 14, 15, 16, 17)


async def test_lines_written_just_before_a_truncation_are_read_from_the_copy(queue_log: Log) -> None:
    queue_log.write(1, 2)
    async with running(queue_log.reader().run()):
        await until(lambda: queue_log.numbers == [1, 2])
        queue_log.write(3)
        queue_log.copytruncate()
        queue_log.write(4)
        await until(lambda: queue_log.numbers == [1, 2, 3, 4])
    assert queue_log.losses == []


async def test_a_half_packed_copy_beside_the_file_is_left_alone(queue_log: Log) -> None:
    queue_log.write(1)
    await queue_log.read(1)
    queue_log.write(2)
    plain = queue_log.rename()
    queue_log.rotated(1, ".gz").write_bytes(gzip.compress(plain.read_bytes())[:20])
    queue_log.write(3)
    await queue_log.read(1, 2, 3)
    assert queue_log.losses == []


@pytest.mark.parametrize("way", [Log.copytruncate, Log.rename])
async def test_lines_whose_file_is_gone_are_said_to_be_lost(queue_log: Log, way: Callable[[Log], Path]) -> None:
    queue_log.write(1, 2)
    await queue_log.read(1, 2)
    queue_log.write(3, 4)
    way(queue_log).unlink()
    queue_log.write(5)
    before = problems("ledger lines may be lost")
    await queue_log.read(1, 2, 5)
    assert queue_log.losses == [(at(2), at(5))]
    assert problems("ledger lines may be lost") == before + 1
    await queue_log.read(1, 2, 5)
    assert len(queue_log.losses) == 1, "said once"


async def test_what_is_left_after_lost_lines_is_read_from_the_oldest_file_on(queue_log: Log) -> None:
    queue_log.write(1)
    await queue_log.read(1)
    queue_log.write(2)
    queue_log.rename(3).unlink()
    queue_log.write(3)
    queue_log.compress(queue_log.rename(2))
    queue_log.write(4)
    queue_log.rename(1)
    queue_log.write(5)
    await queue_log.read(1, 3, 4, 5)
    assert queue_log.losses == [(at(1), at(3))]


@pytest.mark.parametrize("damage", ["cut", "zst"])
async def test_lines_in_a_file_that_cannot_be_unpacked_are_said_to_be_lost(queue_log: Log, damage: str) -> None:
    queue_log.write(1)
    await queue_log.read(1)
    queue_log.write(2)
    queue_log.rename(2)
    queue_log.write(3)
    packed = queue_log.compress(queue_log.rename(1), "zst" if damage == "zst" else "gz")
    if damage == "cut":
        packed.write_bytes(packed.read_bytes()[:-12])
        os.utime(packed, (BEGAN + 3,) * 2)
    queue_log.write(4)
    await queue_log.read(1, 2, 4)
    assert queue_log.losses == [(at(2), at(3))]


async def test_an_emptied_ledger_without_a_copy_is_said_once(queue_log: Log) -> None:
    queue_log.write(1)
    async with running(queue_log.reader().run()):
        await until(lambda: queue_log.numbers == [1])
        os.truncate(queue_log.path, 0)
        await until(lambda: len(queue_log.losses) == 1)
        await asyncio.sleep(0.05)
        queue_log.write(2)
        await until(lambda: queue_log.numbers == [1, 2])
    assert [began for began, _ in queue_log.losses] == [at(1)]
