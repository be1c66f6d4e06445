"""Whoever waits in silence is told from time to time that the call has not been forgotten, in the company's language."""

from collections.abc import Iterator

import pytest

from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=())


@pytest.fixture
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    home = tmp_path_factory.mktemp("asterisk")
    with asterisk(home, DIRECTORY, max_wait_s=60, music_up_to=0, announce_every_s=10) as instance:
        yield instance


def test_the_one_queue_speaks_the_language_of_the_number_dialled(pbx: AsteriskInstance) -> None:
    with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
        assert caller.invite() == 200
        wait_for(lambda: [line for line in pbx.ledger() if line[4] == "ENTERQUEUE"], "the queue")
        caller.packets()
        wait_for(lambda: caller.packets() > 0, "the announcement", timeout_s=20)
    assert [line for line in pbx.complaints() if "please-wait" in line] == []
