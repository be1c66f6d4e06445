"""What a caller hears of the place in the queue and the wait, from a real Asterisk with nothing else running."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller, place_of

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=(("op-01", "first-secret"),))
SENTENCES = ("place-2", "place-3", "place-many", "wait-1", "wait-2", "wait-30", "wait-long")


def sound(name: str) -> bytes:
    """Noise as A-law, different for each sentence: found again in what a caller heard."""
    return random.Random(name).randbytes(4000)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    home = tmp_path_factory.mktemp("asterisk")
    with asterisk(home, DIRECTORY, ring_s=3, max_wait_s=60, music_up_to=100, place_up_to=100) as instance:
        for name in SENTENCES:
            (home / "sounds" / "ru" / f"{name}.alaw").write_bytes(sound(name))
        yield instance


@pytest.fixture(autouse=True)
def _clean(pbx: AsteriskInstance) -> Iterator[None]:
    before = len(pbx.complaints())
    yield
    pace(pbx).unlink(missing_ok=True)
    assert pbx.complaints()[before:] == []


def pace(pbx: AsteriskInstance) -> Path:
    folder = pbx.home / "spool" / "callcenter" / "pace"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / NUMBER


def call(pbx: AsteriskInstance, place: int) -> Caller:
    return Caller(pbx.settings.asterisk.sip_port, NUMBER.encode(), f"<sip:+7916000{place:04}@127.0.0.2>".encode())


def entered(pbx: AsteriskInstance) -> int:
    return sum(line[4] == "ENTERQUEUE" for line in pbx.ledger())


@contextmanager
def waiting(pbx: AsteriskInstance, count: int) -> Iterator[None]:
    """So many callers in the queue."""
    with ExitStack() as stack:
        before = entered(pbx)
        for place in range(count):
            assert stack.enter_context(call(pbx, place)).invite() == 200
            wait_for(lambda: entered(pbx) == before + place + 1, "in the queue", 15)  # noqa: B023
        yield


def heard_by_the_next(pbx: AsteriskInstance) -> list[str]:
    """The sentences that one more caller hears, in order, up to the queue."""
    before = entered(pbx)
    with call(pbx, 99) as caller:
        assert caller.invite() == 200
        heard = caller.listen(15, until=lambda: entered(pbx) == before + 1)
    assert entered(pbx) == before + 1
    found = {name: place_of(sound(name), heard) for name in SENTENCES}
    return sorted((name for name in found if found[name] is not None), key=lambda name: found[name] or 0)


def test_the_first_caller_hears_nothing_and_is_queued_at_once(pbx: AsteriskInstance) -> None:
    pace(pbx).write_text("120")
    assert heard_by_the_next(pbx) == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ("", ["place-2"]),
        ("14", []),
        ("15", ["place-2", "wait-1"]),
        ("30", ["place-2", "wait-1"]),
        ("31", ["place-2", "wait-2"]),
        ("900", ["place-2", "wait-30"]),
        ("901", ["place-2", "wait-long"]),
        ("0", ["place-2", "wait-long"]),
    ],
)
def test_the_second_hears_the_place_and_an_honest_wait(pbx: AsteriskInstance, seconds: str, said: list[str]) -> None:
    if seconds:
        pace(pbx).write_text(seconds)
    with waiting(pbx, 1):
        assert heard_by_the_next(pbx) == said


def test_a_place_without_a_sentence_of_its_own_is_more_than_thirty(pbx: AsteriskInstance) -> None:
    """As the thirty-first: of three places the second one has no sentence here."""
    third = pbx.home / "sounds" / "ru" / "place-3.alaw"
    with waiting(pbx, 2):
        assert heard_by_the_next(pbx) == ["place-3"]
        third.unlink()
        assert heard_by_the_next(pbx) == ["place-many"]
    third.write_bytes(sound("place-3"))


def test_the_order_of_arrival_is_kept_by_those_who_are_told(pbx: AsteriskInstance) -> None:
    """The second hears two sentences, the third none, and is in the queue first: the second stays in front."""
    pace(pbx).write_text("60")
    with waiting(pbx, 1), call(pbx, 50) as second, call(pbx, 51) as third, pbx.actions() as manager:
        before = entered(pbx)
        assert second.invite() == 200
        second.listen(1.2)
        pace(pbx).write_text("1")
        assert third.invite() == 200
        wait_for(lambda: entered(pbx) == before + 2, "both in the queue", 15)
        seen = len(manager.seen)
        manager.act("QueueStatus", Queue=OPERATORS)
        manager.wait_event("QueueStatusComplete")
        entries = [each for each in manager.seen[seen:] if each.get("Event") == "QueueEntry"]
        assert [each["CallerIDNum"][-4:] for each in entries] == ["0000", "0050", "0051"]


def test_whoever_hangs_up_while_the_place_is_told_has_waited(pbx: AsteriskInstance) -> None:
    pace(pbx).write_text("900")
    with waiting(pbx, 1):
        before = len(pbx.ledger())
        with call(pbx, 70) as caller:
            assert caller.invite() == 200
            heard = b""
            while place_of(sound("place-2")[:800], heard) is None:
                heard += caller.listen(0.1)
            caller.hang_up()
        wait_for(lambda: [line for line in pbx.ledger()[before:] if line[4] == "ENDED"], "the end")
        [gone] = [line for line in pbx.ledger()[before:] if line[4] == "GONE"]
        assert 0 < float(gone[5]) - float(gone[6]) < 5
        assert [line for line in pbx.ledger()[before:] if line[4] == "ENTERQUEUE"] == []
