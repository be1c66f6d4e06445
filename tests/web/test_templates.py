"""What the templates name exists."""

import re
from pathlib import Path

import pytest

from callcenter.domain.access import Permission
from callcenter.web.render import ENUMERATIONS, PACKAGE

TEMPLATES = sorted(PACKAGE.glob("*/templates/*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_permissions_are_members_of_the_enumeration(template: Path):
    text = template.read_text()
    assert not re.findall(r"""may\(["']""", text)
    assert set(re.findall(r"\bPermission\.(\w+)", text)) <= set(Permission.__members__)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_members_of_enumerations_exist(template: Path):
    said = re.findall(r"\b([A-Z][a-z]\w+)\.([A-Z_]+)\b", template.read_text())
    known = {enumeration.__name__: enumeration.__members__ for enumeration in ENUMERATIONS}
    assert [(name, member) for name, member in said if member not in known.get(name, {})] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_a_state_is_compared_with_a_member_and_not_with_its_text(template: Path):
    said = re.findall(r"""\b(?:\w+\.(?:state|kind|payment)|step) (?:==|!=|in) \(?"(\w+)\"""", template.read_text())
    members = {str(member) for enumeration in ENUMERATIONS for member in enumeration}
    assert members.intersection(said) == set()
