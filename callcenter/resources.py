"""Where the files that are not Python are: `storage/`, `dialplan/`, `asterisk/templates/`, `asterisk/sounds/`.

In a checkout they are beside the package. A wheel has them inside it, in `callcenter/_resources/`, as pyproject.toml
says. Templates, browser files and catalogues of a subject are in its own package and need none of this.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_PACKED = _PACKAGE / "_resources"

ROOT = _PACKED if _PACKED.is_dir() else _PACKAGE.parent
"""The folder in which `storage/`, `dialplan/` and `asterisk/` are."""
