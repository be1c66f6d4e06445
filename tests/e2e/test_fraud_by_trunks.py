"""Ways from one telephone company to another, and what a talk that was allowed could be turned into: nothing leaves."""

import re
import socket
import threading
from collections.abc import Iterator

import pytest

from callcenter.telephony.render import Directory
from callcenter.telephony.trunk_line import TrunkLine
from stack.sip_message import Message
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, free_port, wait_for
from tests.e2e.caller import TRUNK, Caller
from tests.e2e.silent_carrier import Carrier
from tests.e2e.telephone import Telephone
from tests.e2e.web_telephone import WebTelephone

pytestmark = pytest.mark.e2e

DID, CREW = "74951234567", "+79160000002"
PAID = ("%2B78095551234", "88095551234", "810492211234567", "%2B4922112345678")
OUTSIDE, OTHER = "127.0.0.5", "127.0.0.6"
"""The trunk by which calls may go out, and one from which calls only come."""


@pytest.fixture(scope="module")
def port() -> int:
    return free_port(socket.SOCK_DGRAM, OUTSIDE)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[AsteriskInstance]:
    directory = Directory(
        numbers=((DID, "ru"),),
        endpoints=(("op-01", "first-secret"), ("op-02", "other-secret"), ("web-01", "web-secret")),
        trunks=(
            TrunkLine(name="out", server=OUTSIDE, port=port, calls_out=True),
            TrunkLine(name="other", hosts=(OTHER,), dialled_number_in=("request", "To", "Diversion", "History-Info")),
        ),
    )
    with asterisk(tmp_path_factory.mktemp("asterisk"), directory, ring_s=3) as instance:
        yield instance


@pytest.fixture
def outside(pbx: AsteriskInstance, port: int) -> Iterator[Telephone]:
    """The company at the trunk by which calls may go out; nobody called the one of the settings."""
    settings_own = Carrier(TRUNK)
    with Telephone(pbx, "outside", port, OUTSIDE) as made:
        yield made
        pbx.cli("channel request hangup all")
        wait_for(lambda: not pbx.cli("core show channels concise").split(), "the end of every call")
    assert settings_own.called() == []
    settings_own.close()


@pytest.fixture
def anna(pbx: AsteriskInstance) -> Iterator[Telephone]:
    with Telephone(pbx, "op-01") as telephone:
        assert telephone.register() == 200
        yield telephone


@pytest.fixture
def boris(pbx: AsteriskInstance) -> Iterator[Telephone]:
    with Telephone(pbx, "op-02") as telephone:
        assert telephone.register() == 200
        yield telephone


@pytest.fixture
def web(pbx: AsteriskInstance) -> Iterator[WebTelephone]:
    """The telephone in a browser of an operator who would cheat."""
    with WebTelephone(pbx, "web-01") as telephone:
        assert telephone.register() == 200
        yield telephone


def caller_by(pbx: AsteriskInstance, host: str, dialled: str, *headers: str) -> Caller:
    """Somebody who calls by the trunk at this address."""
    return Caller(
        pbx.settings.asterisk.sip_port,
        dialled.encode(),
        f"<sip:+79160000001@{host}>".encode(),
        host=host,
        headers=[header.encode() for header in headers],
    )


def judged(pbx: AsteriskInstance, phone: Telephone, dialled: str, verdict: str, *headers: str) -> Message:
    """Dial, with somebody who sets the verdict as the node would; the final answer."""
    with pbx.events() as events, pbx.actions() as manager:

        def decide() -> None:
            asked = events.wait_event("UserEvent", UserEvent="CallOutAsked")
            manager.act("Setvar", Channel=asked["Channel"], Variable="VERDICT", Value=verdict)

        deciding = threading.Thread(target=decide)
        deciding.start()
        answer = phone.call(dialled, *headers)
        deciding.join()
    return answer


def allowed(pbx: AsteriskInstance, phone: Telephone, outside: Telephone) -> tuple[Message, Message]:
    """A talk with the crew: the operator's side of it, and the company's."""
    answer = judged(pbx, phone, CREW, f"allowed/{DID}")
    assert answer.status == 200
    (invite,) = outside.invites()
    return answer, invite


@pytest.mark.parametrize("dialled", [*PAID, "112", "e112", "trunk_out", "op-01", "", "79001234567%40127.0.0.5"])
@pytest.mark.parametrize("host", [OTHER, OUTSIDE])
def test_what_one_telephone_company_dials_does_not_go_to_another(
    pbx: AsteriskInstance, outside: Telephone, anna: Telephone, host: str, dialled: str
) -> None:
    with caller_by(pbx, host, dialled) as caller:
        assert caller.invite() == 200
        caller.wait_for_bye(5)
    assert outside.invites() == []
    assert anna.invites() == []


HEADERS = {
    "Diversion": "Diversion: <sip:+78095551234@127.0.0.5>;reason=unconditional",
    "Diversion to the trunk": "Diversion: <sip:+78095551234@127.0.0.5:{port};maddr=127.0.0.5>",
    "History-Info": "History-Info: <sip:+78095551234@127.0.0.5:{port}>;index=1",
    "Refer-To": "Refer-To: <sip:+78095551234@127.0.0.5:{port}>",
    "Referred-By": "Referred-By: <sip:+78095551234@127.0.0.5:{port}>",
    "Route": "Route: <sip:127.0.0.5:{port};lr>",
    "Replaces": "Replaces: none@nowhere;to-tag=1;from-tag=2",
    "Alert-Info": "Alert-Info: <sip:+78095551234@127.0.0.5:{port}>",
    "Contact": "Contact: <sip:+78095551234@127.0.0.5:{port}>",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
@pytest.mark.parametrize("dialled", ["%2B78095551234", DID])
def test_what_a_caller_says_of_others_calls_nobody(
    pbx: AsteriskInstance, outside: Telephone, port: int, header: str, dialled: str
) -> None:
    with caller_by(pbx, OTHER, dialled, header.format(port=port)) as caller:
        before = len(pbx.ledger())
        if caller.invite() == 200:
            wait_for(
                lambda: {"ENTERQUEUE", "REJECTED"} & {line[4] for line in pbx.ledger()[before:]},
                "what becomes of the call",
            )
    pbx.cli("channel request hangup all")
    wait_for(lambda: not pbx.cli("core show channels concise").split(), "the end of the call")
    assert outside.invites() == []


@pytest.mark.parametrize("host", [OTHER, OUTSIDE])
def test_a_caller_by_a_trunk_refers_nobody(pbx: AsteriskInstance, outside: Telephone, port: int, host: str) -> None:
    with caller_by(pbx, host, DID) as caller:
        assert caller.invite() == 200
        for to in (b"<sip:+78095551234@127.0.0.5:%d>" % port, b"<sip:+78095551234@127.0.0.1>", b"<tel:+78095551234>"):
            assert caller.refer(to) >= 400
    assert outside.invites() == []


@pytest.mark.parametrize("status", ["302 Moved Temporarily", "305 Use Proxy", "380 Alternative Service"])
def test_a_telephone_company_that_sends_a_call_elsewhere_is_not_followed(
    pbx: AsteriskInstance, outside: Telephone, anna: Telephone, port: int, status: str
) -> None:
    contact = f"Contact: <sip:%2B78095551234@{OUTSIDE}:{port}>"
    outside.answer = lambda: (status, contact)
    assert judged(pbx, anna, CREW, f"allowed/{DID}").status >= 400
    assert len(outside.invites()) == 1


REFERENCES = (
    "<sip:%2B78095551234@127.0.0.5:{port}>",
    "<sip:%2B78095551234@127.0.0.1>",
    "<sip:88095551234@127.0.0.1>",
    "<sip:op-02@127.0.0.1>",
    "<tel:+78095551234>",
)


@pytest.mark.parametrize("to", REFERENCES)
def test_whoever_was_called_outside_is_sent_nowhere_by_either_side(
    pbx: AsteriskInstance, outside: Telephone, anna: Telephone, boris: Telephone, port: int, to: str
) -> None:
    answer, invite = allowed(pbx, anna, outside)
    assert outside.refer(invite, to.format(port=port)) >= 400
    told = anna.refer(answer, to.format(port=port))
    assert told >= 400 or wait_for(lambda: refused(anna), "the refusal")
    assert len(outside.invites()) == 1
    assert boris.invites() == []


def refused(telephone: Telephone) -> bool:
    """Whether it was told that its transfer failed."""
    return any(each.method == "NOTIFY" and re.match("SIP/2.0 [456]", each.body) for each in telephone.heard)


def replacing(call: Message) -> str:
    """What names a dialogue of the telephone that made this call."""
    tags = {side: re.search(r"tag=([^;>]+)", call.headers[side]) for side in ("to", "from")}
    assert tags["to"]
    assert tags["from"]
    return f"{call.headers['call-id']};to-tag={tags['to'][1]};from-tag={tags['from'][1]}"


def test_a_consultation_that_was_refused_cannot_be_transferred_to(
    pbx: AsteriskInstance, outside: Telephone, anna: Telephone, boris: Telephone
) -> None:
    answer = anna.call("op-02")
    assert answer.status == 200
    no = judged(pbx, anna, PAID[0], "refused/no_rule")
    assert no.status >= 400
    quoted = replacing(no).replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
    told = anna.refer(answer, f"<sip:{PAID[0]}@127.0.0.1?Replaces={quoted}>")
    assert told >= 400 or wait_for(lambda: refused(anna), "the refusal")
    assert outside.invites() == []


@pytest.mark.parametrize("dialled", [PAID[0], "op-02", "s"])
def test_a_call_in_place_of_another_dials_nothing(
    pbx: AsteriskInstance, outside: Telephone, anna: Telephone, boris: Telephone, dialled: str
) -> None:
    """Replaces names a talk that is there: whoever says so may get into it, and never further."""
    answer, _ = allowed(pbx, anna, outside)
    boris.call(dialled, f"Replaces: {replacing(answer)}")
    assert len(outside.invites()) == 1


def test_a_telephone_company_takes_over_no_talk(
    pbx: AsteriskInstance, outside: Telephone, anna: Telephone, boris: Telephone
) -> None:
    answer = anna.call("op-02")
    assert answer.status == 200
    before = len(pbx.ledger())
    with caller_by(pbx, OTHER, DID, f"Replaces: {replacing(answer)}") as caller:
        assert caller.invite() >= 400
    assert len(pbx.cli("core show channels concise").splitlines()) == 2, "the talk goes on"
    assert not [line for line in pbx.ledger()[before:] if line[4] == "TALK"]
    assert outside.invites() == []


@pytest.mark.parametrize("dialled", [*PAID, "trunk_out", "s", "PJSIP%2Ftrunk_out", "1%40trunk_out"])
def test_a_telephone_in_a_browser_dials_nobody_without_a_verdict(
    pbx: AsteriskInstance, outside: Telephone, web: WebTelephone, dialled: str
) -> None:
    assert web.call(dialled).status >= 400
    assert outside.invites() == []


def test_a_telephone_in_a_browser_calls_out_when_it_may(
    pbx: AsteriskInstance, outside: Telephone, web: WebTelephone
) -> None:
    """Or what the other tests see would be nothing."""
    assert judged(pbx, web, CREW, f"allowed/{DID}").status == 200
    assert len(outside.invites()) == 1


@pytest.mark.parametrize("contact", ["<sip:{paid}@127.0.0.5:{port}>", "<sip:web-01@127.0.0.5:{port};transport=udp>"])
def test_a_telephone_in_a_browser_registers_for_nobody_else(
    pbx: AsteriskInstance, outside: Telephone, web: WebTelephone, boris: Telephone, port: int, contact: str
) -> None:
    web.register(contact.format(paid=PAID[0], port=port))
    boris.call("web-01")
    assert outside.invites() == []


def test_a_telephone_in_a_browser_sends_no_call_elsewhere(
    pbx: AsteriskInstance, outside: Telephone, web: WebTelephone, boris: Telephone, port: int
) -> None:
    web.answer = lambda: ("302 Moved Temporarily", f"Contact: <sip:{PAID[0]}@{OUTSIDE}:{port}>")
    assert boris.call("web-01").status == 486
    assert len(web.invites()) == 1
    web.answer = lambda: ("200 OK",)
    assert boris.call("web-01").status == 200
    told = web.refer(web.invites()[-1], f"<sip:{PAID[0]}@{OUTSIDE}:{port}>")
    assert told >= 400 or wait_for(lambda: refused(web), "the refusal")
    assert outside.invites() == []
