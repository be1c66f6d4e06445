"""The locked packages are those that the project asks for."""

import re
import tomllib

import pytest

from stack.parts import ROOT

NAME = re.compile(r"[A-Za-z0-9._-]+")


def _names(lines: list[str]) -> set[str]:
    return {match.group().lower().replace("_", "-") for line in lines if (match := NAME.match(line))}


def _locked(file: str) -> str:
    return (ROOT / file).read_text()


@pytest.mark.parametrize(("file", "extras"), [("requirements.lock", ["dev"]), ("requirements-run.lock", [])])
def test_everything_asked_for_is_locked(file: str, extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    assert _names(asked) <= _names(_locked(file).splitlines())


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-run.lock"])
def test_every_locked_package_has_a_hash_and_names_no_server(file: str) -> None:
    text = _locked(file)
    packages = [line for line in text.splitlines() if "==" in line]
    assert packages
    assert all(line.endswith("\\") for line in packages)
    assert "://" not in text
