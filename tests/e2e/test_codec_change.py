"""A telephone company that changes the codec in the middle of a talk, again and again."""

import wave
from collections.abc import Iterator

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=(("op-01", "first-secret"),))
CHANGES = 200


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    with asterisk(tmp_path_factory.mktemp("asterisk"), DIRECTORY) as instance:
        yield instance


def test_a_change_of_codec_two_hundred_times_keeps_the_talk(pbx: AsteriskInstance) -> None:
    with (
        pbx.operator("operator_listens"),
        pbx.events() as events,
        pbx.actions() as manager,
        Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller,
    ):
        assert manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")["Response"] == "Success"
        assert caller.invite() == 200
        began = events.wait_event("UserEvent", UserEvent="TalkBegan")
        caller.packets()
        wait_for(caller.packets, "the operator's voice")
        answers = {caller.change_codec(("0 PCMU", "8 PCMA")[change % 2]) for change in range(CHANGES)}
        assert answers <= {200, 488}
        caller.packets()
        heard = 0
        for _ in range(50):
            heard += wait_for(caller.packets, "the operator's voice after the changes")
        assert heard >= 50
        caller.hang_up()
        ended = events.wait_event("UserEvent", UserEvent="TalkEnded")
        assert ended["By"] == "caller"
    (path,) = wait_for(lambda: pbx.recordings(began["Recording"]), "the recording")
    with wave.open(str(path)) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert seconds == pytest.approx(float(ended["At"]) - float(ended["Began"]), abs=0.5)
    assert [line for line in pbx.complaints() if "RTP" in line] == []
