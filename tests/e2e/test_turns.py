"""Companies take turns: hundreds of callers of one keep nobody of the others waiting behind all of them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller
from tests.e2e.eager_telephone import EagerTelephone

pytestmark = pytest.mark.e2e

FLOODED, QUIET, THIRD = NUMBERS = ("74951234567", "74957654321", "74950000003")
DIRECTORY = Directory(numbers=tuple((number, "ru") for number in NUMBERS), endpoints=(("op-01", "first-secret"),))


@pytest.fixture
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    home = tmp_path_factory.mktemp("asterisk")
    with asterisk(home, DIRECTORY, ring_s=5, max_wait_s=300, music_up_to=500) as instance:
        yield instance


class Line:
    """Those who call, one after the other, and the numbers dialled of those who were answered, in that order."""

    def __init__(self, pbx: AsteriskInstance, ending: ExitStack) -> None:
        self._pbx = pbx
        self._ending = ending

    def call(self, numbers: Sequence[str]) -> list[Caller]:
        return [self._join(number) for number in numbers]

    def _join(self, number: str) -> Caller:
        there = len(self._lines("ENTERQUEUE"))
        caller = self._ending.enter_context(Caller(self._pbx.settings.asterisk.sip_port, number.encode()))
        assert caller.invite() == 200
        wait_for(lambda: len(self._lines("ENTERQUEUE")) > there, "the caller in the queue")
        return caller

    def leave(self, callers: Sequence[Caller]) -> None:
        there = len(self._lines("ENDED"))
        for caller in callers:
            caller.hang_up()
        wait_for(lambda: len(self._lines("ENDED")) == there + len(callers), "the callers gone")

    def answered(self, count: int) -> list[str]:
        with EagerTelephone(self._pbx.register("op-01")), self._pbx.actions() as manager:
            assert manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")["Response"] == "Success"
            wait_for(lambda: len(self._lines("CONNECT")) == count, "every caller's turn", timeout_s=60)
        dialled = {line[1]: line[6] for line in self._lines("ARRIVED")}
        return [dialled[line[1]] for line in self._lines("CONNECT")]

    def _lines(self, kind: str) -> list[list[str]]:
        return [line for line in self._pbx.ledger() if line[4] == kind]


@pytest.fixture
def line(pbx: AsteriskInstance) -> Iterator[Line]:
    with ExitStack() as ending:
        yield Line(pbx, ending)


def test_a_caller_of_a_quiet_company_does_not_wait_behind_all_of_a_flooded_one(line: Line) -> None:
    line.call([FLOODED] * 6 + [QUIET] + [THIRD] * 2)
    turns = [FLOODED, QUIET, THIRD, FLOODED, THIRD, FLOODED, FLOODED, FLOODED, FLOODED]
    assert line.answered(len(turns)) == turns


def test_callers_who_hung_up_do_not_count_against_the_next_of_their_company(line: Line) -> None:
    line.leave(line.call([FLOODED] * 4))
    line.call([QUIET] * 3 + [FLOODED])
    assert line.answered(4) == [QUIET, FLOODED, QUIET, QUIET]
