"""`callcenter upgrade --asterisk`: Asterisk is restarted when nobody is on the line, and takes calls until then."""

import asyncio
from pathlib import Path

import pytest

from callcenter.cli.upgrade import CheckFailed, restart_asterisk
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import asterisk
from tests.e2e.caller import Caller
from tests.e2e.node import settings_of

pytestmark = pytest.mark.e2e

NUMBER = "74951112233"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=())
RESTARTED_WITHIN_S = 60.0


async def test_asterisk_is_restarted_when_nobody_is_on_the_line_and_takes_calls_until_then(tmp_path: Path) -> None:
    with asterisk(tmp_path, DIRECTORY, ring_s=5) as pbx:
        settings = settings_of(pbx, "postgresql://unused")
        port = pbx.settings.asterisk.sip_port
        began = pbx.cli("core show settings")
        with Caller(port, NUMBER.encode()) as first:
            assert await asyncio.to_thread(first.invite) == 200
            restarting = asyncio.create_task(restart_asterisk(settings))
            with Caller(port, NUMBER.encode()) as second:
                assert await asyncio.to_thread(second.invite) == 200
            assert not restarting.done()
        async with asyncio.timeout(RESTARTED_WITHIN_S):
            assert await restarting == 0
        assert startup(pbx.cli("core show settings")) != startup(began)
        with Caller(port, NUMBER.encode()) as third:
            assert await asyncio.to_thread(third.invite) == 200


def startup(shown: str) -> str:
    return next(line for line in shown.splitlines() if "Startup time" in line)


async def test_an_asterisk_that_does_not_run_is_named(tmp_path: Path) -> None:
    with asterisk(tmp_path, DIRECTORY) as pbx:
        settings = settings_of(pbx, "postgresql://unused")
    with pytest.raises(CheckFailed, match="does not answer"):
        await restart_asterisk(settings)
