"""`python -m stack.debian.build` makes the Debian package, from this checkout and the locked Python packages.

The wheels of `requirements-run.lock` are fetched once, with their hashes, and kept; all else needs no network. They lie in
an environment of their own, for Debian's Python of the version that builds it. So installing fetches nothing, dpkg knows
every file, and what runs is what was tried.
"""

import argparse
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import SecretStr

from callcenter.cli.samples import PACKAGED, render_samples
from callcenter.settings import AmiSettings, AsteriskSettings, Settings, WebSettings
from stack.debian.manual import manual
from stack.parts import ROOT

HERE = Path(__file__).resolve().parent
LOCK = ROOT / "requirements-run.lock"
WHEELS = ROOT / "var" / "wheels"
FOLDER = Path("/etc/callcenter")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
PLACES = {
    **{f"callcenter-{name}.service": "usr/lib/systemd/system" for name in ("asterisk", "node", "web")},
    "tmpfiles.conf": "usr/lib/tmpfiles.d/callcenter.conf",
    "sysctl.conf": "usr/lib/sysctl.d/60-callcenter.conf",
    "logrotate": "etc/logrotate.d/callcenter",
}
"""Where a sample belongs that is of use as it is; the others are examples."""
CONFFILES = ("/etc/logrotate.d/callcenter",)


def build(out: Path, wheels: Path = WHEELS) -> Path:
    """Make the package in `out` and return its path. Raises `CalledProcessError`."""
    fetch(wheels)
    with tempfile.TemporaryDirectory(prefix="callcenter-deb-") as folder:
        root = Path(folder) / "root"
        root.mkdir(mode=0o755)
        packages = _environment(root, wheels, Path(folder))
        _services(root, packages)
        _documents(root)
        return _pack(root, wheels, out)


def fetch(wheels: Path) -> None:
    """Bring the wheels of the lock into the folder, unless they are there."""
    stamp, digest = wheels / "lock", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return
    shutil.rmtree(wheels, ignore_errors=True)
    # Not downloaded only: docopt has no wheel, and is made into one.
    _pip("wheel", "--no-deps", "--require-hashes", "--wheel-dir", str(wheels), "--requirement", str(LOCK))
    stamp.write_text(digest)


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments], check=True)


def _environment(root: Path, wheels: Path, work: Path) -> Path:
    """An environment of Debian's Python with everything; returns its folder of packages."""
    home = root / PACKAGED.relative_to("/")
    venv.create(home, with_pip=False, symlinks=True)
    ours = work / "wheel"
    _pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(ours), str(ROOT))
    # By their names: of a file that is given by its path, the place is written down.
    names = ["==".join(file.stem.split("-")[:2]) for folder in (wheels, ours) for file in sorted(folder.glob("*.whl"))]
    install = ("install", "--no-deps", "--no-index", "--no-compile", "--no-warn-script-location")
    places = ("--find-links", str(wheels), "--find-links", str(ours))
    _pip("--python", str(home / "bin" / "python"), *install, *places, *names)
    # Tests of the parts are not for us, and nobody compiles against anything here.
    packages = home / "lib" / PYTHON / "site-packages"
    for needless in (home / "include", home / "share", *sorted(packages.rglob("tests"))):
        shutil.rmtree(needless, ignore_errors=True)
    # Our program alone.
    for program in (home / "bin").iterdir():
        program.unlink()
    (home / "bin" / PYTHON).symlink_to(f"/usr/bin/{PYTHON}")
    for name in ("python", "python3"):
        (home / "bin" / name).symlink_to(PYTHON)
    said = {"home": "/usr/bin", "include-system-site-packages": "false", "version": PYTHON.removeprefix("python")}
    (home / "pyvenv.cfg").write_text("".join(f"{key} = {value}\n" for key, value in said.items()))
    start = f"#!{PACKAGED}/bin/python3\nimport sys\n\nfrom callcenter.cli.main import main\n\nsys.exit(main())\n"
    _write(home / "bin" / "callcenter", start, 0o755)
    (home / "lib64").unlink(missing_ok=True)
    return packages


def _services(root: Path, packages: Path) -> None:
    """What the samples are, for the places that are the settings' own."""
    settings = Settings.model_construct(
        asterisk=AsteriskSettings(),
        web=WebSettings(public_url="https://desk.example.org"),
        ami=AmiSettings(events_secret=SecretStr(""), actions_secret=SecretStr("")),
    )
    resources = "/" / packages.relative_to(root) / "callcenter" / "_resources"
    for name, text in render_samples(settings, FOLDER, PACKAGED, resources).items():
        if place := PLACES.get(name):
            _write(root / place / name if place.endswith("system") else root / place, text)
        elif name not in ("README.txt", "asterisk-hosts"):
            _write(root / "usr/share/doc/callcenter/examples" / name, text)
    _write(root / "usr/lib/sysusers.d/callcenter.conf", (HERE / "sysusers.conf").read_text())
    _write(root / "usr/bin/callcenter", (HERE / "callcenter.sh").read_text(), 0o755)
    (root / FOLDER.relative_to("/")).mkdir(parents=True)


def _documents(root: Path) -> None:
    folder = root / "usr/share/doc/callcenter"
    _write(folder / "copyright", (HERE / "copyright").read_text())
    for name in ("install", "upgrades", "backups", "settings", "watching", "keeping"):
        _write(folder / f"{name}.md", (ROOT / "docs" / f"{name}.md").read_text())
    _write(root / "usr/share/lintian/overrides/callcenter", (HERE / "lintian-overrides").read_text())
    _compress(folder / "NEWS.gz", (ROOT / "CHANGELOG.md").read_text())
    entry = f"callcenter ({_version()}) stable; urgency=medium\n\n  * See NEWS.gz.\n\n"
    entry += f" -- callcenter <callcenter@localhost>  {format_datetime(_moment())}\n"
    _compress(folder / "changelog.gz", entry)
    _compress(root / "usr/share/man/man8/callcenter.8.gz", manual(_version(), _moment()))


def _pack(root: Path, wheels: Path, out: Path) -> Path:
    scripts = root / "DEBIAN"
    scripts.mkdir()
    files = sorted(path for path in _files(root) if scripts not in path.parents)
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    environment = Environment(loader=FileSystemLoader(HERE), undefined=StrictUndefined, keep_trailing_newline=True)
    minor = sys.version_info.minor
    control = environment.get_template("control.j2").render(
        version=_version(),
        architecture=architecture,
        size=sum(path.stat().st_size for path in files) // 1024,
        python=f"3.{minor}",
        next_python=f"3.{minor + 1}",
        libc=max(int(each) for file in wheels.glob("*.whl") for each in re.findall(r"manylinux_2_(\d+)", file.name)),
    )
    _write(scripts / "control", control)
    for name in ("postinst", "prerm", "postrm"):
        _write(scripts / name, (HERE / name).read_text(), 0o755)
    _write(scripts / "conffiles", "".join(f"{each}\n" for each in CONFFILES))
    sums = (f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in files)
    _write(scripts / "md5sums", "".join(sums))
    for path in root.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
        elif not path.is_symlink():
            program = path.parent.name == "bin" or path.suffix == ".sh" or scripts in path.parents
            path.chmod(0o755 if program and path.stat().st_mode & 0o100 else 0o644)
    out.mkdir(parents=True, exist_ok=True)
    made = out / f"callcenter_{_version()}_{architecture}.deb"
    environ = os.environ | {"SOURCE_DATE_EPOCH": str(int(_moment().timestamp()))}
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root), str(made)],
        check=True,
        env=environ,
        stdout=subprocess.DEVNULL,
    )
    return made


def _files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def _moment() -> datetime:
    """When the checkout was committed: the same commit makes the same package."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return datetime.fromtimestamp(int(said), UTC)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _compress(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def main() -> int:
    """Make the package and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m stack.debian.build", description="make the Debian package")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--wheels", type=Path, default=WHEELS, help="where the Python packages are kept (%(default)s)")
    parser.add_argument("--fetch", action="store_true", help="only fetch the Python packages")
    options = parser.parse_args()
    if options.fetch:
        fetch(options.wheels)
        return 0
    made = build(options.out, options.wheels)
    print(f"{made}, {made.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
