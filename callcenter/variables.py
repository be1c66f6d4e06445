"""Settings as they are given: in variables, or in files whose content is the value of one."""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path

from callcenter.errors import SettingsError

PREFIX = "CALLCENTER_"
IN_A_FILE = "_FILE"
"""`CALLCENTER_S3__SECRET_KEY_FILE` names a file with the value of `CALLCENTER_S3__SECRET_KEY`."""
OTHERS = frozenset({"CALLCENTER_ENV_FILE", "CALLCENTER_ASTERISK_TREE"})
"""Variables with our prefix that are no settings: where the settings are, and the tree of the tests."""

_LONGEST_VALUE = 64 * 1024


def given(variables: Mapping[str, str | None], known: Collection[str]) -> dict[str, str | None]:
    """Those that set something, with the values that are in files.

    `variables`: without regard to case; `known`: every setting's, in upper case. Raises `SettingsError`.
    """
    values: dict[str, str | None] = {}
    for name, value in variables.items():
        wanted = _name_of(name.upper(), known)
        if wanted is None:
            continue
        if wanted.lower() in values:
            raise SettingsError(f"{wanted} and {wanted}{IN_A_FILE} are both set; leave one of them out")
        values[wanted.lower()] = value if wanted == name.upper() else _content(name.upper(), Path(value or ""))
    return values


def unknown(variables: Collection[str], known: Collection[str]) -> list[str]:
    """A line for each of these variables that has our prefix and sets nothing."""
    lines = []
    for name in sorted({name.upper() for name in variables} - OTHERS):
        if name.startswith(PREFIX) and _name_of(name, known) is None:
            [*alike] = difflib.get_close_matches(name, sorted(known), 1, 0.8)
            hint = f"; is {alike[0]} meant?" if alike else ""
            lines.append(f"{name} is no setting of this version and changes nothing{hint}")
    return lines


def _name_of(variable: str, known: Collection[str]) -> str | None:
    """The setting that a variable sets, by itself or by a file."""
    if variable in known:
        return variable
    inner = variable.removesuffix(IN_A_FILE)
    return inner if inner != variable and inner in known else None


def _content(variable: str, file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_LONGEST_VALUE).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{variable} names {file}, which cannot be read: {problem}") from None
