"""A telephone vanishes during a talk, on a real Asterisk: no packet and no answer come from it any more."""

import asyncio
import time
from collections import defaultdict
from pathlib import Path

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import Directory
from stack.sipp import Sipp
from stack.telephones import Telephones
from tests.e2e.asterisk_instance import asterisk
from tests.e2e.caller import Caller

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=(("op-01", "secret-1"),))
# RFC 4028 allows no shorter interval. Its half is when the telephone is asked.
INTERVAL_S = 90
# Requests without an answer are given up after 64 of these.
T1_MS = 100


def shorten_timers(etc: Path) -> None:
    path = etc / "pjsip.conf"
    before, operator, after = path.read_text().partition("[operator](!)")
    assert "timers_sess_expires = 600" in after
    after = after.replace("timers_sess_expires = 600", f"timers_sess_expires = {INTERVAL_S}")
    system = f"[system]\ntype = system\ntimer_t1 = {T1_MS}\ntimer_b = {64 * T1_MS}\n\n"
    path.write_text(system + before + operator + after)


async def test_a_talk_whose_telephone_vanished_is_ended_by_its_session_timer(tmp_path: Path) -> None:
    with asterisk(tmp_path, DIRECTORY, shorten_timers, ring_s=3, max_wait_s=20) as pbx:
        target = ("127.0.0.1", pbx.settings.asterisk.sip_port)
        sipp = Sipp(tmp_path, target=target, trunk="127.0.0.2", phones="127.0.0.3")
        phones = Telephones(
            sipp.phones_at,
            target,
            dict(DIRECTORY.endpoints),
            [],
            dialled=defaultdict(lambda: NUMBER),
            ring_s=0.3,
            talk_s=600,
            speech=b"",
            rang=lambda *_: None,
            free=lambda *_: None,
            took=lambda *_: None,
        )
        await asyncio.to_thread(sipp.register, list(DIRECTORY.endpoints), seconds=600)
        with Caller(target[1], NUMBER.encode()) as caller, pbx.events() as events, pbx.actions() as manager:
            async with phones:
                manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")
                assert await asyncio.to_thread(caller.invite) == 200
                await asyncio.to_thread(events.wait_event, "UserEvent", UserEvent="TalkBegan")
                began = time.monotonic()
            await asyncio.to_thread(caller.wait_for_bye, INTERVAL_S)
            assert time.monotonic() - began > INTERVAL_S / 3
        sipp.end()
