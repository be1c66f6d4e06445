"""The rendered configuration on the disk: compared with what is wanted, and replaced file by file."""

import os
from collections.abc import Mapping
from pathlib import Path

from callcenter.telephony.owned_folder import claim


def differing(out: Path, wanted: Mapping[Path, str]) -> dict[Path, str | None]:
    """The text that each file has which is not as wanted; None for one that does not exist."""
    found = {path: _read(out / path) for path in wanted}
    return {path: text for path, text in found.items() if text != wanted[path]}


def write(out: Path, wanted: Mapping[Path, str]) -> None:
    """Replace these files, each as a whole. Raises `ForeignFolder` when the folder is not ours."""
    claim(out)
    for folder in sorted({(out / path).parent for path in wanted} - {out}):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    for path, text in wanted.items():
        _replace(out / path, text)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(fresh, path)
