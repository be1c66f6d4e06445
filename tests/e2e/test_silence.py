"""Nobody speaks: neither side sends a packet for a while. On a real Asterisk the talk goes on, and the recording keeps the
time: what is said later, and a pause of the recording, are where they were."""

import asyncio
import re
import time
import wave
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.recordings.spool import Spool
from callcenter.recordings.wav import inspect
from callcenter.telephony.render import Directory
from stack.dialogue import FRAME, FRAME_S
from stack.sipp import Sipp
from stack.telephones import Telephones
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=(("op-01", "secret-1"),))
TALK_S, SILENT_S = 13.0, 5.0
WORD_S, PAUSE_S = 1.5, 0.3
# A word, and what a telephone still sends before it leaves silence out.
SPEECH = (b"\x2a" + b"\xaa") * int(WORD_S / FRAME_S * FRAME / 2) + b"\xd5" * int(PAUSE_S / FRAME_S * FRAME)
LOUD = 1000


def shorten_timeouts(etc: Path) -> None:
    """Any time after which a telephone that sends nothing is given up, made shorter than the silence."""
    path = etc / "pjsip.conf"
    path.write_text(re.sub(r"^(rtp_timeout\w*) = [1-9][0-9]*$", r"\1 = 2", path.read_text(), flags=re.MULTILINE))


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    with asterisk(
        tmp_path_factory.mktemp("asterisk"), DIRECTORY, shorten_timeouts, ring_s=3, max_wait_s=20
    ) as instance:
        yield instance


async def collect(folder: Path) -> None:
    """As the node does it all the time."""
    spool = Spool(folder)
    while True:
        spool.watch()
        spool.collect()
        await asyncio.sleep(0.5)


async def test_the_recording_keeps_the_time_in_which_neither_side_sends_packets(
    pbx: AsteriskInstance, tmp_path: Path
) -> None:
    target = ("127.0.0.1", pbx.settings.asterisk.sip_port)
    sipp = Sipp(tmp_path, target=target, trunk="127.0.0.2", phones="127.0.0.3")
    phones = Telephones(
        sipp.phones_at,
        target,
        dict(DIRECTORY.endpoints),
        [],
        dialled=defaultdict(lambda: NUMBER),
        ring_s=0.3,
        talk_s=TALK_S,
        speech=SPEECH,
        rang=lambda *_: None,
        free=lambda *_: None,
        took=lambda *_: None,
    )
    phones.muted = True
    await asyncio.to_thread(sipp.register, list(DIRECTORY.endpoints), seconds=600)
    async with phones:
        node = asyncio.create_task(collect(pbx.home / "spool" / "callcenter"))
        with Caller(target[1], NUMBER.encode()) as caller, pbx.events() as events, pbx.actions() as manager:
            manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")
            assert await asyncio.to_thread(caller.invite) == 200
            began = await asyncio.to_thread(events.wait_event, "UserEvent", UserEvent="TalkBegan")
            said = [await say(caller, began)]
            await asyncio.sleep(SILENT_S)
            said.append(await say(caller, began))
            for state in ("1", "0"):
                done = manager.act("MixMonitorMute", Channel=began["Channel"], Direction="both", State=state)
                assert done["Response"] == "Success", done
                word = await say(caller, began)
            said.append(word)
            await asyncio.to_thread(caller.wait_for_bye, 20)
        phones.check()
        node.cancel()
    sipp.end()
    (path,) = wait_for(lambda: pbx.recordings(began["Recording"]), "the recording")
    assert inspect(path).defect is None
    with wave.open(str(path)) as sound:
        heard = memoryview(sound.readframes(sound.getnframes())).cast("h")[1::2]
    assert len(heard) / 8000 == pytest.approx(TALK_S, abs=0.5)
    loud = [at / 8000 for at in range(0, len(heard), 160) if max(map(abs, heard[at : at + 160])) > LOUD]
    words = [loud[0], *(after for before, after in pairwise(loud) if after - before > 1)]
    assert words == pytest.approx(said, abs=0.4)


async def say(caller: Caller, began: dict[str, str]) -> float:
    """Say a word; seconds since the talk began."""
    at = time.time()
    await asyncio.to_thread(caller.speak, SPEECH)
    return at - float(began["At"])
