"""An operator has one caller at a time, whatever Asterisk believes of the telephone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller
from tests.e2e.eager_telephone import EagerTelephone

pytestmark = pytest.mark.e2e

NUMBERS = tuple(f"7495{number:07}" for number in range(10))
CALLERS = len(NUMBERS)
DIRECTORY = Directory(numbers=tuple((number, "ru") for number in NUMBERS), endpoints=(("op-01", "first-secret"),))


def believe_everybody_free(etc: Path) -> None:
    """Make of a rare race of device states the rule: app_queue rings whoever rings or talks already."""
    for name, asked, instead in (
        ("queues.conf", "ringinuse = no", "ringinuse = yes"),
        ("pjsip.conf", "device_state_busy_at = 1", "device_state_busy_at = 0"),
    ):
        text = (etc / name).read_text()
        assert asked in text
        (etc / name).write_text(text.replace(asked, instead))


@pytest.fixture
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    home = tmp_path_factory.mktemp("asterisk")
    with asterisk(home, DIRECTORY, change=believe_everybody_free, ring_s=5, max_wait_s=60, music_up_to=500) as instance:
        yield instance


def test_a_telephone_that_accepts_everything_gets_one_caller_at_a_time(pbx: AsteriskInstance) -> None:
    with EagerTelephone(pbx.register("op-01")) as telephone, ExitStack() as stack:
        with pbx.actions() as manager:
            assert manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")["Response"] == "Success"
        port = pbx.settings.asterisk.sip_port
        callers = [stack.enter_context(Caller(port, number.encode())) for number in NUMBERS]
        with ThreadPoolExecutor(CALLERS) as at_once:
            assert list(at_once.map(lambda caller: caller.invite(), callers)) == [200] * CALLERS
        wait_for(lambda: len(connected(pbx)) == CALLERS, "every caller's turn", timeout_s=90)
    assert telephone.most == 1
    assert len(telephone.calls) == CALLERS
    # A ring that was refused on its way is no missed call; all it costs is a line in Asterisk's log.
    assert [line for line in pbx.ledger() if line[4].startswith("RING")] == []
    assert all("Abnormal 'Gosub(rung,s,1)' exit" in line for line in pbx.complaints())


def connected(pbx: AsteriskInstance) -> list[list[str]]:
    return [line for line in pbx.ledger() if line[4] == "CONNECT"]
