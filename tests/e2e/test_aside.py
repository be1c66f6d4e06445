"""An operator asks a colleague while the caller waits, on a real Asterisk with nothing else running."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller
from tests.e2e.manager import Manager
from tests.e2e.telephone import Telephone

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=tuple((f"op-0{n}", f"secret-{n}") for n in (1, 2)))


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    with asterisk(tmp_path_factory.mktemp("asterisk"), DIRECTORY, ring_s=3, max_wait_s=20) as instance:
        yield instance


@dataclass
class Talk:
    pbx: AsteriskInstance
    manager: Manager
    events: Manager
    caller: Caller
    one: Telephone
    two: Telephone
    callers: str = ""
    leg: str = ""

    def redirect(self, caller_to: str, leg_to: str) -> None:
        done = self.manager.act("Setvar", Channel=self.callers, Variable="LEG", Value=self.leg)
        assert done["Response"] == "Success", done
        done = self.manager.act(
            "Redirect", Channel=self.callers, Context=caller_to, Exten="s", Priority="1",
            ExtraChannel=self.leg, ExtraContext="aside", ExtraExten=leg_to, ExtraPriority="1",
        )  # fmt: skip
        assert done["Response"] == "Success", done

    def bridged(self, *names: str) -> bool:
        """Whether these channels, by how their names begin, are together and nobody else is with them."""
        by_bridge: dict[str, set[str]] = {}
        for line in self.pbx.cli("core show channels concise").splitlines():
            fields = line.split("!")
            if len(fields) > 12 and fields[12] and fields[0].startswith("PJSIP/"):
                by_bridge.setdefault(fields[12], set()).add(fields[0])
        return any(
            len(there) == len(names) and all(any(each.startswith(f"PJSIP/{name}-") for each in there) for name in names)
            for there in by_bridge.values()
        )

    def until_bridged(self, *names: str) -> None:
        try:
            wait_for(lambda: self.bridged(*names), f"{names} together")
        except AssertionError:
            print(self.pbx.cli("core show channels concise"), self.pbx.complaints())
            raise


@contextmanager
def talk(pbx: AsteriskInstance) -> Iterator[Talk]:
    """A caller talks to op-01, op-02 is there."""
    with ExitStack() as stack:
        manager, events = stack.enter_context(pbx.actions()), stack.enter_context(pbx.events())
        one, two = (stack.enter_context(Telephone(pbx, f"op-0{n}")) for n in (1, 2))
        for each in (one, two):
            assert each.register() == 200
        manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")
        stack.callback(manager.act, "QueueRemove", Queue=OPERATORS, Interface="PJSIP/op-01")
        caller = stack.enter_context(Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()))
        assert caller.invite() == 200
        began = events.wait_event("UserEvent", UserEvent="TalkBegan")
        arrived = events.wait_event("UserEvent", UserEvent="CallArrived")
        now = Talk(pbx, manager, events, caller, one, two, arrived["Channel"], began["Channel"])
        now.until_bridged("trunk", "op-01")
        yield now


def ended(now: Talk, operator: str) -> tuple[str, str]:
    """Kind of this operator's talk, and who ended it."""
    told = now.events.wait_event("UserEvent", UserEvent="TalkEnded", Operator=f"PJSIP/{operator}")
    return told["Kind"], told["By"]


def move_caller(now: Talk, context: str, exten: str = "s") -> None:
    done = now.manager.act("Redirect", Channel=now.callers, Context=context, Exten=exten, Priority="1")
    assert done["Response"] == "Success", done


def test_a_caller_is_handed_over_after_a_consultation(pbx: AsteriskInstance) -> None:
    with talk(pbx) as now:
        now.redirect("set-aside", "op-02")
        now.until_bridged("op-01", "op-02")
        move_caller(now, "handed-over")
        now.until_bridged("trunk", "op-02")
        assert ended(now, "op-01") == ("queue", "transfer")
        now.two.hang_up(now.two.invites()[0])
        assert ended(now, "op-02") == ("transfer", "operator")
        now.caller.wait_for_bye(5)
    assert pbx.complaints() == []


def test_a_caller_is_taken_back_and_the_colleague_let_go(pbx: AsteriskInstance) -> None:
    with talk(pbx) as now:
        now.redirect("set-aside", "op-02")
        now.until_bridged("op-01", "op-02")
        move_caller(now, "taken-back")
        now.until_bridged("trunk", "op-01")
        assert ended(now, "op-02") == ("consultation", "operator")
        now.one.hang_up(now.one.invites()[0])
        assert ended(now, "op-01") == ("queue", "operator")
        now.caller.wait_for_bye(5)
    assert pbx.complaints() == []


def test_a_colleague_who_hangs_up_or_does_not_answer_leaves_the_caller_with_the_operator(pbx: AsteriskInstance) -> None:
    with talk(pbx) as now:
        now.redirect("set-aside", "op-02")
        now.until_bridged("op-01", "op-02")
        now.two.hang_up(now.two.invites()[0])
        now.until_bridged("trunk", "op-01")
        assert ended(now, "op-02") == ("consultation", "operator")
        now.two.answer = lambda: ("486 Busy Here",)
        now.redirect("set-aside", "op-02")
        now.events.wait_event("UserEvent", UserEvent="ColleagueMissed")
        now.until_bridged("trunk", "op-01")
        now.caller.hang_up()
        assert ended(now, "op-01") == ("queue", "caller")
    assert pbx.complaints() == []


def test_a_caller_who_hangs_up_while_waiting_lets_the_two_talk_on(pbx: AsteriskInstance) -> None:
    with talk(pbx) as now:
        now.redirect("set-aside", "op-02")
        now.until_bridged("op-01", "op-02")
        now.caller.hang_up()
        now.events.wait_event("Hangup", Channel=now.callers)
        assert now.bridged("op-01", "op-02")
        now.two.hang_up(now.two.invites()[0])
        wait_for(lambda: "0 active channels" in pbx.cli("core show channels"), "the end")
    assert pbx.complaints() == []


def test_a_caller_on_hold_is_taken_back(pbx: AsteriskInstance) -> None:
    with talk(pbx) as now:
        now.redirect("set-aside", "s")
        wait_for(lambda: not now.bridged("trunk", "op-01"), "hold")
        move_caller(now, "taken-back")
        now.until_bridged("trunk", "op-01")
        now.caller.hang_up()
        assert ended(now, "op-01") == ("queue", "caller")
    assert pbx.complaints() == []


@pytest.mark.parametrize("by", ["vanished", "hung up"])
def test_a_caller_whose_operator_is_gone_in_a_consultation_comes_back_to_the_operator(
    pbx: AsteriskInstance, by: str
) -> None:
    with talk(pbx) as now:
        now.redirect("set-aside", "op-02")
        now.until_bridged("op-01", "op-02")
        if by == "vanished":
            now.manager.act("Hangup", Channel=now.leg)
        else:
            now.one.hang_up(now.one.invites()[0])
        now.events.wait_event("UserEvent", UserEvent="CallReturned")
        now.events.wait_event("UserEvent", UserEvent="TalkBegan", Kind="transfer")
        now.until_bridged("trunk", "op-01")
    assert pbx.complaints() == []


def start_conference(now: Talk, colleague: str) -> None:
    done = now.manager.act(
        "Redirect", Channel=now.leg, Context="conference", Exten="other", Priority="1",
        ExtraChannel=colleague, ExtraContext="conference", ExtraExten="other", ExtraPriority="1",
    )  # fmt: skip
    assert done["Response"] == "Success", done
    move_caller(now, "conference", "caller")


@pytest.mark.parametrize("first", ["operator", "colleague"])
def test_a_conference_goes_on_without_one_and_ends_with_the_last(pbx: AsteriskInstance, first: str) -> None:
    with talk(pbx) as now:
        now.redirect("set-aside", "op-02")
        colleague = now.events.wait_event("UserEvent", UserEvent="TalkBegan", Kind="consultation")["Channel"]
        now.until_bridged("op-01", "op-02")
        start_conference(now, colleague)
        now.until_bridged("trunk", "op-01", "op-02")
        order = [now.one, now.two] if first == "operator" else [now.two, now.one]
        order[0].hang_up(order[0].invites()[0])
        now.until_bridged("trunk", order[1].endpoint)
        order[1].hang_up(order[1].invites()[0])
        now.caller.wait_for_bye(5)
        assert ended(now, "op-02") == ("transfer", "operator")
        assert ended(now, "op-01") == ("queue", "operator")
    assert pbx.complaints() == []


def test_a_caller_whose_conference_vanished_comes_back_to_the_last_of_it(pbx: AsteriskInstance) -> None:
    with talk(pbx) as now:
        now.redirect("set-aside", "op-02")
        colleague = now.events.wait_event("UserEvent", UserEvent="TalkBegan", Kind="consultation")["Channel"]
        now.until_bridged("op-01", "op-02")
        start_conference(now, colleague)
        now.until_bridged("trunk", "op-01", "op-02")
        now.manager.act("Hangup", Channel=colleague)
        now.until_bridged("trunk", "op-01")
        now.manager.act("Hangup", Channel=now.leg)
        now.events.wait_event("UserEvent", UserEvent="CallReturned")
        now.events.wait_event("UserEvent", UserEvent="TalkBegan", Kind="transfer")
        now.until_bridged("trunk", "op-01")
    assert pbx.complaints() == []


def test_a_telephone_is_rung_for_a_call_out_and_only_when_it_is_free(pbx: AsteriskInstance) -> None:
    def place() -> None:
        pbx.cli("channel originate Local/op-01*+79160000001@own-telephone/n application Hangup")

    with Telephone(pbx, "op-01") as one, pbx.events() as events:
        assert one.register() == 200
        place()
        asked = events.wait_event("UserEvent", UserEvent="CallOutAsked")
        assert (asked["Number"], asked["Operator"]) == ("+79160000001", "PJSIP/op-01")
        (invite,) = one.invites()
        assert "answer-after=0" in invite.headers["call-info"]
        place()
        wait_for(lambda: "Local/" not in pbx.cli("core show channels concise"), "the end of the second")
        one.hang_up(invite)
        wait_for(lambda: "0 active channels" in pbx.cli("core show channels"), "the end")
        assert len(one.invites()) == 1
