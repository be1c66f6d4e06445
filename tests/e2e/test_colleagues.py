"""How telephones reach each other, by names and short numbers, and see who talks; on a real Asterisk."""

import asyncio
import re
from collections.abc import Iterator

import pytest

from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import OPERATORS, AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import TRUNK, Caller
from tests.e2e.telephone import Telephone

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
RESIDENT = b"79160000001"
NAMES = ("op-01", "op-02", "op-03")
DIRECTORY = Directory(
    numbers=((NUMBER, "ru"),),
    endpoints=tuple((name, f"secret-{name}") for name in NAMES),
    extensions=(("201", "op-01"), ("202", "op-02")),
)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    with asterisk(tmp_path_factory.mktemp("asterisk"), DIRECTORY, ring_s=5, max_wait_s=60) as instance:
        yield instance


@pytest.fixture
def phones(pbx: AsteriskInstance) -> Iterator[list[Telephone]]:
    with Telephone(pbx, "op-01") as first, Telephone(pbx, "op-02") as second, Telephone(pbx, "op-03") as third:
        for phone in (first, second, third):
            assert phone.register() == 200
        yield [first, second, third]


@pytest.mark.parametrize("dialled", ["202", "op-02"])
def test_a_colleague_is_called_by_the_short_number_and_by_the_name(phones: list[Telephone], dialled: str) -> None:
    caller, called, _ = phones
    answer = caller.call(dialled)
    assert answer.status == 200
    (call,) = called.invites()
    assert re.search(r"<sip:201@", call.headers["from"]), "the number by which to call back"
    caller.hang_up(answer)


def test_a_short_number_that_nobody_has_is_a_number_that_no_rule_allows(phones: list[Telephone]) -> None:
    assert phones[0].call("203").status >= 400
    assert not any(phone.invites() for phone in phones)


def test_a_caller_is_transferred_by_the_short_number(pbx: AsteriskInstance, phones: list[Telephone]) -> None:
    first, second, _ = phones
    with pbx.actions() as manager, pbx.events() as events:
        manager.act("QueueAdd", Queue="operators", Interface="PJSIP/op-01")
        with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
            assert caller.invite() == 200
            began = events.wait_event("UserEvent", UserEvent="TalkBegan", Operator="PJSIP/op-01")
            leg = {"Channel": began["Channel"], "Variable": "BRIDGEPEER"}
            wait_for(lambda: manager.act("Getvar", **leg)["Value"], "the two to be connected")
            assert first.refer(first.invites()[0], "<sip:202@127.0.0.1>") == 202
            events.wait_event("UserEvent", UserEvent="TalkBegan", Operator="PJSIP/op-02", Kind="transfer")
            assert len(second.invites()) == 1
        manager.act("QueueRemove", Queue="operators", Interface="PJSIP/op-01")


@pytest.mark.parametrize("watched", ["202", "op-02"])
def test_a_telephone_shows_whether_a_colleague_is_free(
    pbx: AsteriskInstance, phones: list[Telephone], watched: str
) -> None:
    """One that rings is busy as well (`device_state_busy_at`); with whom is not said."""
    watcher, colleague, third = phones
    colleague.answer = lambda: ("180 Ringing",)
    assert watcher.subscribe(watched) == 200
    wait_for(lambda: states(watcher) == ["terminated"], "the first state")
    with pbx.actions() as manager:
        manager.act("QueueAdd", Queue="operators", Interface="PJSIP/op-02")
        with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode(), b"<sip:%s@127.0.0.2>" % RESIDENT) as caller:
            assert caller.invite() == 200
            wait_for(lambda: states(watcher)[-1] == "confirmed", "the ringing")
        manager.act("QueueRemove", Queue="operators", Interface="PJSIP/op-02")
    wait_for(lambda: states(watcher)[-1] == "terminated", "the end")
    colleague.answer = lambda: ("200 OK",)
    answer = third.call("op-02")
    assert answer.status == 200
    wait_for(lambda: states(watcher)[-1] == "confirmed", "the talk")
    third.hang_up(answer)
    wait_for(lambda: states(watcher)[-1] == "terminated", "the end")
    assert not [each for each in watcher.heard if RESIDENT.decode()[1:] in each.body]


def states(watcher: Telephone) -> list[str]:
    """The colleague's, in the order in which they were told."""
    told = [each.body for each in watcher.heard if each.method == "NOTIFY"]
    return [found for body in told for found in re.findall(r"<state>([a-z]+)</state>", body)]


@pytest.mark.parametrize("what", ["74951234567", "operators", "s", "echo", "112", "203", "trunk"])
def test_there_is_nothing_but_colleagues_to_be_told_of(phones: list[Telephone], what: str) -> None:
    assert phones[0].subscribe(what) == 404


async def test_a_telephone_is_never_taken_for_a_trunk(pbx: AsteriskInstance, phones: list[Telephone]) -> None:
    """One that writes digits, even with the telephone company's address, into From: not as a caller, nor as itself."""
    before = len(pbx.ledger())
    for host in (OPERATORS, TRUNK):
        with Caller(
            pbx.settings.asterisk.sip_port, NUMBER.encode(), b"<sip:201@%s>" % host.encode(), host=OPERATORS
        ) as caller:
            assert await asyncio.to_thread(caller.invite) in (401, 403)
    assert not [line for line in pbx.ledger()[before:] if line[4] == "ARRIVED"]
    assert phones[0].call("202").status == 200
