"""What the documents name is there."""

import re
from pathlib import Path

import pytest

from callcenter.settings import Settings, variable_names
from callcenter.variables import IN_A_FILE, OTHERS

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "asterisk").glob("*.md")),
]
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
FILE = re.compile(r"[\w.*-]+(?:/[\w.*-]+)+\.(?:py|sql|js|html|css|po|sh|j2|toml|lock|xml)")
MADE = re.compile(r"^(\.\./)?pictures/(en|ru)/\w+\.png$")
"""By tests/test_site.py, which finds out whether all are there."""
VARIABLE = re.compile(r"CALLCENTER_[A-Z0-9_]+")
SETTINGS = variable_names(Settings)
KNOWN = SETTINGS | {name + IN_A_FILE for name in SETTINGS} | OTHERS


def is_there(path: str) -> bool:
    """Whether it is in the checkout; what is in the package may be named without `callcenter/`."""
    return any(any(start.glob(path)) for start in (ROOT, ROOT / "callcenter"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_links_and_settings_are_there(document: Path) -> None:
    text = document.read_text()
    assert {path for path in CODE.findall(text) if FILE.fullmatch(path) and not is_there(path)} == set()
    assert {
        link for link in LINK.findall(text) if not (document.parent / link).exists() and not MADE.search(link)
    } == set()
    assert set(VARIABLE.findall(text)) - KNOWN == set()


def test_every_path_in_the_guide_for_contributors_is_there() -> None:
    named = CODE.findall((ROOT / "CONTRIBUTING.md").read_text())
    paths = {name for name in named if re.fullmatch(r"[\w.*-]+(?:/[\w.*-]*)+|[\w-]+\.(?:md|toml|lock)", name)}
    assert len(paths) > 30
    assert {path for path in paths if not is_there(path.rstrip("/"))} == set()
