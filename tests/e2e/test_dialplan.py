"""The dialplan on a real Asterisk with nothing else running: no service, no database."""

import re
import socket
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import EVENTS, Directory
from callcenter.telephony.version import new_enough
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
OTHER_NUMBER = "74957654321"
DIRECTORY = Directory(
    numbers=((NUMBER, "ru"), (OTHER_NUMBER, "en")), endpoints=(("op-01", "first-secret"), ("op-02", "other-secret"))
)
ROUTE = NUMBER.encode()


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    with asterisk(
        tmp_path_factory.mktemp("asterisk"), DIRECTORY, ring_s=3, max_wait_s=10, music_up_to=1, answers_per_s=2
    ) as instance:
        yield instance


# What Asterisk itself says, before any dialplan, of bytes that are no SIP or no text.
MALFORMED = ("PJSIP syntax error", "invalid UTF-8 characters which were replaced")
# The price of true silence.
SILENCE = ("Music on Hold class 'silence' not found", "Music on Hold class 'default' not found")


@pytest.fixture(autouse=True)
def _no_complaints(pbx: AsteriskInstance) -> Iterator[None]:
    """No call, however odd, costs a WARNING, but for those that are expected."""
    before = len(pbx.complaints())
    yield
    new = pbx.complaints()[before:]
    assert [line for line in new if not any(words in line for words in (*MALFORMED, *SILENCE))] == []


class Ledger:
    """What the ledger gained since this was made."""

    def __init__(self, pbx: AsteriskInstance) -> None:
        self._pbx = pbx
        self._start = len(pbx.ledger())

    def lines(self) -> list[list[str]]:
        return self._pbx.ledger()[self._start :]

    def kinds(self) -> list[str]:
        return [line[4] for line in self.lines()]

    def until(self, kind: str) -> list[list[str]]:
        wait_for(lambda: kind in self.kinds(), f"{kind} in the ledger, which has {self.kinds()}", timeout_s=15)
        return self.lines()


@pytest.fixture
def ledger(pbx: AsteriskInstance) -> Ledger:
    return Ledger(pbx)


@pytest.fixture
def member(pbx: AsteriskInstance) -> Iterator[None]:
    """op-01 answers the queue."""
    with pbx.actions() as manager:
        added = manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")
        assert added["Response"] == "Success", added
        yield
        manager.act("QueueRemove", Queue=OPERATORS, Interface="PJSIP/op-01")


def arrived(line: list[str]) -> tuple[str, str]:
    assert line[4] == "ARRIVED"
    return line[6], line[7]


def test_it_boots_without_a_complaint(pbx: AsteriskInstance) -> None:
    assert pbx.complaints() == []
    assert wait_for(pbx.ledger, "the ledger")[0][4] == "QUEUESTART"


def test_a_call_is_greeted_queued_answered_and_recorded(pbx: AsteriskInstance, ledger: Ledger, member: None) -> None:
    with (
        pbx.operator("operator_hangs_up"),
        pbx.call(NUMBER) as caller,
    ):
        ledger.until("TALKENDED")
        lines = ledger.until("ENDED")
        assert caller.wait(timeout=10) == 0
    kinds = [line[4] for line in lines if line[4] not in ("QUEUESTART", "ADDMEMBER", "REMOVEMEMBER")]
    # The ends of the queue, the operator's leg and the caller's come in any order.
    assert [*kinds[:4], *sorted(kinds[4:])] == [
        "ARRIVED",
        "ENTERQUEUE",
        "TALK",
        "CONNECT",
        "COMPLETEAGENT",
        "ENDED",
        "TALKENDED",
    ]
    calls = {line[1] for line in lines if line[4] in kinds}
    assert len(calls) == 1
    uniqueid = calls.pop()
    assert uniqueid.startswith("node1-")
    by_kind = {line[4]: line for line in lines}
    assert arrived(by_kind["ARRIVED"]) == (NUMBER, "+79160000001")
    assert abs(float(by_kind["ARRIVED"][5]) - time.time()) < 30
    assert re.fullmatch(r"\d+\.\d{6}", by_kind["ENDED"][5])
    assert by_kind["CONNECT"][2:4] == [OPERATORS, "PJSIP/op-01"]
    name = by_kind["TALK"][6]
    leg = by_kind["CONNECT"][6]
    assert re.fullmatch(rf"{uniqueid}_{re.escape(leg)}_\d{{10}}", name)
    assert by_kind["TALKENDED"][6:] == [name, "queue", by_kind["TALK"][5], "operator"]
    loudness, seconds = measure(wait_for(lambda: pbx.recordings(name), "the recording")[0])
    assert abs(seconds - 2.0) < 0.3
    assert loudness > 1000


def measure(path: Path) -> tuple[int, float]:
    """The loudest sample of the operator's voice, the left one, and the seconds."""
    with wave.open(str(path)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 2, 2)
        samples = memoryview(sound.readframes(sound.getnframes())).cast("h")
        return max(map(abs, samples[::2])), len(samples) / 16000


@pytest.mark.parametrize(
    "dialled",
    [b"", b"h", b"s", b"i", b"anything", b"12", b"74950000000", b"9" * 200, b"%24%7BEPOCH%7D", b"%D0%B0", b"a.b_c-d!"],
)
def test_a_number_of_no_company_is_told_so_and_never_queued(
    pbx: AsteriskInstance, ledger: Ledger, dialled: bytes
) -> None:
    with pbx.events() as events, Caller(pbx.settings.asterisk.sip_port, dialled) as caller:
        assert caller.invite() == 200
        caller.wait_for_bye(5)
        rejected = events.wait_event("UserEvent", UserEvent="NumberRejected")
        lines = ledger.until("ENDED")
    assert [line[4] for line in lines] == ["ARRIVED", "REJECTED", "ENDED"]
    assert {line[1] for line in lines} == {rejected["Linkedid"]}


@pytest.mark.parametrize("dialled", [b"+" + ROUTE, ROUTE + b";phone-context=evil9", b"+7(495)123-45-67"])
def test_a_company_number_is_known_however_it_is_written(pbx: AsteriskInstance, ledger: Ledger, dialled: bytes) -> None:
    with Caller(pbx.settings.asterisk.sip_port, dialled) as caller:
        assert caller.invite() == 200
        caller.hang_up()
        lines = ledger.until("ENDED")
    assert arrived(lines[0])[0] == NUMBER


@pytest.mark.parametrize(
    ("caller_id", "expected"),
    [
        (b"<sip:127.0.0.2>", ""),
        (b"<sip:anonymous@anonymous.invalid>", ""),
        (b"<sip:" + b"7" * 200 + b"@127.0.0.2>", "7" * 32),
        (b'"\\"quoted\\" 5" <sip:+79160000001@127.0.0.2>', "+79160000001"),
        (b"<sip:+7916%0D%0AVariable:%20X=1@127.0.0.2>", "+7916"),
        (b"<sip:+7916%0D%0A%0D%0AAction:%20Logoff@127.0.0.2>", "+7916"),
        (b"<sip:1';drop%20table%20calls--@127.0.0.2>", "1"),
        (b"<sip:$%7BSHELL(id)%7D@127.0.0.2>", ""),
        (b"<sip:$%7BEPOCH%7D@127.0.0.2>", ""),
        (b'"${EPOCH}" <sip:%24%7BEPOCH%7D%24%5B1+1%5D@127.0.0.2>', "1+1"),
        (b"<sip:..%2F..%2Fetc%2Fpasswd@127.0.0.2>", ""),
        (b"<sip:),$%7BEPOCH%7D,(@127.0.0.2>", ""),
        (b"<sip:a%7C5%7Cb%2C6@127.0.0.2>", "56"),
        (b'"\xff\xfe\xc3(" <sip:+7916@127.0.0.2>', "+7916"),
        (b"<sip:+7916%FF%C3%28@127.0.0.2>", "+7916"),
    ],
)
def test_a_hostile_caller_id_is_filtered_and_not_evaluated(
    pbx: AsteriskInstance, ledger: Ledger, caller_id: bytes, expected: str
) -> None:
    with pbx.events() as events, Caller(pbx.settings.asterisk.sip_port, ROUTE, caller_id) as caller:
        assert caller.invite() == 200
        heard = events.wait_event("UserEvent", UserEvent="CallArrived")
        caller.hang_up()
        lines = ledger.until("ENDED")
    assert (heard["Did"], heard["Caller"]) == (NUMBER, expected)
    assert heard["CallerIDName"] in ("", "<unknown>")
    assert heard["CallerIDNum"] == (expected or "<unknown>")
    assert arrived(lines[0]) == (NUMBER, expected)
    assert [len(line) for line in lines if line[4] == "ARRIVED"] == [8]


def test_what_is_no_sip_is_dropped_and_costs_nobody_else(pbx: AsteriskInstance, ledger: Ledger) -> None:
    port = pbx.settings.asterisk.sip_port
    for malformed in (b"<sip:+7916\xff\xc3@127.0.0.2>", b"<sip:[1+1]@127.0.0.2>"):
        with Caller(port, ROUTE, malformed) as caller, pytest.raises(TimeoutError):
            caller.invite(timeout_s=0.3)
    assert ledger.lines() == []
    with Caller(port, ROUTE) as caller:
        assert caller.invite() == 200
        caller.hang_up()
        ledger.until("ENDED")


def test_the_same_call_id_twice_is_two_calls(pbx: AsteriskInstance, ledger: Ledger) -> None:
    port = pbx.settings.asterisk.sip_port
    with Caller(port, ROUTE, call_id=b"same") as first, Caller(port, ROUTE, call_id=b"same") as second:
        assert first.invite() == 200
        assert second.invite() == 200
        second.hang_up()
        ledger.until("ENDED")
        first.hang_up()
        wait_for(lambda: ledger.kinds().count("ENDED") == 2, "both ends")
    assert len({line[1] for line in ledger.lines()}) == 2


@pytest.mark.parametrize(
    ("caller_id", "line"),
    [
        (b"<sip:+79160000003@127.0.0.2>", "trunk-3"),
        (b'"sip:11@x" <sip:89160000007@127.0.0.2>', "trunk-7"),
        (b"<sip:anonymous@anonymous.invalid>", "trunk"),
        (b"<sip:op-01@127.0.0.2>", "trunk"),
    ],
)
def test_callers_are_spread_over_the_trunks_lines(
    pbx: AsteriskInstance, ledger: Ledger, caller_id: bytes, line: str
) -> None:
    port = pbx.settings.asterisk.sip_port
    with pbx.events() as events, Caller(port, ROUTE, caller_id) as caller:
        assert caller.invite() == 200
        assert events.wait_event("UserEvent", UserEvent="CallArrived")["Channel"].rpartition("-")[0] == f"PJSIP/{line}"
        caller.hang_up()
        ledger.until("ENDED")


def test_nobody_but_the_trunk_and_the_operators_gets_in(pbx: AsteriskInstance, ledger: Ledger) -> None:
    with Caller(pbx.settings.asterisk.sip_port, ROUTE, host="127.0.0.9") as caller:
        assert caller.invite() == 401
    assert ledger.lines() == []


def test_requests_of_strangers_write_nothing_into_asterisks_log(pbx: AsteriskInstance) -> None:
    log = pbx.home / "log" / "messages"
    before = log.read_bytes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.9", 0))
        place = f"127.0.0.9:{stranger.getsockname()[1]}"
        packets = [
            f"{method} sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {place};branch=z9hG4bK{method}{user}\r\n"
            f"From: <sip:{user}@127.0.0.1>;tag=1\r\nTo: <sip:100@127.0.0.1>\r\nCall-ID: {method}{user}\r\n"
            f"CSeq: 1 {method}\r\nContact: <sip:{place}>\r\nMax-Forwards: 70\r\n"
            f'Authorization: Digest username="{user}",realm="asterisk",nonce="1/a",uri="sip:x",response="{"0" * 32}"\r\n'
            "Content-Length: 0\r\n\r\n"
            for method in ("INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE")
            for user in ("100", "79000000001", "op-01", "trunk")
        ]
        for packet in (*packets, "\0\1" * 20, "INVITE sip:x SIP/2.0\r\nVia: none\r\nFrom: <<<\r\n\r\n"):
            stranger.sendto(packet.encode(), ("127.0.0.1", pbx.settings.asterisk.sip_port))
        time.sleep(1)
    assert log.read_bytes() == before


def test_no_file_but_the_ledger_has_the_callers_number(pbx: AsteriskInstance, ledger: Ledger) -> None:
    with Caller(pbx.settings.asterisk.sip_port, ROUTE, b"<sip:+79165550017@127.0.0.2>") as caller:
        assert caller.invite() == 200
        caller.hang_up()
        ledger.until("ENDED")
    files = [path for path in (pbx.home / "log").rglob("*") if path.is_file()]
    assert [path.name for path in files if b"79165550017" in path.read_bytes()] == ["queue_log"]


def test_hanging_up_during_the_greeting(pbx: AsteriskInstance, ledger: Ledger) -> None:
    with Caller(pbx.settings.asterisk.sip_port, ROUTE) as caller:
        assert caller.invite() == 200
        ledger.until("ARRIVED")
        caller.hang_up()
        ledger.until("ENDED")
    assert ledger.kinds() == ["ARRIVED", "ENDED"]


def waiting(pbx: AsteriskInstance) -> list[str]:
    """For each caller who counts as waiting when companies take turns, the company's number."""
    return re.findall(r"^PJSIP/trunk\S*\s+(\d+)\s+waiting", pbx.cli("group show channels"), re.MULTILINE)


def test_hanging_up_while_waiting(pbx: AsteriskInstance, ledger: Ledger) -> None:
    with pbx.events() as events, Caller(pbx.settings.asterisk.sip_port, ROUTE) as caller:
        assert caller.invite() == 200
        events.wait_event("QueueCallerJoin", Queue=OPERATORS)
        assert waiting(pbx) == [NUMBER]
        caller.hang_up()
        events.wait_event("QueueCallerAbandon")
        lines = ledger.until("ENDED")
    assert [line[4] for line in lines] == ["ARRIVED", "ENTERQUEUE", "ABANDON", "ENDED"]
    assert not pbx.recordings(lines[0][1])


def test_hanging_up_while_it_rings(pbx: AsteriskInstance, ledger: Ledger, member: None) -> None:
    with (
        pbx.operator("operator_rings"),
        pbx.events() as events,
        Caller(pbx.settings.asterisk.sip_port, ROUTE) as caller,
    ):
        assert caller.invite() == 200
        called = events.wait_event("AgentCalled", Interface="PJSIP/op-01")
        assert called["MemberName"] == "PJSIP/op-01"
        wait_for(lambda: "!Ringing!" in pbx.cli("core show channels concise"), "the telephone to ring")
        caller.hang_up()
        ledger.until("ENDED")
    kinds = [kind for kind in ledger.kinds() if not kind.endswith("MEMBER")]
    assert kinds == ["ARRIVED", "ENTERQUEUE", "RINGCANCELED", "ABANDON", "ENDED"]


@pytest.mark.parametrize("scenario", ["operator_rejects", "operator_vanishes"])
def test_an_operator_who_does_not_answer_costs_the_caller_nothing(
    pbx: AsteriskInstance, ledger: Ledger, member: None, scenario: str
) -> None:
    with (
        pbx.operator(scenario),
        pbx.events() as events,
        Caller(pbx.settings.asterisk.sip_port, ROUTE) as caller,
    ):
        assert caller.invite() == 200
        events.wait_event("AgentRingNoAnswer", Interface="PJSIP/op-01")
        lines = ledger.until("RINGNOANSWER")
        assert "1" in pbx.cli(f"queue show {OPERATORS}").split(" has ")[1].split()[0]
        caller.hang_up()
        ledger.until("ENDED")
    assert [line[3] for line in lines if line[4] == "RINGNOANSWER"] == ["PJSIP/op-01"]
    assert "CONNECT" not in ledger.kinds()


def bridged(pbx: AsteriskInstance) -> bool:
    """Whether two channels hear each other."""
    return any(" 2 " in line for line in pbx.cli("bridge show all").splitlines()[1:])


def test_hanging_up_while_talking(pbx: AsteriskInstance, ledger: Ledger, member: None) -> None:
    with (
        pbx.operator("operator_listens"),
        pbx.events() as events,
        Caller(pbx.settings.asterisk.sip_port, ROUTE) as caller,
    ):
        assert caller.invite() == 200
        events.wait_event("UserEvent", UserEvent="TalkBegan", Operator="PJSIP/op-01")
        wait_for(lambda: bridged(pbx), "the talk")
        assert waiting(pbx) == []
        caller.hang_up()
        assert events.wait_event("UserEvent", UserEvent="TalkEnded")["By"] == "caller"
        lines = ledger.until("ENDED")
        ended = events.wait_event("Hangup", Uniqueid=lines[-1][1])
        names = {event["Event"] for event in events.seen}
    kinds = [line[4] for line in lines if not line[4].endswith("MEMBER")]
    assert set(kinds) >= {"ARRIVED", "ENTERQUEUE", "TALK", "CONNECT", "ENDED"}
    name = next(line[6] for line in lines if line[4] == "TALK")
    wait_for(lambda: pbx.recordings(name), "the recording")
    assert next(line[6] for line in lines if line[4] == "ENDED") == ended["Cause"]
    assert names <= set(EVENTS)


def rounds(pbx: AsteriskInstance) -> dict[str, int]:
    """For each company's number the round in which its newest caller has a turn."""
    return {number: int(at) for number, at in re.findall(r"ROUND_(\S+?)=(\d+)", pbx.cli("dialplan show globals"))}


def test_the_service_names_the_caller_and_chooses_the_road(pbx: AsteriskInstance, ledger: Ledger) -> None:
    before = rounds(pbx)
    with (
        pbx.events() as events,
        pbx.actions() as actions,
        Caller(pbx.settings.asterisk.sip_port, ROUTE) as caller,
    ):
        assert caller.invite() == 200
        channel = events.wait_event("UserEvent", UserEvent="CallArrived")["Channel"]
        for name, value in (("CALLERID(name)", "Анна, кв. 12"), ("ROUTE", OTHER_NUMBER)):
            done = actions.act("Setvar", Channel=channel, Variable=name, Value=value)
            assert done["Response"] == "Success", done
        joined = events.wait_event("QueueCallerJoin")
        caller.hang_up()
        ledger.until("ENDED")
    assert (joined["Queue"], joined["CallerIDName"]) == (OPERATORS, "Анна, кв. 12")
    assert rounds(pbx).keys() - before.keys() == {OTHER_NUMBER}


@pytest.mark.parametrize("route", ["999", "none", "${EPOCH}"])
def test_a_road_to_nowhere_is_the_default_road(pbx: AsteriskInstance, ledger: Ledger, route: str) -> None:
    with (
        pbx.events() as events,
        pbx.actions() as actions,
        Caller(pbx.settings.asterisk.sip_port, ROUTE) as caller,
    ):
        assert caller.invite() == 200
        channel = events.wait_event("UserEvent", UserEvent="CallArrived")["Channel"]
        assert actions.act("Setvar", Channel=channel, Variable="ROUTE", Value=route)["Response"] == "Success"
        assert events.wait_event("QueueCallerJoin")["Queue"] == OPERATORS
        caller.hang_up()
        ledger.until("ENDED")
    assert rounds(pbx).keys() <= {NUMBER, OTHER_NUMBER}


def test_the_greeting_is_short_once_many_wait(pbx: AsteriskInstance, ledger: Ledger) -> None:
    port = pbx.settings.asterisk.sip_port
    with pbx.events() as events, Caller(port, ROUTE) as first, Caller(port, ROUTE) as second:
        assert first.invite() == 200
        events.wait_event("QueueCallerJoin")
        whole = first.packets()
        assert second.invite() == 200
        events.wait_event("QueueCallerJoin", Count="2")
        assert 0 < second.packets() < whole / 2
        first.hang_up()
        second.hang_up()
        wait_for(lambda: ledger.kinds().count("ENDED") == 2, "both ends")


def test_whoever_hears_the_short_greeting_overtakes_nobody(pbx: AsteriskInstance, ledger: Ledger) -> None:
    port = pbx.settings.asterisk.sip_port
    with pbx.events() as events, Caller(port, ROUTE) as first, Caller(port, ROUTE) as second:
        assert first.invite() == 200
        first_call = events.wait_event("UserEvent", UserEvent="CallArrived")["Uniqueid"]
        wait_for(first.packets, "the greeting")
        assert second.invite() == 200
        joined = [events.wait_event("QueueCallerJoin") for _ in range(2)]
        assert [each["Position"] for each in joined] == ["1", "2"]
        assert joined[0]["Uniqueid"] == first_call
        first.hang_up()
        second.hang_up()
        wait_for(lambda: ledger.kinds().count("ENDED") == 2, "both ends")


def test_of_many_each_is_answered_in_turn(pbx: AsteriskInstance, ledger: Ledger) -> None:
    """`answers_per_s` is 2: the third of many who call at once is answered a second after the first of them."""
    port = pbx.settings.asterisk.sip_port
    with ExitStack() as stack:
        events = stack.enter_context(pbx.events())
        alone, *many = [stack.enter_context(Caller(port, ROUTE)) for _ in range(4)]
        assert alone.invite() == 200
        events.wait_event("QueueCallerJoin")
        answers = stack.enter_context(ThreadPoolExecutor())
        called, calls = time.monotonic(), []
        for caller in many:
            calls.append(answers.submit(lambda caller=caller: (caller.invite(), time.monotonic() - called)))
            time.sleep(0.05)
        answered = [call.result() for call in calls]
        assert [status for status, _ in answered] == [200, 200, 200]
        waited = [seconds for _, seconds in answered]
        assert waited[0] < 0.4 < waited[1] < 0.9 < waited[2] < 1.6
        joined = [events.wait_event("QueueCallerJoin") for _ in many]
        assert [each["Position"] for each in joined] == ["2", "3", "4"]
        for caller in (alone, *many):
            caller.hang_up()
        wait_for(lambda: ledger.kinds().count("ENDED") == 4, "all ends")


def test_who_waits_too_long_is_told_and_let_go(pbx: AsteriskInstance, ledger: Ledger) -> None:
    """Beside the one who hears music, another waits in silence: no packet is sent to that one."""
    port = pbx.settings.asterisk.sip_port
    with pbx.events() as events, Caller(port, ROUTE) as first, Caller(port, ROUTE) as second:
        assert first.invite() == 200
        events.wait_event("QueueCallerJoin")
        assert second.invite() == 200
        events.wait_event("QueueCallerJoin", Count="2")
        second.packets()
        for _ in range(3):
            wait_for(first.packets, "music")
        events.wait_event("UserEvent", timeout_s=15, UserEvent="QueueTimedOut")
        assert second.packets() < 5
        first.wait_for_bye(5)
        second.wait_for_bye(5)
        wait_for(lambda: ledger.kinds().count("ENDED") == 2, "both ends")
    assert ledger.kinds().count("EXITWITHTIMEOUT") == 2


def test_the_accounts_may_do_what_they_need_and_no_more(pbx: AsteriskInstance) -> None:
    with pbx.actions() as actions, pbx.events() as events:
        events.wait_event("FullyBooted")
        for action in ("Ping", "CoreStatus", "CoreShowChannels", "QueueStatus"):
            assert actions.act(action)["Response"] == "Success", action
        assert new_enough(actions.act("CoreSettings")["AsteriskVersion"])
        # Refused for the channel that does not exist, not for lack of permission.
        assert actions.act("MixMonitorMute", Channel="PJSIP/none", State="1")["Message"] != "Permission denied"
        for action in ("Command", "Originate", "GetConfig", "UpdateConfig", "MixMonitor"):
            assert actions.act(action)["Message"] == "Permission denied", action
        for action in ("Setvar", "QueueAdd", "Command", "CoreShowChannels"):
            assert events.act(action)["Message"] == "Permission denied", action


@pytest.mark.parametrize(("path", "status"), [("/ws", "101"), ("/static/", "404"), ("/httpstatus", "404")])
def test_the_web_port_carries_the_socket_of_telephones_only(pbx: AsteriskInstance, path: str, status: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    request += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    with socket.create_connection(("127.0.0.1", pbx.settings.asterisk.ws_port), timeout=5) as connection:
        connection.sendall((request + "Sec-WebSocket-Protocol: sip\r\n\r\n").encode())
        assert connection.recv(1024).split()[1].decode() == status
        if status == "101":
            connection.sendall(b"\x88\x80\0\0\0\0")  # an orderly close
            while connection.recv(1024):
                pass


def test_two_live_side_by_side_and_leave_nothing(pbx: AsteriskInstance, tmp_path: Path) -> None:
    with asterisk(tmp_path, DIRECTORY) as other:
        assert "0 active channels" in other.cli("core show channels")
        assert other.process.pid != pbx.process.pid
    assert other.process.returncode == 0
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    assert "0 active channels" in pbx.cli("core show channels")
