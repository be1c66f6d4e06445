"""The samples of services and of what is rotated, tuned and banned: complete, hardened, and as their programs read them."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from callcenter.cli.samples import write_samples
from callcenter.settings import DatabaseSettings, Settings, WebSettings
from tests.site import settings_for

HARDENED = {
    "KillMode": "control-group",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "CapabilityBoundingSet": "",
    "Restart": "always",
}
FILES = {
    *("callcenter-asterisk.service", "callcenter-node.service", "callcenter-web.service", "tmpfiles.conf"),
    *("nginx.conf", "Caddyfile", "logrotate", "sysctl.conf", "fail2ban.conf", "README.txt", "asterisk-hosts"),
}


def settings() -> Settings:
    web = WebSettings(public_url="https://desk.example.org")
    return settings_for("postgresql://u@127.0.0.1/x").model_copy(
        update={"web": web, "database": DatabaseSettings(url=SecretStr("postgresql://u@127.0.0.1/x"))}
    )


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    write_samples(settings(), tmp_path)
    return tmp_path / "samples"


def directives(unit: Path) -> dict[str, list[str]]:
    """What is set in the section of a service, each as often as it is there."""
    text = unit.read_text().split("[Service]")[1].split("[Install]")[0]
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals, line
            found.setdefault(name, []).append(value)
    return found


def test_there_is_a_sample_of_everything(samples: Path) -> None:
    assert {path.name for path in samples.iterdir()} == FILES
    for path in samples.iterdir():
        assert "{{" not in path.read_text()


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith(".service")))
def test_a_service_is_hardened_and_ends_with_all_that_it_started(samples: Path, name: str) -> None:
    found = directives(samples / name)
    assert {key: found[key] for key in HARDENED} == {key: [value] for key, value in HARDENED.items()}
    assert int(found["LimitNOFILE"][0]) >= 65536
    assert found["User"] != ["root"]


def test_a_node_may_write_where_asterisk_is_and_the_pages_nowhere(samples: Path) -> None:
    asterisk = settings().asterisk
    node, web = directives(samples / "callcenter-node.service"), directives(samples / "callcenter-web.service")
    writable = node["ReadWritePaths"][0].split()
    assert {str(asterisk.etc), str(asterisk.spool), str(asterisk.control.parent)} == set(writable)
    assert "ReadWritePaths" not in web
    assert node["User"] == directives(samples / "callcenter-asterisk.service")["User"]
    assert "owner.env" not in (samples / "callcenter-node.service").read_text()
    assert "owner.env" not in (samples / "callcenter-web.service").read_text()


def test_asterisk_finds_the_names_that_it_looks_up_at_each_call(samples: Path) -> None:
    unit = directives(samples / "callcenter-asterisk.service")
    mounted = dict(pair.split(":") for line in unit["BindReadOnlyPaths"] for pair in line.split() if ":" in pair)
    names = Path(next(source for source, target in mounted.items() if target == "/etc/hosts")).read_text().split()
    assert {socket.gethostname(), "localhost", "A.ROOT-SERVERS.NET"} <= set(names)


def test_systemd_reads_the_services_as_they_are_meant(samples: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    for unit in samples.glob("*.service"):
        text = unit.read_text()
        # The programs are not installed here; that they are named is enough.
        unit.write_text(re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", text, flags=re.MULTILINE))
        assert all(re.match(r"\w+=|\[\w+\]$|#|$", line) for line in text.splitlines())
    if analyze is not None:
        units = [str(unit) for unit in samples.glob("*.service")]
        done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if str(samples) in line or "callcenter-" in line]
        assert said == []


def test_ports_of_asterisk_are_kept_from_what_connects_to_others(samples: Path) -> None:
    [reserved] = re.findall(
        r"^net.ipv4.ip_local_reserved_ports = (\S+)$", (samples / "sysctl.conf").read_text(), re.MULTILINE
    )
    asterisk = settings().asterisk
    assert {str(asterisk.sip_port), str(asterisk.ws_port), f"{asterisk.rtp_start}-{asterisk.rtp_end}"} <= set(
        reserved.split(",")
    )


def test_who_guesses_passwords_is_banned_and_who_logs_in_is_not(samples: Path) -> None:
    [pattern] = re.findall(r"^failregex = (.*)$", (samples / "fail2ban.conf").read_text(), re.MULTILINE)
    found = re.compile(pattern.replace("<HOST>", r"(?P<host>[0-9a-f.:]+)"))

    def line(request: str, status: int) -> str:
        return f'203.0.113.9 - - [28/Nov/2026:07:00:00 +0000] "{request} HTTP/1.1" {status} 812 "-" "x"'

    for request in ("POST /login", "POST /login/code"):
        match = found.match(line(request, 401))
        assert match is not None
        assert match["host"] == "203.0.113.9"
    assert not found.match(line("POST /login", 303))
    assert not found.match(line("GET /login", 200))
    assert not found.match(line("GET /journal?x=POST /login", 401))


def test_the_ledger_is_renamed_when_it_is_rotated_and_never_cut(samples: Path) -> None:
    text = "".join(line for line in (samples / "logrotate").read_text().splitlines(True) if not line.startswith("#"))
    assert str(settings().asterisk.queue_log) in text
    assert "copytruncate" not in text
    assert "logger reload" in text
    # As what the node looks for: callcenter/telephony/ledger_file.py.
    assert re.search(r"^\s+dateext$", text, re.MULTILINE)
