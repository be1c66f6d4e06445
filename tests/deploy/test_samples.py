"""The samples of services and of what is rotated, tuned and banned: complete, hardened, and as their programs read them."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from callcenter.cli.samples import write_samples
from callcenter.settings import DatabaseSettings, Settings, WebSettings
from tests.site import settings_for
from tests.tools import libraries, tool

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


@pytest.mark.servers
def test_who_guesses_passwords_is_banned_and_who_logs_in_is_not(samples: Path, tmp_path: Path) -> None:
    text = (samples / "fail2ban.conf").read_text()
    # Where it is read a percent sign starts an expansion.
    said = {key: value.replace("%%", "%") for key, value in re.findall(r"^(\w+) = (.*)$", text, re.MULTILINE)}
    requests = {
        "POST /login": (401, 429, 303),
        "POST /login/code": (401, 303),
        "GET /login": (200,),
        "GET /journal?x=POST /login": (401,),
    }
    lines = [
        f'203.0.113.9 - - [28/Nov/2026:07:00:00 +0000] "{request} HTTP/1.1" {status} 812 "-" "x"\n'
        for request, statuses in requests.items()
        for status in statuses
    ]
    (tmp_path / "access.log").write_text("".join(lines))
    program = Path(tool("fail2ban-regex"))
    found = subprocess.run(
        [
            sys.executable,
            program,
            "--out",
            "row",
            "-d",
            said["datepattern"],
            tmp_path / "access.log",
            said["failregex"],
        ],
        env={**libraries(), "PYTHONPATH": str(program.parents[1] / "lib" / "python3" / "dist-packages")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert len(found.splitlines()) == 3


@pytest.mark.servers
def test_logrotate_reads_its_sample(samples: Path, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "queue_log").write_text("x" * 100)
    file = samples / "logrotate"
    text = file.read_text().replace(str(settings().asterisk.queue_log.parent), str(tmp_path / "log"))
    # The accounts of the installation are not there.
    file.write_text(re.sub(r"^    (su|create) .*\n", "", text, flags=re.MULTILINE))
    file.chmod(0o644)
    command = [tool("logrotate"), "--debug", "--force", "--state", str(tmp_path / "state"), str(file)]
    done = subprocess.run(command, env=libraries(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr
    assert re.search(r"renaming .*/queue_log to .*/queue_log-[0-9]{10}\b", done.stderr)


def test_the_ledger_is_renamed_when_it_is_rotated_and_never_cut(samples: Path) -> None:
    text = "".join(line for line in (samples / "logrotate").read_text().splitlines(True) if not line.startswith("#"))
    assert str(settings().asterisk.queue_log) in text
    assert "copytruncate" not in text
    assert "logger reload" in text
    # As what the node looks for: callcenter/telephony/ledger_file.py.
    assert re.search(r"^\s+dateext$", text, re.MULTILINE)
