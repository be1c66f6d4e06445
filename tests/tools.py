"""Servers that the product is tried with, apart from its own packages: `stack/setup.sh` brings them."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

VAR = Path(__file__).resolve().parent.parent / "var"
UNPACKED = VAR / "tools" / "usr"
PLACES = (
    *(UNPACKED / "sbin", UNPACKED / "bin", UNPACKED / "libexec" / "docker" / "cli-plugins"),
    *(VAR / "moto" / "bin", Path("/usr/sbin")),
)


def tool(name: str) -> str:
    """The path of a program."""
    found = shutil.which(name, path=os.pathsep.join((os.environ["PATH"], *map(str, PLACES))))
    assert found is not None, f"{name} is missing: stack/setup.sh"
    return found


def libraries() -> Mapping[str, str]:
    """The environment in which its libraries are found."""
    folders = [str(each) for root in (UNPACKED, UNPACKED.parent) for each in (root / "lib").glob("*-linux-gnu")]
    inherited = os.environ.get("LD_LIBRARY_PATH")
    return os.environ | {"LD_LIBRARY_PATH": os.pathsep.join([*folders, *([inherited] if inherited else [])])}
