"""What is typed about a trunk, what Asterisk's configuration makes of it, and what the console shows of one."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.errors import RenderError
from callcenter.telephony.render import Directory, render
from callcenter.telephony.trunk_line import Dtmf, NumberForm, SessionTimers, Transport, TrunkLine
from callcenter.trunks.trunk import TrunkState, read_form
from callcenter.trunks.watch import states
from tests.asterisk.test_render import INJECTIONS, rendered, sections, settings

REGISTERED = TrunkLine(
    name="alpha",
    server="sip.example.org",
    port=5062,
    transport=Transport.TLS,
    srtp=True,
    registers=True,
    login="4951234567",
    password="p#ss,word",
    hosts=("203.0.113.0/28", "gate.example.org"),
    codecs=("ulaw", "alaw"),
    dtmf=Dtmf.INFO,
    session_timers=SessionTimers.NEVER,
    trust_asserted_identity=False,
    send_asserted_identity=True,
    from_user="4951234567",
    from_domain="ims.example.org",
    calls_out=True,
    addresses=("203.0.113.77",),
)
TYPED = {
    "name": "alpha",
    "transport": "udp",
    "dtmf": "rfc4733",
    "session_timers": "always",
    "number_form": "plus",
    "codecs": "alaw",
    "dialled_number_in": "request, To",
    "server": "203.0.113.5",
}


def directory(*trunks: TrunkLine) -> Directory:
    return Directory((("74951234567", "ru"),), (("op-01", "one-1"),), trunks)


def test_everything_that_is_set_reaches_asterisk(tmp_path: Path) -> None:
    pjsip = sections(rendered(tmp_path, directory=directory(REGISTERED))["pjsip.conf"])
    assert {
        ("context", "inbound"), ("transport", "tls"), ("allow", "ulaw,alaw"), ("identify_by", "ip"),
        ("allow_transfer", "no"), ("dtmf_mode", "info"), ("media_encryption", "sdes"), ("timers", "no"),
        ("trust_id_inbound", "no"), ("send_pai", "yes"), ("from_user", "4951234567"), ("from_domain", "ims.example.org"),
        ("match", "203.0.113.0/28"), ("match", "203.0.113.77"),
        ("username", "4951234567"), ("password", "p#ss,word"), ("line", "yes"), ("endpoint", "trunk_alpha"),
        ("client_uri", "sip:4951234567@ims.example.org"), ("contact_user", "4951234567"),
    } <= set(pjsip["trunk_alpha"])  # fmt: skip
    assert len([name for name, _ in pjsip["trunk_alpha"] if name == "match"]) == 2, "names are the node's business"
    assert ("protocol", "tls") in pjsip["tls"]
    assert "tcp" not in pjsip


def test_the_server_is_called_by_the_transport_at_its_port(tmp_path: Path) -> None:
    text = rendered(tmp_path, directory=directory(REGISTERED))["pjsip.conf"]
    assert r"server_uri = sip:sip.example.org:5062\;transport=tls" in text
    plain = replace(REGISTERED, transport=Transport.UDP, srtp=False, port=None, server="2001:db8::5")
    text = rendered(tmp_path, directory=directory(plain))["pjsip.conf"]
    assert "server_uri = sip:[2001:db8::5]\n" in text


def test_behind_a_router_every_transport_names_the_address_outside(tmp_path: Path) -> None:
    given = settings(asterisk={"external_address": "198.51.100.7", "local_networks": ["10.0.0.0/8"]})
    pjsip = sections(rendered(tmp_path, given, directory(REGISTERED))["pjsip.conf"])
    for transport in ("udp", "tls"):
        assert {
            ("external_signaling_address", "198.51.100.7"),
            ("external_media_address", "198.51.100.7"),
            ("local_net", "10.0.0.0/8"),
        } <= set(pjsip[transport])


def test_verification_of_certificates_is_by_the_authority_that_is_given(tmp_path: Path) -> None:
    given = settings(asterisk={"tls_ca": "/etc/asterisk/ca.pem"})
    tls = sections(rendered(tmp_path, given, directory(REGISTERED))["pjsip.conf"])["tls"]
    assert {("ca_list_file", "/etc/asterisk/ca.pem"), ("verify_server", "yes")} <= set(tls)


def test_no_telephone_can_be_named_as_a_trunk_nor_register_at_its_address(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="an endpoint"):
        rendered(tmp_path, directory=Directory((), (("trunk_alpha", "x"),)))
    pjsip = sections(rendered(tmp_path, directory=directory(REGISTERED))["pjsip.conf"])
    assert {("contact_deny", "203.0.113.0/28"), ("contact_deny", "203.0.113.77")} <= set(pjsip["operator"])


def test_the_settings_trunk_is_chosen_by_its_own_addresses_beside_the_number(tmp_path: Path) -> None:
    """A call of another trunk, or a telephone whose account is digits, is not taken for one of it."""
    given = settings(asterisk={"trunk_addresses": ["127.0.0.2", "10.5.0.0/16"]})
    lines = dict(sections(rendered(tmp_path, given)["pjsip.conf"])["trunk-1"])
    pattern = re.compile(lines["match_header"].removeprefix("From: /").removesuffix("/"))
    for own in ("<sip:+79160000001@127.0.0.2>", "<sip:101@10.5.7.9:5060>", "<sip:11@127.0.0.2;tag=x>"):
        assert pattern.search(own), own
    for other in (
        "<sip:+79160000001@203.0.113.5>",
        "<sip:101@10.50.7.9>",
        "<sip:101@127.0.0.23>",
        "<sip:101@x127.0.0.2>",
    ):
        assert not pattern.search(other), other


def test_without_addresses_in_the_settings_there_is_no_trunk_of_theirs(tmp_path: Path) -> None:
    files = rendered(tmp_path, settings(asterisk={"trunk_addresses": []}), directory(REGISTERED))
    pjsip = sections(files["pjsip.conf"])
    assert [name for name in pjsip if name.startswith("trunk")] == ["trunk-line", "trunk_alpha"]


@pytest.mark.parametrize("evil", [each for each in INJECTIONS if each])
@pytest.mark.parametrize(
    "field", ["name", "server", "login", "password", "from_user", "from_domain", "hosts", "dialled_number_in", "codecs",
              "caller_number"],
)  # fmt: skip
def test_a_trunk_that_is_configuration_is_refused(tmp_path: Path, field: str, evil: str) -> None:
    if field == "password" and evil in ("a#b", "${a}"):
        evil = "a;b"
    value: object = (evil,) if isinstance(getattr(REGISTERED, field), tuple) else evil
    with pytest.raises(RenderError, match=field) as refused:
        render(settings(), directory(replace(REGISTERED, **{field: value})), tmp_path / "etc")
    assert evil not in str(refused.value)
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"name": "Альфа"}, {"name"}),
        ({"name": ""}, {"name"}),
        ({"server": "", "hosts": ""}, {"hosts"}),
        ({"server": "sip:example.org"}, {"server"}),
        ({"port": "70000"}, {"port"}),
        ({"port": "-1"}, {"port"}),
        ({"port": "٣"}, {"port"}),
        ({"registers": "on"}, {"login", "password"}),
        ({"registers": "on", "login": "x", "password": "a b"}, {"password"}),
        ({"registers": "on", "login": "x", "password": "p", "server": "", "hosts": "10.0.0.1"}, {"registers"}),
        ({"codecs": "g729"}, {"codecs"}),
        ({"codecs": ""}, {"codecs"}),
        ({"dtmf": "morse"}, {"dtmf"}),
        ({"srtp": "on"}, {"srtp"}),
        ({"calls_at_once": "many"}, {"calls_at_once"}),
        ({"calls_at_once": "0"}, {"calls_at_once"}),
        ({"calls_per_s": "1.5"}, {"calls_per_s"}),
        ({"caller_number": "our number"}, {"caller_number"}),
        ({"calls_out": "on", "server": "", "hosts": "10.0.0.1"}, {"calls_out"}),
        ({"dialled_number_in": "To:"}, {"dialled_number_in"}),
    ],
)
def test_what_is_typed_wrong_is_named(typed: dict[str, str], wrong: set[str]) -> None:
    assert read_form(TYPED | typed) == (None, wrong)


def test_a_good_form_is_read_and_a_password_may_stay() -> None:
    form, wrong = read_form(TYPED | {"calls_out": "on", "calls_at_once": "30", "hosts": "10.0.0.1, 10.0.0.2"})
    assert form is not None, wrong
    assert form.line.hosts == ("10.0.0.1", "10.0.0.2")
    assert (form.line.calls_at_once, form.line.dialled_number_in) == (30, ("request", "To"))
    assert read_form(TYPED | {"registers": "on", "login": "x"}, has_password=True)[0] is not None


def test_a_trunks_limits_and_forms_are_lines_of_the_dialplan(tmp_path: Path) -> None:
    limited = replace(REGISTERED, calls_at_once=3, calls_per_s=2, number_form=NumberForm.NATIONAL)
    text = rendered(
        tmp_path, directory=directory(limited, replace(REGISTERED, name="beta", caller_number="+74950000000"))
    )
    out = text["dialplan/out.conf"]
    assert "Set(GROUP(trunk)=alpha)" in text["dialplan/number.conf"], "calls that come count too"
    assert "Set(GROUP(trunk)=beta)" not in text["dialplan/number.conf"]
    assert "${GROUP_COUNT(alpha@trunk)} > 3]?next)" in out
    assert "$[${THIS} > 2]?next)" in out
    assert '${IF($["${NUMBER:0:1}" = "7"]?8${NUMBER:1}:810${NUMBER})}' in out
    assert "CALLERID(all)=<+74950000000>" in out
    assert out.index("@trunk_alpha,") < out.index("@trunk_beta,"), "in the order that is given"


SHOWN_ENDPOINTS = """
 Endpoint:  op-01                                                Not in use    0 of inf
 Endpoint:  trunk_alpha                                          Not in use    0 of inf
 Endpoint:  trunk_beta                                           Unavailable   0 of inf
 Endpoint:  trunk_gamma                                          Not in use    0 of inf
 Endpoint:  trunk_delta                                          Not in use    0 of inf
"""
SHOWN_REGISTRATIONS = """
 trunk_alpha/sip:10.77.2.10                                trunk_alpha       Registered        (exp. 101s)
 trunk_gamma/sip:10.77.2.13;transport=tls                  trunk_gamma       Rejected          (exp. 30s)
"""
SHOWN_CONTACTS = """
  Contact:  op-01/sip:op-01@127.0.0.3:5060                 1c2b3a4f55 Avail         0.512
  Contact:  trunk_alpha/sip:10.77.2.10                     d5a1c0a3b8 Avail         1.012
  Contact:  trunk_beta/sip:10.77.2.11                      d5a1c0a3b9 Unavail         nan
  Contact:  trunk_gamma/sip:10.77.2.13;transport=tls       d5a1c0a3ba Avail         1.512
"""


def test_what_the_console_shows_is_a_state() -> None:
    assert states(SHOWN_ENDPOINTS, SHOWN_REGISTRATIONS, SHOWN_CONTACTS) == {
        "alpha": TrunkState.UP,
        "beta": TrunkState.DOWN,
        "gamma": TrunkState.REFUSED,
        "delta": TrunkState.UNKNOWN,
    }
    lost = SHOWN_REGISTRATIONS.replace("Registered", "Unregistered")
    assert states(SHOWN_ENDPOINTS, lost, SHOWN_CONTACTS)["alpha"] is TrunkState.DOWN
    silent = SHOWN_CONTACTS.replace("d5a1c0a3b8 Avail  ", "d5a1c0a3b8 Unavail")
    assert states(SHOWN_ENDPOINTS, SHOWN_REGISTRATIONS, silent)["alpha"] is TrunkState.DOWN


SIX = "2001:db8::5"


def test_a_trunk_by_ipv6_has_its_transport_and_its_sound(tmp_path: Path) -> None:
    given = settings(asterisk={"bind_ipv6": "2001:db8::1", "external_address": "198.51.100.7"})
    by_address = replace(REGISTERED, server=SIX, from_domain="", addresses=())
    by_name = replace(REGISTERED, name="beta", hosts=(), addresses=(SIX,))
    both = replace(REGISTERED, name="gamma", hosts=(), addresses=(SIX, "203.0.113.77"))
    pjsip = sections(rendered(tmp_path, given, directory(by_address, by_name, both))["pjsip.conf"])
    chosen = {name: dict(pjsip[f"trunk_{name}"]) for name in ("alpha", "beta", "gamma")}
    assert [(line["transport"], line["rtp_ipv6"]) for line in chosen.values()] == [
        ("tls6", "yes"), ("tls6", "yes"), ("tls", "no"),
    ]  # fmt: skip
    assert chosen["alpha"]["client_uri"] == f"sip:4951234567@[{SIX}]"
    assert chosen["alpha"]["from_domain"] == f"[{SIX}]"
    assert ("bind", "[2001:db8::1]:5061") in pjsip["tls6"]
    assert "external_signaling_address" not in dict(pjsip["udp6"]), "nothing is translated there"


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"asterisk\.bind_ipv6"):
        rendered(tmp_path, settings(asterisk={"bind_ipv6": "[::]:5060\n"}), directory(REGISTERED))
