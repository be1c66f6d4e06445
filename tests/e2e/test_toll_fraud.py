"""Nothing leaves for the telephone company, whatever an operator's telephone or a caller sends: a real Asterisk, and a
carrier on the trunk's address that must not be called."""

import re
import threading
from collections.abc import Iterator

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import Directory
from callcenter.telephony.trunk_line import TrunkLine
from stack.sip_message import read
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import TRUNK, Caller
from tests.e2e.silent_carrier import Carrier
from tests.e2e.telephone import Telephone

pytestmark = pytest.mark.e2e

DID = "74951234567"
PAID = "%2B79001234567"
OUTSIDE = "127.0.0.5"
"""Where the trunk goes by which calls may go out."""
BY_NAME, NAMED = "asterisk", "127.0.0.1"
"""A name in Asterisk's own list of hosts, and whose it is."""


class Answering(Carrier):
    """One that says that it is there, and is busy when it is called: Asterisk would call it."""

    def __init__(self) -> None:
        super().__init__(OUTSIDE)
        self._socket.setblocking(True)
        self._socket.settimeout(0.02)
        self._calls: list[bytes] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        super().close()

    def called(self) -> list[bytes]:
        calls, self._calls = self._calls, []
        return calls

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                data, sender = self._socket.recvfrom(8192)
            except TimeoutError:
                continue
            message = read(data)
            if message.first.startswith("INVITE "):
                self._calls.append(data.split(b"\r\n")[0])
            if message.status or message.method == "ACK":
                continue
            status = "486 Busy Here" if message.method == "INVITE" else "200 OK"
            lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in message.vias)]
            lines += [f"{name}: {message.headers[name.lower()]}" for name in ("From", "To", "Call-ID", "CSeq")]
            self._socket.sendto("".join(f"{line}\r\n" for line in (*lines, "Content-Length: 0", "")).encode(), sender)


@pytest.fixture(scope="module")
def outside() -> Iterator[Answering]:
    made = Answering()
    yield made
    made.close()


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory, outside: Answering) -> Iterator[AsteriskInstance]:
    """Calls can go out by its trunk; there is no node that would allow any."""
    directory = Directory(
        numbers=((DID, "ru"),),
        endpoints=(("op-01", "first-secret"), ("op-02", "other-secret"), ("op-03", "third-secret")),
        trunks=(TrunkLine(name="out", server=OUTSIDE, port=outside.port, calls_out=True),),
    )
    with asterisk(tmp_path_factory.mktemp("asterisk"), directory, ring_s=3) as instance:
        yield instance


def channels(pbx: AsteriskInstance) -> list[str]:
    return pbx.cli("core show channels concise").splitlines()


@pytest.fixture(autouse=True)
def _nobody_left(pbx: AsteriskInstance) -> Iterator[None]:
    yield
    pbx.cli("channel request hangup all")
    wait_for(lambda: not channels(pbx), "the end of every call")


@pytest.fixture
def carrier(outside: Answering) -> Iterator[Carrier]:
    """Neither it nor the one outside was called."""
    made = Carrier(TRUNK)
    yield made
    assert made.called() == []
    assert outside.called() == []
    made.close()


@pytest.fixture
def bad(pbx: AsteriskInstance) -> Iterator[Telephone]:
    """op-01, whose registration the test forges."""
    with Telephone(pbx, "op-01") as telephone:
        assert telephone.register() == 200
        wait_for(lambda: "Not in use" in pbx.cli("pjsip show endpoint op-01"), "the telephone to be there")
        yield telephone
        telephone.answer = lambda: ("486 Busy Here",)
        telephone.register()


@pytest.fixture
def good(pbx: AsteriskInstance) -> Iterator[Telephone]:
    with Telephone(pbx, "op-02") as telephone:
        assert telephone.register() == 200
        yield telephone


FORGED = {
    "the trunk's address": ["<sip:{paid}@{trunk}>"],
    "a name of the trunk": ["<sip:{paid}@{name}>"],
    "two Contacts": ["{own}", "<sip:{paid}@{trunk}>"],
    "two Contacts in one line": ["{own}, <sip:{paid}@{name}>"],
    "an expired one first": ["{own};expires=0", "<sip:{paid}@{trunk}>"],
    "an expired one first, then a name": ["{own};expires=0", "<sip:op-01@{name}>"],
    "an expired one first, then another way to write it": ["{own};expires=0, <sip:op-01@127.2:{port}>"],
    "an expired one first, then a number at any address": ["{own};expires=0", "<sip:{paid}@127.0.0.77:{port}>"],
    "an expired one first, then another place to send it to": ["{own};expires=0", "<sip:op-01@{free};maddr=127.0.0.2>"],
    "another place to send it to": ["<sip:op-01@{free};maddr=127.0.0.2>"],
    "another place, its name in escapes": ["<sip:op-01@{free};%6d%41ddr=127.0.0.2>"],
    "a route in a header": ["<sip:op-01@{free}?Route=%3Csip:127.0.0.2:{port}%3Blr%3E>"],
    "an expired one first, then a route": ["{own};expires=0, <sip:op-01@{free}?Route=%3Csip:127.0.0.2:{port}%3Blr%3E>"],
    "a telephone number": ["<tel:+79001234567>"],
    "an address of the other kind": ["{own};expires=0", "<sip:op-01@[::ffff:127.0.0.2]:{port}>"],
}


@pytest.mark.parametrize("contacts", FORGED.values(), ids=FORGED.keys())
def test_a_forged_registration_calls_nobody_outside(
    pbx: AsteriskInstance, carrier: Carrier, bad: Telephone, good: Telephone, contacts: list[str]
) -> None:
    """Also from the carrier's port: of a Contact that names another host too, Asterisk keeps the port."""
    words = {
        "own": f"<sip:op-01@{bad.address}>",
        "paid": PAID,
        "port": carrier.port,
        "trunk": f"{TRUNK}:{carrier.port}",
        "name": f"{BY_NAME}:{carrier.port}",
        "free": f"{bad.host}:{carrier.port}",
    }
    others = [Carrier(host, carrier.port) for host in (NAMED, "127.0.0.77")]
    with Telephone(pbx, "op-01", port=carrier.port) as same_port:
        for telephone in (bad, same_port):
            assert bad.register() == 200
            telephone.register(*(contact.format(**words) for contact in contacts))
            # Whatever came of it: who is called now is at the telephone's own address, or nobody.
            answer = good.call("op-01")
            mine = [each for own in (bad, same_port) for each in own.invites()]
            assert (answer.status == 200) == bool(mine), answer.first
            assert [each.called() for each in (carrier, *others)] == [[], [], []]
            good.hang_up(answer)
            bad.heard.clear()
            same_port.heard.clear()
    for each in others:
        each.close()


@pytest.mark.parametrize("name", ["maddr", "MAddr", "%6d%41ddr"])
def test_the_telephone_company_is_not_asked_whether_a_telephone_is_there(
    pbx: AsteriskInstance, carrier: Carrier, name: str
) -> None:
    with Telephone(pbx, "op-01", port=carrier.port) as telephone:
        assert telephone.register(f"<sip:op-01@{telephone.address};{name}={TRUNK}>") >= 400
        assert telephone.register() == 200
        wait_for(lambda: "Not in use" in pbx.cli("pjsip show endpoint op-01"), "the telephone to be there")
        assert carrier.asked() == []


def test_a_telephone_at_home_registers_and_rings(pbx: AsteriskInstance, bad: Telephone, good: Telephone) -> None:
    """It knows only its address behind the router; it is called where its registration came from."""
    assert bad.register('<sip:op-01@192.168.1.20:5062;line=abc>;+sip.instance="<urn:uuid:1>"') == 200
    answer = good.call("op-01")
    assert answer.status == 200
    assert len(bad.invites()) == 1


REDIRECTS = {
    "a number": "sip:%2B79001234567@127.0.0.2",
    "a colleague": "sip:op-02@127.0.0.1",
    "a company's number": f"sip:{DID}@127.0.0.1",
    "the technology and the trunk in the name": "sip:PJSIP%2Ftrunk%2Fsip%3A%2B79001234567%40127.0.0.2%3A{port}@x",
    "a technology of Asterisk's own": "sip:Local%2F{did}%40numbers@x",
    "a telephone number": "tel:+79001234567",
}


@pytest.mark.parametrize("target", REDIRECTS.values(), ids=REDIRECTS.keys())
@pytest.mark.parametrize("status", ["302 Moved Temporarily", "305 Use Proxy"])
def test_a_telephone_that_sends_a_call_elsewhere_is_not_followed(
    pbx: AsteriskInstance, carrier: Carrier, bad: Telephone, good: Telephone, target: str, status: str
) -> None:
    contact = f"Contact: <{target.format(port=carrier.port, did=DID)}>"
    bad.answer = lambda: (status, contact)
    answer = good.call("op-01")
    assert answer.status == 486, "nor is the one who calls sent there"
    assert len(bad.invites()) == 1
    assert good.invites() == []
    wait_for(lambda: not channels(pbx), "the end of the call")


REFERENCES = {
    "a number": "<sip:%2B79001234567@127.0.0.2:{port}>",
    "a number at our own address": "<sip:%2B79001234567@127.0.0.1>",
    "nobody at the carrier": "<sip:127.0.0.2:{port}>",
    "a technology": "<sip:PJSIP%2Ftrunk%2Fsip%3A%2B79001234567%40127.0.0.2%3A{port}@127.0.0.1>",
    "a telephone number": "<tel:+79001234567>",
    "a dialogue of somebody else's": "<sip:op-02@127.0.0.2:{port}?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>",
    "a context of the dialplan": "<sip:s@queue>",
}


def refused(telephone: Telephone) -> bool:
    """Whether it was told that its transfer failed."""
    return any(each.method == "NOTIFY" and re.match("SIP/2.0 [456]", each.body) for each in telephone.heard)


@pytest.mark.parametrize("to", REFERENCES.values(), ids=REFERENCES.keys())
def test_an_operator_refers_a_caller_to_nobody_outside(
    pbx: AsteriskInstance, carrier: Carrier, bad: Telephone, good: Telephone, to: str
) -> None:
    answer = good.call("op-01")
    assert answer.status == 200
    (invite,) = bad.invites()
    told = bad.refer(invite, to.format(port=carrier.port))
    assert told >= 400 or wait_for(lambda: refused(bad), "the refusal")
    assert len(channels(pbx)) == 2, "the talk goes on"


def test_a_colleague_at_a_foreign_host_is_our_colleague(
    pbx: AsteriskInstance, carrier: Carrier, bad: Telephone, good: Telephone
) -> None:
    """Only the name before the @ counts in a transfer."""
    with Telephone(pbx, "op-03") as third:
        assert third.register() == 200
        assert good.call("op-01").status == 200
        (invite,) = bad.invites()
        assert bad.refer(invite, f"<sip:op-03@{TRUNK}:{carrier.port}>") == 202
        wait_for(third.invites, "the colleague's telephone to ring")


@pytest.mark.parametrize("to", ["op-03", DID])
def test_a_colleague_whom_nobody_called_for_does_not_come_into_the_queue(
    pbx: AsteriskInstance, bad: Telephone, good: Telephone, to: str
) -> None:
    assert good.call("op-01").status == 200
    (invite,) = bad.invites()
    bad.refer(invite, f"<sip:{to}@127.0.0.1>")
    wait_for(lambda: not channels(pbx) or "Callers:" in pbx.cli("queue show"), "the end of the call")
    assert channels(pbx) == []
    assert not [line for line in pbx.ledger() if "RETURNED" in line]
    assert not [line for line in pbx.complaints() if "QueueLog" in line]


def test_the_telephone_company_refers_nobody(pbx: AsteriskInstance, carrier: Carrier) -> None:
    with Caller(pbx.settings.asterisk.sip_port, DID.encode()) as caller:
        assert caller.invite() == 200
        assert caller.refer(b"<sip:%%2B79001234567@127.0.0.2:%d>" % carrier.port) >= 400
        caller.hang_up()


@pytest.mark.parametrize("dialled", [b"%2B79001234567", b"89001234567", b"op-01", b"s", b"PJSIP%2Ftrunk%2Fx", b""])
def test_what_the_trunk_dials_goes_to_a_company_or_to_nobody(
    pbx: AsteriskInstance, carrier: Carrier, bad: Telephone, dialled: bytes
) -> None:
    with Caller(pbx.settings.asterisk.sip_port, dialled) as caller:
        assert caller.invite() == 200
        caller.wait_for_bye(5)
    assert bad.invites() == []


@pytest.mark.parametrize(
    "dialled",
    ["%2B79001234567", "s", DID, "PJSIP%2Ftrunk", "d74951234567", "_.!", "i", "h", "81049301234567", "e112", "trunk_out",
     "9001234567%40127.0.0.5", "%2B7900%26PJSIP%2F1%40trunk_out", "0", "101", "none", "over"],
)  # fmt: skip
def test_an_operator_dials_nobody_but_a_colleague(
    pbx: AsteriskInstance, carrier: Carrier, good: Telephone, dialled: str
) -> None:
    assert good.call(dialled).status >= 400


@pytest.mark.parametrize("verdict", ["refused/no_rule", "ALLOWED/74951234567", "1", "refused/allowed/7", "/allowed"])
def test_a_verdict_that_does_not_allow_lets_nothing_out(
    pbx: AsteriskInstance, carrier: Carrier, good: Telephone, verdict: str
) -> None:
    assert judged(pbx, good, "89001234567", verdict) >= 400


def test_only_a_verdict_that_allows_lets_one_call_out(
    pbx: AsteriskInstance, outside: Answering, good: Telephone
) -> None:
    assert judged(pbx, good, "89001234567", f"allowed/{DID}") == 486
    assert outside.called() == [b"INVITE sip:+79001234567@%s:%d SIP/2.0" % (OUTSIDE.encode(), outside.port)]


def test_what_an_allowed_number_has_beside_digits_is_not_dialled(
    pbx: AsteriskInstance, outside: Answering, good: Telephone
) -> None:
    judged(pbx, good, "%2B79001234567%26PJSIP%2Fx%40trunk_out", f"allowed/{DID}")
    assert outside.called() == [b"INVITE sip:+79001234567@%s:%d SIP/2.0" % (OUTSIDE.encode(), outside.port)]


def judged(pbx: AsteriskInstance, phone: Telephone, dialled: str, verdict: str) -> int:
    """Dial, with somebody who sets the verdict as the node would; the status of the answer."""
    with pbx.events() as events, pbx.actions() as manager:

        def decide() -> None:
            asked = events.wait_event("UserEvent", UserEvent="CallOutAsked")
            manager.act("Setvar", Channel=asked["Channel"], Variable="VERDICT", Value=verdict)

        deciding = threading.Thread(target=decide)
        deciding.start()
        status = phone.call(dialled).status
        deciding.join()
    return status


def test_an_emergency_number_goes_out_without_a_verdict(
    pbx: AsteriskInstance, outside: Answering, good: Telephone
) -> None:
    assert good.call("112").status == 486
    assert outside.called() == [b"INVITE sip:112@%s:%d SIP/2.0" % (OUTSIDE.encode(), outside.port)]


def test_with_a_caller_on_the_line_nothing_leaves_either(
    pbx: AsteriskInstance, carrier: Carrier, bad: Telephone
) -> None:
    """A consultation outside is judged as every call."""
    with (
        pbx.actions() as manager,
        Caller(pbx.settings.asterisk.sip_port, DID.encode()) as caller,
    ):
        manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")
        assert caller.invite() == 200
        wait_for(lambda: [line for line in pbx.ledger() if line[4] == "TALK"], "the talk")
        assert bad.call("89001234567").status >= 400
        caller.hang_up()
        manager.act("QueueRemove", Queue=OPERATORS, Interface="PJSIP/op-01")


@pytest.mark.parametrize("header", [b"Diversion: <sip:+79001234567@127.0.0.5>", b"History-Info: <sip:+79001234567@127.0.0.5>",
                                    b"P-Called-Party-ID: <sip:+79001234567@127.0.0.5>", b"Route: <sip:127.0.0.5;lr>"])  # fmt: skip
def test_what_a_caller_says_of_forwarding_calls_nobody(pbx: AsteriskInstance, carrier: Carrier, header: bytes) -> None:
    with Caller(pbx.settings.asterisk.sip_port, b"%2B79001234567", headers=(header,)) as caller:
        caller.invite()
        caller.wait_for_bye(5)


@pytest.mark.parametrize(
    "caller_id",
    [
        b'"PJSIP/trunk" <sip:PJSIP%%2Ftrunk%%2Fsip%%3A%%2B79001234567%%40127.0.0.2%%3A%d@127.0.0.2>',
        b"<sip:%%24%%7BDIAL(PJSIP%%2Ftrunk%%2Fsip%%3A1%%40127.0.0.2%%3A%d)%%7D@127.0.0.2>",
        b'"Local/s@queue&PJSIP/trunk/sip:1@127.0.0.2:%d" <sip:+79160000001@127.0.0.2>',
    ],
)
def test_a_caller_id_calls_nobody(pbx: AsteriskInstance, carrier: Carrier, bad: Telephone, caller_id: bytes) -> None:
    with (
        pbx.actions() as manager,
        Caller(pbx.settings.asterisk.sip_port, DID.encode(), caller_id % carrier.port) as caller,
    ):
        manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")
        assert caller.invite() == 200
        wait_for(bad.invites, "the operator's telephone to ring")
        caller.hang_up()
        manager.act("QueueRemove", Queue=OPERATORS, Interface="PJSIP/op-01")


@pytest.mark.parametrize("keys", ["#", "##", "*1", "*2", "*8", "#179001234567", "*279001234567#"])
def test_keys_pressed_in_a_talk_do_nothing(
    pbx: AsteriskInstance, carrier: Carrier, bad: Telephone, good: Telephone, keys: str
) -> None:
    answer = good.call("op-01")
    (invite,) = bad.invites()
    for key in keys:
        assert bad.press(invite, key) == 200
        assert good.press(answer, key) == 200
    assert len(channels(pbx)) == 2, "the talk goes on"
