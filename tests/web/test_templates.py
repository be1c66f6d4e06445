"""What the templates name exists."""

import re
from pathlib import Path

import pytest

from callcenter.domain.access import Permission
from callcenter.web.render import PACKAGE

TEMPLATES = sorted(PACKAGE.glob("*/templates/*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_permissions_are_members_of_the_enumeration(template: Path):
    text = template.read_text()
    assert not re.findall(r"""may\(["']""", text)
    assert set(re.findall(r"\bPermission\.(\w+)", text)) <= set(Permission.__members__)
