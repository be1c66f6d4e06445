"""What is rendered, and what is refused."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from pydantic import SecretStr, ValidationError

from callcenter.domain.ids import OPERATORS
from callcenter.errors import RenderError
from callcenter.settings import Settings
from callcenter.telephony import render as module
from callcenter.telephony.render import EVENTS, Directory, render

DIRECTORY = Directory(
    numbers=(("74957654321", "en"), ("74951234567", "ru")), endpoints=(("op-02", "two-2"), ("op-01", "one-1"))
)


def settings(**sections: Mapping[str, object]) -> Settings:
    given: dict[str, Mapping[str, object]] = {
        "database": {"url": "postgresql://unused"},
        "s3": {"endpoint": "unused", "access_key": "unused", "secret_key": "unused"},
        "handover": {"secret": "unused" * 8},
        "secrets": {"keys": ["0" * 64]},
        "ami": {"events_secret": "hears-1", "actions_secret": "acts-1"},
    }
    for name, section in sections.items():
        given[name] = {**given.get(name, {}), **section}
    return Settings.model_validate(given)


def rendered(out: Path, given: Settings | None = None, directory: Directory = DIRECTORY) -> dict[str, str]:
    render(given or settings(), directory, out)
    return {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}


def sections(text: str) -> dict[str, list[tuple[str, str]]]:
    """Sections of an Asterisk file; a name that occurs twice has its lines together."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in text.splitlines():
        line = line.partition(";")[0].strip()
        if header := re.match(r"\[([^\]]+)\]", line):
            lines = found.setdefault(header[1], [])
        elif line and not line.startswith("#"):
            name, _, value = line.partition(" =")
            lines.append((name.strip(), value.strip()))
    return found


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    first = rendered(tmp_path / "a")
    swapped = Directory(numbers=DIRECTORY.numbers[::-1], endpoints=DIRECTORY.endpoints[::-1])
    assert rendered(tmp_path / "b", directory=swapped) == first
    assert rendered(tmp_path / "a") == first


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    rendered(tmp_path / "etc")
    for path in (tmp_path / "etc", *(tmp_path / "etc").rglob("*")):
        private = 0o700 if path.is_dir() or path.suffix == ".sh" else 0o600
        assert path.stat().st_mode & 0o777 == private, path


def test_no_template_language_is_left(tmp_path: Path) -> None:
    for name, text in rendered(tmp_path).items():
        assert not re.search(r"\{\{|\}\} |\{%|%\}", text), name


def test_a_name_missing_from_the_values_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = tmp_path / "templates" / "new.conf.j2"
    template.parent.mkdir()
    template.write_text("port = {{ forgotten }}\n")
    monkeypatch.setattr(module, "TEMPLATES", template.parent)
    with pytest.raises(UndefinedError, match="forgotten"):
        render(settings(), DIRECTORY, tmp_path / "etc")
    assert not (tmp_path / "etc").exists()


def test_each_number_is_a_line_of_the_dialplan_and_the_queue_is_one_however_many_there_are(tmp_path: Path) -> None:
    files = rendered(tmp_path)
    assert sections(files["queues.conf"]).keys() == {"general", OPERATORS}
    for number, language in DIRECTORY.numbers:
        assert f"exten => d{number},1,Set(CHANNEL(language)={language})" in files["dialplan/numbers.conf"]


def test_every_dialplan_file_is_included(tmp_path: Path) -> None:
    files = rendered(tmp_path)
    included = re.findall(r'#include "(.*)"', files["extensions.conf"])
    assert sorted(included) == sorted(name for name in files if name.startswith("dialplan/"))
    contexts = [name for path in included for name in sections(files[path])]
    assert len(contexts) == len(set(contexts))


def test_each_telephone_has_its_secret(tmp_path: Path) -> None:
    pjsip = sections(rendered(tmp_path)["pjsip.conf"])
    for endpoint, secret in DIRECTORY.endpoints:
        assert ("password", secret) in pjsip[endpoint]
        assert ("max_contacts", "1") in pjsip[endpoint]
    assert ("match", "127.0.0.2/32") in pjsip["trunk"]
    assert {("allow_transfer", "no"), ("deny", "0.0.0.0/0.0.0.0"), ("permit", "127.0.0.2/32")} <= set(
        pjsip["trunk-line"]
    )
    assert "anonymous" not in pjsip


@pytest.mark.parametrize(("given", "listens"), [({}, "127.0.0.1"), ({"ami_bind": "192.0.2.7"}, "192.0.2.7")])
def test_ami_listens_apart_from_sip(tmp_path: Path, given: dict[str, str], listens: str) -> None:
    files = rendered(tmp_path, settings(asterisk={"bind": "0.0.0.0", **given}))
    assert ("bindaddr", listens) in sections(files["manager.conf"])["general"]
    assert ("bind", "0.0.0.0:5060") in sections(files["pjsip.conf"])["udp"]


@pytest.mark.parametrize(("trusted", "written"), [(True, "yes"), (False, "no")])
def test_an_asserted_caller_is_believed_as_the_setting_says(tmp_path: Path, trusted: bool, written: str) -> None:
    files = rendered(tmp_path, settings(asterisk={"trust_asserted_identity": trusted}))
    assert ("trust_id_inbound", written) in sections(files["pjsip.conf"])["trunk-line"]


@pytest.mark.parametrize("stored", ["74951234567", "84951234567", "4951234567"])
def test_a_caller_is_sent_back_by_a_companys_number_however_it_is_stored_or_dialled(
    tmp_path: Path, stored: str
) -> None:
    text = rendered(tmp_path, directory=Directory(numbers=((stored, "ru"), ("0511", "ru")), endpoints=()))
    transfer = text["dialplan/transfer.conf"]
    for dialled in ("74951234567", "+74951234567", "84951234567", "4951234567"):
        assert f"exten => {dialled},1,Set(ROUTE={stored})" in transfer
    assert "exten => 0511,1,Set(ROUTE=0511)" in transfer


def test_no_form_of_a_number_takes_that_of_another(tmp_path: Path) -> None:
    numbers = (("74951234567", "ru"), ("84951234567", "ru"))
    transfer = rendered(tmp_path, directory=Directory(numbers=numbers, endpoints=()))["dialplan/transfer.conf"]
    lines = [line for line in transfer.splitlines() if line.startswith("exten => ") and "ROUTE" in line]
    assert len({line.split(",")[0] for line in lines}) == len(lines)
    for number, _ in numbers:
        assert f"exten => {number},1,Set(ROUTE={number})" in lines


def test_the_trunk_has_one_codec_unless_told(tmp_path: Path) -> None:
    for given, allowed in ((settings(), "alaw"), (settings(asterisk={"trunk_codecs": ["ulaw", "alaw"]}), "ulaw,alaw")):
        pjsip = sections(rendered(tmp_path, given)["pjsip.conf"])
        assert ("allow", allowed) in pjsip["trunk-line"]


def test_a_telephone_that_is_gone_is_known_within_a_minute(tmp_path: Path) -> None:
    pjsip = sections(rendered(tmp_path)["pjsip.conf"])
    for endpoint, _ in DIRECTORY.endpoints:
        account = dict(pjsip[endpoint])
        assert 0 < float(account["qualify_frequency"]) + float(account["qualify_timeout"]) < 60


def test_the_settings_reach_asterisk(tmp_path: Path) -> None:
    given = settings(
        asterisk={"bind": "::1", "sip_port": 5070, "ws_port": 8099, "rtp_start": 20000, "rtp_end": 20100},
        ami={"port": 5039},
        queueing={"ring_s": 21, "max_wait_s": 601, "music_up_to": 7, "answers_per_s": 40, "announce_every_s": 45},
    )
    files = rendered(tmp_path, given)
    assert ("bind", "[::1]:5070") in sections(files["pjsip.conf"])["udp"]
    assert ("bindport", "8099") in sections(files["http.conf"])["general"]
    assert ("port", "5039") in sections(files["manager.conf"])["general"]
    assert sections(files["rtp.conf"])["general"][:2] == [("rtpstart", "20000"), ("rtpend", "20100")]
    assert {("timeout", "21"), ("periodic-announce-frequency", "45")} <= set(sections(files["queues.conf"])[OPERATORS])
    assert "Queue(operators,icb(rung^s^1),,,601,,talk)" in files["dialplan/queue.conf"]
    assert all("${SYSINFO(numcalls)} > 7]" in files[f"dialplan/{name}.conf"] for name in ("inbound", "queue"))
    assert "$[0${GLOBAL(LAST_TURN)} + 25]" in files["dialplan/inbound.conf"]
    assert ("live_dangerously", "no") in sections(files["asterisk.conf"])["options"]
    assert ("systemname", "node1") in sections(files["asterisk.conf"])["options"]


def test_the_accounts_are_narrow(tmp_path: Path) -> None:
    manager = sections(rendered(tmp_path)["manager.conf"])
    assert set(manager) == {"general", "callcenter-events", "callcenter-actions"}
    events, actions = manager["callcenter-events"], manager["callcenter-actions"]
    assert {("read", "system,call,agent,user"), ("write", ""), ("writetimeout", "10000")} <= set(events)
    assert {("read", ""), ("write", "call,agent,reporting")} <= set(actions)
    filters = {f"eventfilter(name({name}))" for name in EVENTS}
    assert {name for name, _ in events if name.startswith("eventfilter")} == filters
    for account in (events, actions):
        assert [value for name, value in account if name == "permit"] == ["127.0.0.1/32"]
        assert ("deny", "0.0.0.0/0.0.0.0") in account


def test_the_probe_exists_only_when_asked_for(tmp_path: Path) -> None:
    manager = sections(rendered(tmp_path, settings(asterisk={"probe_secret": "sees-1"}))["manager.conf"])
    assert {("secret", "sees-1"), ("read", "all"), ("write", "")} <= set(manager["probe"])


INJECTIONS = ["", "a\nb", "a\r\nb", "a;b", "[a]", "a#b", "a b", "${a}", "a\\b", "a\0b", "ä"]


@pytest.mark.parametrize("evil", INJECTIONS)
@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("ami", "events_user"),
        ("ami", "events_secret"),
        ("ami", "actions_user"),
        ("ami", "actions_secret"),
        ("asterisk", "bind"),
        ("asterisk", "ami_bind"),
        ("asterisk", "probe_secret"),
    ],
)
def test_a_setting_that_is_configuration_is_refused(tmp_path: Path, section: str, name: str, evil: str) -> None:
    with pytest.raises(RenderError, match=f"{section}.{name}") as refused:
        render(settings(**{section: {name: evil}}), DIRECTORY, tmp_path / "etc")
    assert not evil or evil not in str(refused.value).replace(name, "").replace(section, "")
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("evil", INJECTIONS)
@pytest.mark.parametrize("name", ["trunk_addresses", "ami_permit"])
def test_a_network_that_is_configuration_is_refused(tmp_path: Path, name: str, evil: str) -> None:
    with pytest.raises(RenderError, match=f"asterisk.{name}"):
        render(settings(asterisk={name: ["127.0.0.2", evil]}), DIRECTORY, tmp_path)


@pytest.mark.parametrize("evil", INJECTIONS)
def test_a_directory_that_is_configuration_is_refused(tmp_path: Path, evil: str) -> None:
    good = DIRECTORY.numbers, DIRECTORY.endpoints
    for directory, words in (
        (Directory(((evil, "ru"),), good[1]), "company number"),
        (Directory((("74951234567", evil),), good[1]), "language of 74951234567"),
        (Directory(good[0], ((evil, "secret"),)), "endpoint"),
        (Directory(good[0], (("op-01", evil),)), "SIP secret of op-01"),
        (Directory(*good, extensions=((evil, "op-01"),)), "extension"),
        (Directory(*good, extensions=(("201", evil),)), "201 is of no telephone"),
    ):
        with pytest.raises(RenderError, match=words):
            render(settings(), directory, tmp_path)


@pytest.mark.parametrize(
    ("directory", "words"),
    [
        (Directory((("74951234567", "ru"), ("74951234567", "en")), ()), "74951234567 is given twice"),
        (Directory((), (("op-01", "a"), ("op-01", "b"))), "op-01 is given twice"),
        (Directory((), (("trunk", "a"),)), "trunk is a reserved name"),
        (Directory((), (("a", "a"), ("b", "b")), extensions=(("20", "a"), ("20", "b"))), "20 is given twice"),
        (Directory((), (("a", "a"),), extensions=(("112", "a"),)), "112 is a reserved name"),
    ],
)
def test_a_name_that_is_taken_is_refused(tmp_path: Path, directory: Directory, words: str) -> None:
    with pytest.raises(RenderError, match=words):
        render(settings(), directory, tmp_path)


def test_the_two_accounts_are_two(tmp_path: Path) -> None:
    given = settings(ami={"events_user": "same", "actions_user": "same"})
    with pytest.raises(RenderError, match="AMI account same is given twice"):
        render(given, DIRECTORY, tmp_path)


def test_an_error_never_tells_a_secret(tmp_path: Path) -> None:
    secret = SecretStr("hush;hush")
    with pytest.raises(RenderError) as refused:
        render(settings(ami={"events_secret": secret}), DIRECTORY, tmp_path)
    assert "hush" not in str(refused.value)


def test_no_file_but_the_ledger_keeps_callers_numbers(tmp_path: Path) -> None:
    files = rendered(tmp_path)
    for name in ("cel.conf", "cdr.conf"):
        assert sections(files[name])["general"] == [("enable", "no")]
    assert not re.findall(r"^load = (?:cel|cdr|res_cdrel)_.*", files["modules.conf"], re.MULTILINE)


def test_a_telephone_in_a_browser_is_told_by_its_name_and_talks_encrypted(tmp_path: Path) -> None:
    browser, desk = ("web-anna", "three-3"), ("op-01", "one-1")
    pjsip = rendered(tmp_path, directory=Directory((), (browser, desk)))["pjsip.conf"]
    assert "[web-anna](browser)" in pjsip
    assert "[op-01](operator)" in pjsip
    assert ("webrtc", "yes") in sections(pjsip)["browser"]
    assert [value for name, value in sections(pjsip)["browser"] if name == "allow"] == ["alaw"]


def test_a_telephone_of_its_own_is_encrypted_as_the_settings_say(tmp_path: Path) -> None:
    directory = Directory((), (("web-anna", "three-3"), ("op-01", "one-1")))
    plain = sections(rendered(tmp_path / "plain", directory=directory)["pjsip.conf"])
    assert not {"tcp", "tls"} & set(plain)
    tls = {"telephone_transports": ["tcp", "tls"], "tls_certificate": "/etc/a.pem", "tls_key": "/etc/a.key"}
    for srtp, optimistic in (("optional", "yes"), ("required", "no")):
        given = settings(asterisk={**tls, "telephone_srtp": srtp})
        made = sections(rendered(tmp_path / srtp, given, directory)["pjsip.conf"])
        assert {"tcp", "tls"} <= set(made)
        wanted = {("media_encryption", "sdes"), ("media_encryption_optimistic", optimistic)}
        assert wanted <= set(made["operator"])
        # The last line counts, and what it takes from its template is before its own.
        assert dict(made["browser"])["media_encryption"] == "dtls"
    with pytest.raises(ValidationError, match="telephones by TLS need"):
        settings(asterisk={"telephone_transports": ["tls"]})


def test_a_short_number_goes_before_a_companys_that_is_the_same(tmp_path: Path) -> None:
    """Asterisk would take the first of two, and complain of the other."""
    directory = Directory((("4455", "ru"),), (("op-01", "one-1"),), extensions=(("4455", "op-01"),))
    transfer = rendered(tmp_path, directory=directory)["dialplan/transfer.conf"]
    assert re.findall(r"^exten => 4455,1,(.*)$", transfer, re.MULTILINE) == ["Set(COLLEAGUE=op-01)"]


def test_the_websocket_is_on_this_machine_only_and_with_tls_where_it_is_told(tmp_path: Path) -> None:
    plain = rendered(tmp_path / "plain", settings(asterisk={"bind": "192.0.2.7"}))
    assert ("bindaddr", "127.0.0.1") in sections(plain["http.conf"])["general"]
    assert "tlsenable" not in plain["http.conf"]
    assert "wss" not in sections(plain["pjsip.conf"])
    tls = {
        "bind": "192.0.2.7",
        "wss_port": 8089,
        "wss_certificate": "/etc/ssl/desk.pem",
        "wss_key": "/etc/ssl/desk.key",
    }
    secure = rendered(tmp_path / "secure", settings(asterisk=tls))
    assert ("tlsbindaddr", "192.0.2.7:8089") in sections(secure["http.conf"])["general"]
    assert ("tlscertfile", "/etc/ssl/desk.pem") in sections(secure["http.conf"])["general"]
    assert ("protocol", "wss") in sections(secure["pjsip.conf"])["wss"]
    with pytest.raises(RenderError, match="wss_key"):
        rendered(tmp_path / "odd", settings(asterisk={**tls, "wss_key": "/etc/a\nb"}))


def test_behind_a_router_browsers_are_told_the_address_outside(tmp_path: Path) -> None:
    assert "ice_host_candidates" not in rendered(tmp_path / "plain")["rtp.conf"]
    given = settings(asterisk={"bind": "192.168.1.5"}, browser_telephones={"media_address": "192.0.2.10"})
    assert "[ice_host_candidates]\n192.168.1.5 => 192.0.2.10\n" in rendered(tmp_path / "routed", given)["rtp.conf"]
