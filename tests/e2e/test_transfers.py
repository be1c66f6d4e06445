"""Calls that are handed on, on a real Asterisk with nothing else running: each operator's leg is told of and recorded."""

import asyncio
import wave
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from callcenter.domain.call import Call, CallState, NotApplicable, Outcome, step
from callcenter.domain.events import CallEvent
from callcenter.domain.ids import OPERATORS
from callcenter.domain.talk import Party, TalkKind
from callcenter.recordings.wav import inspect
from callcenter.telephony.ledger_line import parse_line
from callcenter.telephony.render import Directory
from stack.sipp import Leg, Sipp
from stack.telephones import Move, Telephones
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=tuple((f"op-0{n}", f"secret-{n}") for n in (1, 2)))
TALK_S = 3.0
SPEECH = bytes(range(256)) * 400


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    with asterisk(tmp_path_factory.mktemp("asterisk"), DIRECTORY, ring_s=3, max_wait_s=20) as instance:
        yield instance


@asynccontextmanager
async def telephones(pbx: AsteriskInstance, folder: Path, colleague_is_there: bool) -> AsyncIterator[Telephones]:
    """op-01 answers the queue, op-02 is the colleague."""
    target = ("127.0.0.1", pbx.settings.asterisk.sip_port)
    sipp = Sipp(folder, target=target, trunk="127.0.0.2", phones="127.0.0.3")
    phones = list(DIRECTORY.endpoints)[: 2 if colleague_is_there else 1]
    legs: dict[str, Leg] = {}
    made = Telephones(
        sipp.phones_at,
        target,
        dict(DIRECTORY.endpoints),
        ["op-02"],
        dialled=defaultdict(lambda: NUMBER),
        ring_s=0.3,
        talk_s=TALK_S,
        speech=SPEECH,
        rang=lambda _endpoint, _call: None,
        free=lambda _endpoint, _call: None,
        took=legs.__setitem__,
    )
    await asyncio.to_thread(sipp.register, phones, seconds=600)
    async with made:
        with pbx.actions() as manager:
            manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")
            yield made
            manager.act("QueueRemove", Queue=OPERATORS, Interface="PJSIP/op-01")
    await asyncio.to_thread(sipp.register, phones, seconds=0)
    sipp.end()


async def one_call(pbx: AsteriskInstance, folder: Path, *moves: Move, colleague_is_there: bool = True) -> Call:
    """A call with these moves, as the ledger tells it from its arrival to its end."""
    start = len(pbx.ledger())
    async with telephones(pbx, folder, colleague_is_there) as phones:
        phones.moves.extend(moves)
        with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
            assert await asyncio.to_thread(caller.invite) == 200
            await asyncio.to_thread(caller.wait_for_bye, 40)
        assert {move: phones.done[move] for move in moves} == dict.fromkeys(moves, 1)
        phones.check()
    call: Call | None = None
    for line in pbx.ledger()[start:]:
        event = parse_line("|".join(line))
        if isinstance(event, CallEvent):
            # Whoever is sent back joins the queue again, which has been told by then.
            with suppress(NotApplicable):
                call = step(call, event)
    assert call is not None
    assert (call.state, call.outcome) == (CallState.ENDED, Outcome.ANSWERED)
    return call


def assert_recorded(pbx: AsteriskInstance, call: Call) -> None:
    """A file for each talk, as long as the talk, with the call's id in its name."""
    for talk in call.talks:
        assert talk.recording.call == call.id
        assert talk.ended_at is not None
        (path,) = wait_for(lambda name=str(talk.recording): pbx.recordings(name), "the recording")  # type: ignore[misc]
        wav = inspect(path)
        assert (wav.channels, wav.rate, wav.defect) == (2, 8000, None)
        assert abs(wav.duration_s - (talk.ended_at - talk.began_at).total_seconds()) < 1


def story(call: Call) -> list[tuple[str, TalkKind, Party | None]]:
    return [(talk.operator, talk.kind, talk.by) for talk in call.talks]


async def test_a_blind_transfer_is_two_talks(pbx: AsteriskInstance, tmp_path: Path) -> None:
    call = await one_call(pbx, tmp_path, Move.BLIND)
    assert story(call) == [
        ("PJSIP/op-01", TalkKind.QUEUE, Party.TRANSFER),
        ("PJSIP/op-02", TalkKind.TRANSFER, Party.OPERATOR),
    ]
    assert_recorded(pbx, call)


async def test_a_consultation_that_the_caller_joins_is_the_colleagues_talk(
    pbx: AsteriskInstance, tmp_path: Path
) -> None:
    call = await one_call(pbx, tmp_path, Move.ATTENDED)
    assert story(call) == [
        ("PJSIP/op-01", TalkKind.QUEUE, Party.TRANSFER),
        ("PJSIP/op-02", TalkKind.TRANSFER, Party.OPERATOR),
    ]
    first, second = call.talks
    assert first.ended_at is not None
    assert second.began_at < first.ended_at, "the consultation is in it"
    assert_recorded(pbx, call)


async def test_a_colleague_who_is_only_asked_has_a_talk_without_the_caller(
    pbx: AsteriskInstance, tmp_path: Path
) -> None:
    call = await one_call(pbx, tmp_path, Move.CONSULT)
    assert story(call) == [
        ("PJSIP/op-01", TalkKind.QUEUE, Party.OPERATOR),
        ("PJSIP/op-02", TalkKind.CONSULTATION, Party.OPERATOR),
    ]
    first, asked = call.talks
    assert first.ended_at is not None
    assert asked.ended_at is not None
    assert first.began_at < asked.began_at < asked.ended_at < first.ended_at
    assert_recorded(pbx, call)


async def test_a_caller_who_is_sent_back_and_then_on_has_three_talks(pbx: AsteriskInstance, tmp_path: Path) -> None:
    call = await one_call(pbx, tmp_path, Move.RETURN, Move.BLIND)
    assert story(call) == [
        ("PJSIP/op-01", TalkKind.QUEUE, Party.TRANSFER),
        ("PJSIP/op-01", TalkKind.QUEUE, Party.TRANSFER),
        ("PJSIP/op-02", TalkKind.TRANSFER, Party.OPERATOR),
    ]
    assert len(call.returns) == 1
    assert_recorded(pbx, call)


async def test_a_hold_is_inside_one_talk(pbx: AsteriskInstance, tmp_path: Path) -> None:
    call = await one_call(pbx, tmp_path, Move.HOLD)
    assert story(call) == [("PJSIP/op-01", TalkKind.QUEUE, Party.OPERATOR)]
    assert call.talk_s == pytest.approx(TALK_S, abs=1)
    assert_recorded(pbx, call)


async def test_a_caller_who_is_sent_back_waits_again_and_is_served(pbx: AsteriskInstance, tmp_path: Path) -> None:
    call = await one_call(pbx, tmp_path, Move.RETURN)
    assert [kind for _, kind, _ in story(call)] == [TalkKind.QUEUE, TalkKind.QUEUE]
    assert len(call.returns) == 1
    assert 0 < call.rewait_s < 5
    assert_recorded(pbx, call)


async def test_a_pause_is_silence_in_a_recording_as_long_as_the_talk(pbx: AsteriskInstance, tmp_path: Path) -> None:
    async with telephones(pbx, tmp_path, True):
        with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller, pbx.events() as events:
            assert await asyncio.to_thread(caller.invite) == 200
            began = await asyncio.to_thread(events.wait_event, "UserEvent", UserEvent="TalkBegan")
            with pbx.actions() as manager:
                for state in ("1", "0"):
                    await asyncio.sleep(TALK_S / 3)
                    done = manager.act("MixMonitorMute", Channel=began["Channel"], Direction="both", State=state)
                    assert done["Response"] == "Success", done
            await asyncio.to_thread(caller.wait_for_bye, 20)
    (path,) = wait_for(lambda: pbx.recordings(began["Recording"]), "the recording")
    with wave.open(str(path)) as sound:
        samples = memoryview(sound.readframes(sound.getnframes())).cast("h")[::2]
    seconds = [max(map(abs, samples[at : at + 800])) for at in range(0, len(samples) - 800, 800)]
    assert len(samples) / 8000 == pytest.approx(TALK_S, abs=1)
    quiet = sum(loudest < 50 for loudest in seconds) / 10
    assert quiet == pytest.approx(TALK_S / 3, abs=0.5)


async def test_a_transfer_to_a_colleague_who_is_away_goes_back_to_the_queue(
    pbx: AsteriskInstance, tmp_path: Path
) -> None:
    call = await one_call(pbx, tmp_path, Move.BLIND, colleague_is_there=False)
    assert [(who, kind) for who, kind, _ in story(call)] == [("PJSIP/op-01", TalkKind.QUEUE)] * 2
    assert len(call.returns) == 1
    assert_recorded(pbx, call)
