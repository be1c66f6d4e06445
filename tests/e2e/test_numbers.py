"""The forms in which telephone companies write numbers, on a real Asterisk with nothing else running."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random

import pytest

from callcenter.domain.phone import e164
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
OTHER_NUMBER = "78121234567"
SHORT_CODE = "0511"
NOBODY = "84957777777"
ANONYMOUS = b"<sip:anonymous@anonymous.invalid>"
DIRECTORY = Directory(
    numbers=((NUMBER, "ru"), (OTHER_NUMBER, "ru"), (SHORT_CODE, "ru")), endpoints=(("op-01", "first-secret"),)
)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    with asterisk(tmp_path_factory.mktemp("asterisk"), DIRECTORY, answers_per_s=1000) as instance:
        yield instance
        assert instance.complaints() == []


def arrival(pbx: AsteriskInstance, caller: Caller) -> tuple[str, str]:
    """The number dialled and the caller's, as the ledger has them of this call."""
    before = len(pbx.ledger())
    with caller:
        assert caller.invite() == 200
        caller.hang_up()
        lines = wait_for(lambda: [line for line in pbx.ledger()[before:] if line[4] == "ARRIVED"], "the call")
    assert len(lines) == 1
    wait_for(lambda: [line for line in pbx.ledger()[before:] if line[4] == "ENDED"], "its end")
    return lines[0][6], lines[0][7]


def written(number: str) -> list[str]:
    """A Russian number as trunks write it."""
    rest = number[1:]
    return [*(plus + start + rest for plus, start in product(("", "+"), ("7", "8"))), rest, f"8-{rest[:3]}-{rest[3:]}"]


@pytest.mark.parametrize("number", [NUMBER, OTHER_NUMBER])
def test_a_company_is_reached_by_its_number_in_any_form_and_header(pbx: AsteriskInstance, number: str) -> None:
    port = pbx.settings.asterisk.sip_port
    for form in (each.encode() for each in written(number)):
        calls = {
            "request line": Caller(port, form),
            "To, the login in the request line": Caller(port, b"0042000001", to=form),
            "To, a login of letters in the request line": Caller(port, b"office-kpp2", to=form),
            "To, nobody in the request line": Caller(port, b"", to=form),
            "Diversion, the login in both": Caller(
                port, b"0042000001", to=b"0042000001", headers=[b"Diversion: <sip:" + form + b"@c>;reason=unknown"]
            ),
            "Diversion as a telephone's address": Caller(
                port, b"s", to=b"login", headers=[b'Diversion: "A @ B" <tel:' + form + b">;privacy=off"]
            ),
        }
        for place, caller in calls.items():
            assert arrival(pbx, caller)[0] == number, (place, form)


def test_the_number_is_looked_for_in_the_headers_that_are_set_and_in_no_others(tmp_path: Path) -> None:
    named = [b"P-Called-Party-ID: <sip:8" + NUMBER[1:].encode() + b"@c>"]
    with asterisk(tmp_path, DIRECTORY, more={"dialled_number_in": ["P-Called-Party-ID"]}) as instance:
        port = instance.settings.asterisk.sip_port
        assert arrival(instance, Caller(port, b"login", to=b"login", headers=named))[0] == NUMBER
        assert arrival(instance, Caller(port, OTHER_NUMBER.encode(), headers=named))[0] == NUMBER
        assert arrival(instance, Caller(port, OTHER_NUMBER.encode()))[0] != OTHER_NUMBER


def test_a_short_code_is_known_as_it_is_written(pbx: AsteriskInstance) -> None:
    assert arrival(pbx, Caller(pbx.settings.asterisk.sip_port, SHORT_CODE.encode()))[0] == SHORT_CODE


def test_the_number_of_no_company_is_told_as_it_was_dialled_and_not_as_the_trunks_login(pbx: AsteriskInstance) -> None:
    port = pbx.settings.asterisk.sip_port
    assert arrival(pbx, Caller(port, b"0042000001", to=NOBODY.encode()))[0] == NOBODY
    assert arrival(pbx, Caller(port, b"0042000001", to=b"0042000001"))[0] == "0042000001"
    assert arrival(pbx, Caller(port, b""))[0] == ""


def test_a_header_of_garbage_is_cut_and_evaluated_by_nobody(pbx: AsteriskInstance) -> None:
    garbage = [
        b"Diversion: <sip:$%7BEPOCH%7D@c>",
        b'Diversion: "${EPOCH}, $[1+1] ) (" <sip:a,b)(@c>;x="1:2?3"',
        b"Diversion: ${SHELL(id)}",
        b"Diversion: <sip:c:5060>",
        b'Diversion: ]["${',
    ]
    for header in garbage:
        called = Caller(pbx.settings.asterisk.sip_port, b"login", to=b"login", headers=[header])
        assert arrival(pbx, called)[0] == "", header


@pytest.mark.parametrize(
    ("identity", "privacy", "caller"),
    [
        (b"<sip:+79000000001@carrier.invalid>", None, "+79000000001"),
        (b"<sip:89000000001@carrier.invalid>", b"none", "+79000000001"),
        (b"<tel:+79000000001>", None, "+79000000001"),
        (b"<sip:+79000000001@carrier.invalid>", b"id", ""),
        (b"<sip:+79000000001@carrier.invalid>", b"user;id;critical", ""),
        (None, None, ""),
    ],
)
def test_a_caller_is_whom_the_telephone_company_asserts_unless_withheld(
    pbx: AsteriskInstance, identity: bytes | None, privacy: bytes | None, caller: str
) -> None:
    given = {b"P-Asserted-Identity: ": identity, b"Privacy: ": privacy}
    headers = [name + value for name, value in given.items() if value is not None]
    call = Caller(pbx.settings.asterisk.sip_port, NUMBER.encode(), ANONYMOUS, headers=headers)
    assert arrival(pbx, call) == (NUMBER, caller)


def test_whoever_is_asserted_by_a_trunk_that_is_not_trusted_is_not_the_caller(tmp_path: Path) -> None:
    def distrust(etc: Path) -> None:
        text = (etc / "pjsip.conf").read_text()
        assert "trust_id_inbound = yes" in text
        (etc / "pjsip.conf").write_text(text.replace("trust_id_inbound = yes", "trust_id_inbound = no"))

    with asterisk(tmp_path, DIRECTORY, change=distrust) as instance:
        port = instance.settings.asterisk.sip_port
        asserted = [b"P-Asserted-Identity: <sip:+79000000001@carrier.invalid>"]
        assert arrival(instance, Caller(port, NUMBER.encode(), headers=asserted)) == (NUMBER, "+79160000001")
        assert arrival(instance, Caller(port, NUMBER.encode(), ANONYMOUS, headers=asserted)) == (NUMBER, "")


def test_a_number_in_from_may_be_withheld_too(pbx: AsteriskInstance) -> None:
    call = Caller(pbx.settings.asterisk.sip_port, NUMBER.encode(), headers=[b"Privacy: id"])
    assert arrival(pbx, call) == (NUMBER, "")


def test_a_trunks_login_as_asserted_identity_does_not_hide_from(pbx: AsteriskInstance) -> None:
    headers = [b"P-Asserted-Identity: <sip:office-kpp@carrier.invalid>"]
    assert arrival(pbx, Caller(pbx.settings.asterisk.sip_port, NUMBER.encode(), headers=headers))[1] == "+79160000001"


def callers() -> Iterator[str]:
    for national in ("9000000001", "4950000101", "8120000001", "7012345678", "2345678901", "0291234567"):
        for start in ("", "7", "8", "78", "+7", "+8", "+78", "+", "810", "00", "+810", "8107", "007"):
            yield start + national
    for foreign in ("375291234567", "4930123456", "8613800138000", "12125551234", "37251234567", "420601123456"):
        yield from (start + foreign for start in ("", "+", "810", "00", "+810", "+00"))
    yield from ("112", "02", "2345678", "+7916", "0", "00", "810", "+", "1+1", "++79000000001", "9" * 16, "8" * 31)
    yield from ("9000000001#4950000101", "+79000000001#", "#9000000001", "0000000000", "80291234567", "71234567890")


def test_the_dialplan_and_the_service_agree_on_every_form_of_a_callers_number(pbx: AsteriskInstance) -> None:
    port = pbx.settings.asterisk.sip_port
    forms = list(dict.fromkeys(callers()))
    assert len(forms) > 100
    there = {}
    for form in forms:
        uri = b"<sip:" + form.replace("#", "%23").encode() + b"@127.0.0.2>"
        there[form] = arrival(pbx, Caller(port, NUMBER.encode(), uri))[1]
    here = {form: e164(form) for form in forms}
    assert {form: number for form, number in there.items() if number != here[form]} == {}


LOGINS = (b"0042000001", b"office-kpp2", b"", b"s", b"trunk.42", b"%D0%B0", b"%24%7BEPOCH%7D")
NOBODYS = ("74957777777", "88005553535", "1234567", "999", "375291234567", "9" * 20)


@dataclass(frozen=True)
class Invite:
    """A call as some telephone company might send it. `did`, `caller`: what a person would understand by it."""

    request: bytes
    to: bytes
    source: bytes
    headers: tuple[bytes, ...]
    did: str
    caller: str


def spelt(random: Random, digits: str) -> bytes:
    """A Russian number in one of the forms that a person understands."""
    rest = digits[1:]
    start = random.choice(("7", "+7", "8", "+8", "", "007", "8107", "+78"))
    between = random.choice(("", "", "", "-", ".", "(", "%20"))
    body = f"({rest[:3]}){rest[3:6]}-{rest[6:]}" if between == "(" else between.join((rest[:3], rest[3:6], rest[6:]))
    return f"{start}{body}".encode()


def generated(seed: int) -> Invite:
    random = Random(seed)
    if random.random() < 0.7:
        did = random.choice((NUMBER, OTHER_NUMBER))
        dialled = spelt(random, did)
    else:
        did = random.choice(NOBODYS)
        dialled = did.encode()
    # A login of digits cannot be told from a number that is none of this country.
    logins = LOGINS if len(did) == len(NUMBER) else LOGINS[1:]
    place = random.choice(("request", "to", "diversion"))
    request, to = random.choice(logins), random.choice(logins)
    headers: list[bytes] = []
    if place == "request":
        request, to = dialled, random.choice((dialled, b"login", b""))
    elif place == "to":
        to = dialled
    else:
        written = random.choice((b"<sip:%b@c>;reason=unknown", b"<tel:%b>", b'"A, B" <sip:%b@c:5060>', b"<sips:%b@c>"))
        headers.append(b"Diversion: " + written % dialled)
    source, caller = who(random, headers)
    return Invite(request, to, source, tuple(headers), did, caller)


def who(random: Random, headers: list[bytes]) -> tuple[bytes, str]:
    """The From header, and whom it makes the caller together with the headers that are added."""
    number = f"79{random.randrange(10**9):09}"
    source, caller = random.choice(
        (
            (b"<sip:%b@127.0.0.2>" % spelt(random, number), f"+{number}"),
            (b'"\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0" <sip:%b@127.0.0.2>' % spelt(random, number), f"+{number}"),
            (ANONYMOUS, ""),
            (b"<sip:office@127.0.0.2>", ""),
        )
    )
    identity = random.choice((None, None, "number", "tel", "login"))
    asserted = f"79{random.randrange(10**9):09}"
    if identity in ("number", "tel"):
        form = b"<sip:%b@c>" if identity == "number" else b"<tel:%b>"
        # In a tel URI there are no blanks (RFC 3966).
        headers.append(b"P-Asserted-Identity: " + form % spelt(random, asserted).replace(b"%20", b"-"))
        caller = f"+{asserted}"
    elif identity == "login":
        headers.append(b"P-Asserted-Identity: <sip:office@c>")
    if random.random() < 0.1:
        headers.append(b"Privacy: id")
        caller = ""
    return source, caller


def test_two_hundred_generated_calls_each_reach_their_company_or_are_shown_as_they_were_dialled(
    pbx: AsteriskInstance,
) -> None:
    wrong = {}
    for seed in range(200):
        invite = generated(seed)
        before = len(pbx.ledger())
        call = Caller(
            pbx.settings.asterisk.sip_port, invite.request, invite.source, to=invite.to, headers=invite.headers
        )
        try:
            heard = arrival(pbx, call)
        except TimeoutError:
            wrong[seed] = (invite, "no answer", "")
            continue
        rejected = "REJECTED" in [line[4] for line in pbx.ledger()[before:]]
        if (*heard, rejected) != (invite.did, invite.caller, invite.did in NOBODYS):
            wrong[seed] = (invite, heard, rejected)
    assert wrong == {}
