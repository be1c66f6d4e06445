"""What was released is never changed, and what comes after it does not stop the version that still runs."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from callcenter.cli.upgrade import releases
from callcenter.storage import MIGRATIONS

ROOT = Path(__file__).resolve().parents[2]
CHANGES = (ROOT / "CHANGELOG.md").read_text()
RELEASED = {name for release in releases() for name in release["migrations"]}
# What the version that still runs, for some minutes, could not bear.
CONTRACTS = re.compile(
    r"\bdrop\s+(?:table|column)\b|\bdrop\s+(?!constraint|trigger|function|view|policy|index|not\b|default\b|expression)\w+\s*(?:,|;)"
    r"|\brename\b|\bset\s+not\s+null\b|\balter\s+(?:column\s+)?\w+\s+(?:set\s+data\s+)?type\b",
    re.IGNORECASE,
)
COMMENT = re.compile(r"--.*$|/\*.*?\*/", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("release", releases(), ids=lambda release: str(release["version"]))
def test_a_migration_is_as_it_was_released(release: dict[str, object]) -> None:
    migrations = release["migrations"]
    assert isinstance(migrations, dict)
    assert len(migrations) >= 50
    for name, sha256 in migrations.items():
        assert hashlib.sha256((MIGRATIONS / f"{name}.sql").read_bytes()).hexdigest() == sha256, name


@pytest.mark.parametrize("release", releases(), ids=lambda release: str(release["version"]))
def test_a_release_is_a_commit_with_its_changes(release: dict[str, object]) -> None:
    commit = str(release["commit"])
    assert re.fullmatch(r"[0-9a-f]{40}", commit)
    assert f"## {release['version']}, {release['date']}\n" in CHANGES
    # A clone may be shallow; where it has the commit, that has these very migrations.
    there = subprocess.run(["git", "cat-file", "-e", commit], cwd=ROOT, capture_output=True, check=False)
    if there.returncode == 0:
        listed = subprocess.run(
            ["git", "ls-tree", "--name-only", commit, "storage/migrations/"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert {Path(path).stem for path in listed} == set(release["migrations"])  # type: ignore[call-overload]


def test_a_new_migration_comes_after_those_that_were_released_and_changes_nothing_that_an_old_version_uses() -> None:
    newest = max(RELEASED)
    for file in sorted(MIGRATIONS.glob("*.sql")):
        if file.stem in RELEASED:
            continue
        assert file.stem > newest
        text = file.read_text()
        found = CONTRACTS.search(COMMENT.sub("", text))
        assert found is None or "-- contracts:" in text, (
            f"{file.name}: {found[0] if found else ''}: the version that runs during an upgrade would stumble over it. First"
            " add, in one release; take away in the next, with a line `-- contracts: what no release uses any more`"
        )


@pytest.mark.parametrize(
    ("statement", "contracts"),
    [
        ("alter table calls drop column caller;", True),
        ("alter table calls drop caller, add x int;", True),
        ("drop table calls;", True),
        ("alter table calls rename caller to number;", True),
        ("alter table calls alter caller set not null;", True),
        ("alter table calls alter column id type bigint;", True),
        ("alter table calls add caller text not null default '';", False),
        ("alter table calls drop constraint c, add constraint c check (true);", False),
        ("-- drop table calls;\ncreate table x (id int);", False),
        ("drop trigger t on calls; drop function f; drop view v; drop index i;", False),
        ("alter table calls alter caller drop not null;", False),
    ],
)
def test_what_is_taken_for_taking_away(statement: str, contracts: bool) -> None:
    assert (CONTRACTS.search(COMMENT.sub("", statement)) is not None) is contracts
