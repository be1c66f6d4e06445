"""The Debian package: it has everything, it comes from nowhere else, and it takes nothing away that is nowhere else."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.cli.main import parser
from stack.debian.build import WHEELS, build
from stack.debian.manual import manual
from stack.parts import ROOT
from tests.wheel import run

pytestmark = pytest.mark.servers
SERVICES = ("asterisk", "node", "web")
SCRIPTS = ROOT / "stack" / "debian"
NOWHERE_ELSE = (
    "etc/callcenter/secrets.env",
    "var/spool/asterisk/callcenter/ready/1.wav",
    "var/log/asterisk/queue_log",
    "var/lib/callcenter/asterisk/astdb.sqlite3",
)
MADE_AGAIN = (
    "etc/callcenter/settings.env",
    "etc/callcenter/samples/nginx.conf",
    "srv/callcenter/sounds/ru/greeting.alaw",
    "srv/callcenter/asterisk/usr/sbin/asterisk",
    "var/cache/callcenter/speech/x",
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("package"), WHEELS)


@pytest.fixture(scope="module")
def unpacked(package: Path) -> Path:
    folder = package.parent / "root"
    run(["dpkg-deb", "--extract", str(package), str(folder)], os.environ)
    return folder


@pytest.fixture(scope="module")
def libraries(unpacked: Path) -> Path:
    [found] = unpacked.glob("usr/lib/callcenter/lib/python3.*/site-packages")
    return found


def test_services_accounts_folders_and_documents_are_in_it(unpacked: Path) -> None:
    for place in (
        *(f"usr/lib/systemd/system/callcenter-{name}.service" for name in SERVICES),
        *("usr/lib/sysusers.d/callcenter.conf", "usr/lib/tmpfiles.d/callcenter.conf", "etc/logrotate.d/callcenter"),
        *("usr/lib/sysctl.d/60-callcenter.conf", "usr/bin/callcenter", "usr/share/man/man8/callcenter.8.gz"),
        *(f"usr/share/doc/callcenter/examples/{name}" for name in ("nginx.conf", "Caddyfile", "fail2ban.conf")),
        *("usr/share/doc/callcenter/copyright", "usr/share/doc/callcenter/install.md"),
    ):
        assert (unpacked / place).is_file(), place
    assert (unpacked / "etc/callcenter").is_dir()


def test_its_services_start_the_program_that_it_has(unpacked: Path) -> None:
    for name in ("node", "web"):
        unit = (unpacked / f"usr/lib/systemd/system/callcenter-{name}.service").read_text()
        [program] = re.findall(r"^ExecStart=(\S+)", unit, re.MULTILINE)
        assert os.access(unpacked / program.removeprefix("/"), os.X_OK)
        first = (unpacked / program.removeprefix("/")).read_text().splitlines()[0]
        python = unpacked / first.removeprefix("#!/")
        assert python.is_symlink()
        assert re.fullmatch(r"python3\.\d+", os.readlink(python))


def test_it_has_exactly_the_locked_packages_and_itself(libraries: Path) -> None:
    def named(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    has = {tuple(each.stem.rsplit("-", 1)) for each in libraries.glob("*.dist-info")}
    locked = dict(re.findall(r"^([\w.-]+)==([^ ;]+)", (ROOT / "requirements-run.lock").read_text(), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    known = {named(name): version for name, version in locked.items()} | {"callcenter": project["version"]}
    found = {named(name): version for name, version in has}
    assert found.items() <= known.items()
    needed = {named(re.split(r"[<>=!~\[ ;]", each)[0]) for each in project["dependencies"] if ";" not in each}
    assert needed | {"callcenter"} <= found.keys()


def test_it_runs_with_nothing_else(libraries: Path) -> None:
    # -I, -S: neither this checkout nor the packages of the tests are found.
    code = f"import sys; sys.path.insert(0, {str(libraries)!r}); import callcenter.app; from callcenter.cli.main import main"
    said = run(
        [sys.executable, "-I", "-S", "-B", "-c", f"{code}; main(['--help'])"], {"PATH": os.environ["PATH"]}, libraries
    )
    assert "render-asterisk" in said
    assert (libraries / "callcenter/calls/static/jssip.js").is_file()


def test_files_are_roots_and_name_no_place_where_it_was_made(package: Path, unpacked: Path) -> None:
    whole = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], capture_output=True, check=True).stdout
    listing = package.parent / "listing.tar"
    listing.write_bytes(whole)
    with tarfile.open(listing) as files:
        for member in files:
            assert (member.uid, member.gid) == (0, 0), member.name
            assert member.issym() or not member.mode & 0o022, member.name
            assert not member.name.endswith(".pyc")
            assert not os.path.isabs(member.linkname) or member.linkname.startswith("/usr/bin/python3."), member.name
    for path in unpacked.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert b"callcenter-deb-" not in content, path
            assert f"{ROOT}/".encode() not in content, path


def test_dpkg_knows_each_file_and_asks_before_it_changes_a_configuration(package: Path, unpacked: Path) -> None:
    control = package.parent / "control"
    run(["dpkg-deb", "--control", str(package), str(control)], os.environ)
    sums = {line.split("  ", 1)[1] for line in (control / "md5sums").read_text().splitlines()}
    files = {path for path in unpacked.rglob("*") if path.is_file() and not path.is_symlink()}
    assert sums == {str(path.relative_to(unpacked)) for path in files}
    configuration = {f"/{path.relative_to(unpacked)}" for path in files if (unpacked / "etc") in path.parents}
    assert set((control / "conffiles").read_text().splitlines()) == configuration
    for name in ("postinst", "prerm", "postrm"):
        run(["sh", "-n", str(control / name)], os.environ)


def machine(folder: Path) -> Path:
    for place in (*NOWHERE_ELSE, *MADE_AGAIN):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text("x")
    return folder


def after(script: str, argument: str, folder: Path) -> str:
    """What the script says that has `folder` for its root; systemd does not run there."""
    text = re.sub(r"(?<=[\s=])/(?=etc|var|srv|run|usr)", f"{folder}/", (SCRIPTS / script).read_text())
    return run(["sh", "-c", text, script, argument], os.environ)


def test_removal_takes_no_settings_and_no_data(tmp_path: Path) -> None:
    (machine(tmp_path) / "usr/lib/callcenter").mkdir(parents=True)
    for argument in ("remove", "upgrade"):
        after("prerm", argument, tmp_path)
        after("postrm", argument, tmp_path)
    assert all((tmp_path / place).exists() for place in (*NOWHERE_ELSE, *MADE_AGAIN))


def test_purging_keeps_what_is_nowhere_else_and_says_so(tmp_path: Path) -> None:
    said = after("postrm", "purge", machine(tmp_path))
    assert not any((tmp_path / place).exists() for place in MADE_AGAIN)
    for place in NOWHERE_ELSE:
        assert (tmp_path / place).exists(), place
        assert str(tmp_path / "/".join(place.split("/")[:2])) in said


def test_purging_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    for place in MADE_AGAIN:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("x")
    assert after("postrm", "purge", tmp_path) == ""
    assert not (tmp_path / "etc/callcenter").exists()


def test_the_command_reads_the_settings_of_the_machine_unless_others_are_named(tmp_path: Path) -> None:
    for name in ("settings", "secrets"):
        (machine(tmp_path) / f"etc/callcenter/{name}.env").write_text("")
    program = tmp_path / "usr/lib/callcenter/bin/callcenter"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$CALLCENTER_ENV_FILE"\n')
    program.chmod(0o755)
    text = re.sub(r"(?<=[\s=])/(?=etc|usr)", f"{tmp_path}/", (SCRIPTS / "callcenter.sh").read_text())
    path = {"PATH": os.environ["PATH"]}
    folder = tmp_path / "etc/callcenter"
    assert run(["sh", "-c", text], path).strip() == f"{folder}/settings.env:{folder}/secrets.env"
    assert run(["sh", "-c", text], path | {"CALLCENTER_ENV_FILE": "mine"}).strip() == "mine"


def test_the_manual_page_has_every_command() -> None:
    [commands] = [each for each in parser()._actions if each.dest == "command"]
    page = manual("1.2", datetime(2026, 1, 2, tzinfo=UTC))
    assert commands.choices
    for name in set(commands.choices) - {"check-ledger"}:
        assert f"\n\\fB{name.replace('-', chr(92) + '-')}\\fR\n" in page, name
