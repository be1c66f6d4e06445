"""The last release, as its commit has it, beside this checkout; and its stack, whose service is exchanged for this one's."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callcenter.cli.upgrade import releases
from stack.parts import ROOT

SHARED = (".venv", "node_modules", "var")
BUNDLE = Path("callcenter/calls/static/jssip.js")


def last_release(folder: Path) -> Path:
    """A checkout of it. In a clone without its commit it is this checkout, so that at least the exchange is tried."""
    commit = releases()[-1]["commit"]
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        print(f"this clone does not have the release's commit {commit}: the exchange is tried with this version alone")
        return ROOT
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    # Made at set-up, and in no commit.
    shutil.copy(ROOT / BUNDLE, folder / BUNDLE)
    return folder


@contextmanager
def its_stack(checkout: Path, directory: Path) -> Iterator[dict[str, Any]]:
    """The stack of that checkout, by its own tools; gone afterwards. What `up` wrote about it."""
    stack = [str(checkout / ".venv" / "bin" / "python"), "-m", "stack", "--directory", str(directory)]
    try:
        subprocess.run([*stack, "up"], cwd=checkout, check=True)
        yield json.loads(directory.with_suffix(".json").read_text())
    finally:
        subprocess.run([*stack, "down"], cwd=checkout, check=True)
        shutil.rmtree(directory, ignore_errors=True)


def exchange(directory: Path, old: Path, new: Path) -> None:
    """Let the service of a running stack be that of another checkout, as a new package and a restart do."""
    file = directory / "supervisord.conf"
    parts = re.split(r"(?m)^(?=\[)", file.read_text())
    file.write_text(
        "".join(
            each.replace(f"{old}/", f"{new}/").replace(f"directory={old}\n", f"directory={new}\n")
            if each.startswith("[program:callcenter]")
            else each
            for each in parts
        )
    )
    control = [sys.executable, "-m", "supervisor.supervisorctl", "-s", f"unix://{directory}/supervisor.sock"]
    subprocess.run([*control, "update", "callcenter"], check=True)
    # Where there is nothing to exchange, it still runs.
    subprocess.run([*control, "stop", "callcenter"], check=False)
    subprocess.run([*control, "start", "callcenter"], check=True)


if __name__ == "__main__":
    exchange(*(Path(argument) for argument in sys.argv[1:]))
