"""The parts of an XLSX file by their names, as the programs in the wild write them.

Some write `SharedStrings.xml` for `sharedStrings.xml`, some `xl\\workbook.xml`; some use the namespaces of strict Open XML,
which openpyxl does not know.
"""

import io
import zipfile
from typing import Any

_STRICT = {
    strict.encode(): usual.encode()
    for strict, usual in {
        "http://purl.oclc.org/ooxml/spreadsheetml/main": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/officeDocument/relationships": (
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        ),
        "http://purl.oclc.org/ooxml/drawingml/main": "http://schemas.openxmlformats.org/drawingml/2006/main",
    }.items()
}


def part_name(name: str) -> str:
    """A part's name as it is compared."""
    return name.replace("\\", "/").lstrip("/").lower()


class _Names(list[str]):
    """Names of parts, in any case."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self._plain = frozenset(map(part_name, names))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and part_name(name) in self._plain


class Parts(zipfile.ZipFile):
    """An archive whose parts are found in any case and with either slash, in the usual namespaces."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self._real: dict[str, str] = {}
        for name in self.NameToInfo:
            self._real.setdefault(part_name(name), name)
        self._strict = any(
            strict in self.read(self._real[name]) for name in _FIRST & set(self._real) for strict in _STRICT
        )

    _strict = False

    def namelist(self) -> list[str]:
        """The names of the parts; `in` does not ask for the case."""
        return _Names(super().namelist())

    def getinfo(self, name: str) -> zipfile.ZipInfo:
        """What the archive says of a part."""
        return super().getinfo(self._real.get(part_name(name), name))

    def open(self, name: Any, *args: Any, **options: Any) -> Any:
        """A part's content."""
        opened = super().open(name, *args, **options)
        called = name if isinstance(name, str) else name.filename
        if not self._strict or not called.lower().endswith((".xml", ".rels")):
            return opened
        with opened:
            content = opened.read()
        for strict, usual in _STRICT.items():
            content = content.replace(strict, usual)
        return io.BytesIO(content)


_FIRST = {"_rels/.rels", "xl/workbook.xml"}
