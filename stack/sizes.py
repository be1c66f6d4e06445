"""How large the operator's page is for the browser: its scripts and styles as they are served, packed."""

import gzip
import json
import re
from pathlib import Path

from callcenter.calls.telephone_pages import LIBRARY

PACKAGE = Path(__file__).resolve().parent.parent / "callcenter"
CONSOLE = "calls/operator.js"
STYLES = re.compile(r'href="/static/(\w+/\w+\.css)"')
IMPORTED = re.compile(r'^\s*(?:import|export)\b[^;]*?"([^"]+\.js)"', re.MULTILINE)
TEMPLATES = ("web/templates/base.html", "calls/templates/operator.html")


def sizes() -> dict[str, int]:
    """Bytes by gzip of the console, `without_jssip` and `with_jssip`, and the number of its `files` besides JsSIP."""
    scripts, styles = _scripts(), _styles()
    console = sum(_packed(_file(name)) for name in scripts | styles if name != LIBRARY)
    files = len(scripts | styles) - (LIBRARY in scripts)
    return {"without_jssip": console, "with_jssip": console + _packed(_file(LIBRARY)), "files": files}


def run() -> int:
    """Print them as a line of JSON."""
    print(json.dumps({"console_gzip_bytes": sizes()}))
    return 0


def _scripts() -> set[str]:
    """The console's scripts: the first one, and all that it imports."""
    found: set[str] = set()
    left = [CONSOLE]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            if name != LIBRARY:
                left += [_named(name, target) for target in IMPORTED.findall(_file(name).read_text())]
    return found


def _named(importer: str, target: str) -> str:
    if target.startswith("/static/"):
        return target.removeprefix("/static/")
    return f"{importer.partition('/')[0]}/{target.removeprefix('./')}"


def _styles() -> set[str]:
    return {name for template in TEMPLATES for name in STYLES.findall((PACKAGE / template).read_text())}


def _file(name: str) -> Path:
    room, _, file = name.partition("/")
    return PACKAGE / room / "static" / file


def _packed(file: Path) -> int:
    return len(gzip.compress(file.read_bytes())) if file.exists() else 0
