"""The process that reads one directory sheet: see `common/sheet_process.py`."""

from collections.abc import Iterator

from callcenter.addresses.building import flat_key
from callcenter.common.sheet_process import SheetTable, SheetWish, Understood, about, raw, run
from callcenter.directory.rows import Gathered, gather
from callcenter.directory.sheet import read_sheet

_KEYS = ("town_key", "street_key", "building_key")
_NO_KEYS = (None, None, None)
MODULE = "callcenter.directory.sheet_process"


def understand(body: bytes, wish: SheetWish) -> Understood:
    """What a directory sheet says. Raises `SheetRefused`."""
    sheet = read_sheet(body, wish.layouts, wish.wanted, wish.city)
    if wish.wanted:
        return raw(sheet)
    gathered = gather(sheet.lines, sheet.problems, city=wish.city, mended=wish.mended)
    shown = SheetTable("shown", ("line", "cells"), gathered.shown)
    said = about(sheet, gathered.notes)
    return Understood(len(sheet.lines), gathered.problems, (*_tables(gathered), shown), said)


def _tables(gathered: Gathered) -> Iterator[SheetTable]:
    """Rows ready for the staging tables, each table with its columns."""
    yield SheetTable(
        "new_houses",
        ("place", "line", "key", "city", "street", "building", "entrances", "company", *_KEYS),
        [
            (place, h.row, h.key, h.city, h.street, h.building, h.entrances, h.company, *(h.keys or _NO_KEYS))
            for place, h in enumerate(gathered.houses)
        ],
    )
    yield SheetTable(
        "new_flats",
        ("place", "line", "house", "flat", "entrance", "flat_key"),
        [(place, f.row, f.house, f.flat, f.entrance, flat_key(f.flat)) for place, f in enumerate(gathered.flats)],
    )
    yield SheetTable(
        "new_residents",
        ("place", "line", "house_flat", "name", "account"),
        [(place, r.row, r.flat, r.name, r.account) for place, r in enumerate(gathered.residents)],
    )
    yield SheetTable(
        "new_phones",
        ("resident", "phone", "line"),
        [(place, phone, line) for place, r in enumerate(gathered.residents) for phone, line in r.phones.items()],
    )
    yield SheetTable(
        "new_lines",
        ("line", "house", "flat", "resident"),
        [(each.line, each.house, each.flat, each.resident) for each in gathered.lines],
    )


if __name__ == "__main__":
    run(understand)
