"""What the documents name is there."""

import re
from pathlib import Path

import pytest

from callcenter.settings import Settings, SettingsSection

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


def is_there(path: str) -> bool:
    """Whether it is in the checkout; what is in the package may be named without `callcenter/`."""
    return any(any(start.glob(path)) for start in (ROOT, ROOT / "callcenter"))


def settings(model: type[Settings] | type[SettingsSection] = Settings, prefix: str = "CALLCENTER_") -> set[str]:
    names = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, SettingsSection):
            names |= settings(kind, f"{prefix}{name.upper()}__")
        else:
            names.add(prefix + name.upper())
    return names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_links_and_settings_are_there(document: Path) -> None:
    text = document.read_text()
    assert {path for path in CODE.findall(text) if FILE.fullmatch(path) and not is_there(path)} == set()
    assert {
        link for link in LINK.findall(text) if not (document.parent / link).exists() and not MADE.search(link)
    } == set()
    assert set(VARIABLE.findall(text)) - settings() - {"CALLCENTER_ENV_FILE"} == set()


def test_every_path_in_the_guide_for_contributors_is_there() -> None:
    named = CODE.findall((ROOT / "CONTRIBUTING.md").read_text())
    paths = {name for name in named if re.fullmatch(r"[\w.*-]+(?:/[\w.*-]*)+|[\w-]+\.(?:md|toml|lock)", name)}
    assert len(paths) > 30
    assert {path for path in paths if not is_there(path.rstrip("/"))} == set()
