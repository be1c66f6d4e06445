"""Uploaded sheets are read in a process of their own, within limits, while the service goes on."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from callcenter.addresses.street import street_key, town_key
from callcenter.common import sheet_process, workbook
from callcenter.common.sheet_problems import SheetRefused
from callcenter.common.sheet_process import SheetLimits
from callcenter.common.sheet_reader import SheetReader, SheetReaderFailed
from callcenter.directory.sheet import read_sheet
from callcenter.directory.sheet_process import MODULE
from callcenter.domain.phone import set_country
from callcenter.web.language import translations
from callcenter.web.sheets import refusal
from tests.directory.test_sheet import HEAD, HEADINGS, LINE, ROW, with_part, xlsx

SHEET = f"{HEADINGS}\n{LINE}".encode()
MB = 1 << 20


def shared_strings(count: int) -> bytes:
    """A sheet of a few kilobytes with this many texts."""
    return with_part(xlsx(HEAD, ROW), "xl/sharedStrings.xml", b"<sst>" + b"<si><t>x</t></si>" * count + b"</sst>")


def many_lines(count: int) -> bytes:
    return "\n".join([HEADINGS, *(f"Москва;Лесная;{n};1;Житель {n};8 916 {n:07}" for n in range(count))]).encode()


@asynccontextmanager
async def lag() -> AsyncIterator[list[float]]:
    """The longest time in seconds for which the loop did nothing else, in a list of one."""
    longest, loop = [0.0], asyncio.get_running_loop()

    async def watch() -> None:
        while True:
            began = loop.time()
            await asyncio.sleep(0.005)
            longest[0] = max(longest[0], loop.time() - began)

    watching = asyncio.create_task(watch())
    yield longest
    watching.cancel()


async def refused(reader: SheetReader, body: bytes) -> str:
    with pytest.raises(SheetRefused) as problem:
        await reader.read(body)
    return problem.value.code


def children() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "callcenter.directory.sheet_process" in each.cmdline()]


@pytest.mark.parametrize("body", [SHEET, xlsx(HEAD, ROW)])
async def test_what_a_sheet_says_comes_back_from_the_process(body: bytes):
    read = await SheetReader(MODULE).read(body)
    assert (read.lines, read.problems) == (1, [])
    assert {table: rows for table, (_, rows) in read.tables.items()} == {
        "new_houses": [
            (0, 2, None, "Москва", "Лесная ул.", "3", None, None, town_key("Москва"), street_key("Лесная"), "3")
        ],
        "new_flats": [(0, 2, 0, "12", None, "12")],
        "new_residents": [(0, 2, 0, "Иванова Анна", None)],
        "new_phones": [(0, "+79161234567", 2)],
        "new_lines": [(2, 0, 0, 0)],
        "shown": [(2, ["", "", "Москва", "Лесная ул.", "3", "", "12", "", "", "Иванова Анна", "+79161234567"])],
    }
    assert children() == []


async def test_an_answer_in_many_parts_is_put_together():
    read = await SheetReader(MODULE).read(many_lines(3 * sheet_process.ROWS_IN_A_PART + 1))
    assert [row[0] for row in read.tables["new_houses"][1]] == list(range(3 * sheet_process.ROWS_IN_A_PART + 1))


async def test_a_tiny_sheet_of_unfinished_tags_does_not_stop_the_service():
    body = with_part(xlsx(HEAD, ROW), "xl/worksheets/sheet1.xml", b"<mergeCell " * 80_000)
    assert len(body) < 10_000
    began = time.monotonic()
    async with lag() as longest:
        assert await refused(SheetReader(MODULE, SheetLimits(cpu_s=10)), body) == "broken xlsx"
    assert longest[0] < (time.monotonic() - began) / 2


@pytest.mark.long
async def test_several_sheets_of_many_strings_leave_the_loop_to_others():
    reader = SheetReader(MODULE)
    at_once = 0

    async def watch() -> None:
        nonlocal at_once
        while True:
            at_once = max(at_once, len(children()))
            await asyncio.sleep(0.05)

    watching, began = asyncio.create_task(watch()), time.monotonic()
    async with lag() as longest:
        sheets = await asyncio.gather(*(reader.read(shared_strings(100_000)) for _ in range(3)))
    watching.cancel()
    assert [read.lines for read in sheets] == [1, 1, 1]
    assert at_once == 1
    # In the loop each of the three would take a third of it.
    assert longest[0] < (time.monotonic() - began) / 6


@pytest.mark.long
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (SheetLimits(cpu_s=1), "too slow"),
        (SheetLimits(wall_s=1), "too slow"),
        (SheetLimits(memory=260 * MB), "too much memory"),
    ],
)
async def test_a_sheet_over_a_limit_is_refused_and_the_next_one_is_read(limits: SheetLimits, code: str):
    assert await refused(SheetReader(MODULE, limits), many_lines(150_000)) == code
    assert children() == []
    assert (await SheetReader(MODULE).read(SHEET)).lines == 1


async def test_a_process_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("callcenter.common.sheet_reader.GRACE_S", 0)
    monkeypatch.setattr("callcenter.common.sheet_reader.arguments", lambda *_: ["sleep", "600"])
    assert await refused(SheetReader(MODULE, SheetLimits(wall_s=1)), SHEET) == "too slow"
    assert [each for each in psutil.Process().children() if each.name() == "sleep"] == []


async def test_who_waits_too_long_for_others_is_told(monkeypatch: pytest.MonkeyPatch):
    reader = SheetReader(MODULE, SheetLimits(queue_s=0.05))
    first = asyncio.create_task(reader.read(many_lines(1000)))
    await asyncio.sleep(0)
    assert await refused(reader, SHEET) == "busy"
    assert (await first).lines == 1000


async def test_leaving_off_ends_the_process():
    reader = SheetReader(MODULE)
    reading = asyncio.create_task(reader.read(many_lines(100_000)))
    while not children():
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert children() == []
    assert (await reader.read(SHEET)).lines == 1


async def test_the_process_sees_no_secret_of_the_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("CALLCENTER_DATABASE__URL", "postgresql://secret")
    seen = tmp_path / "environment"
    monkeypatch.setattr(
        "callcenter.common.sheet_reader.arguments", lambda *_: ["/bin/sh", "-c", f"/usr/bin/env > {seen}"]
    )
    with pytest.raises(SheetReaderFailed):
        await SheetReader(MODULE).read(SHEET)
    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert names & set(os.environ) <= {"PATH", "PWD", "SHLVL", "_", "PYTHONPATH", "OPENBLAS_NUM_THREADS"}


@pytest.mark.parametrize(
    ("limit", "part", "code"),
    [
        ("si", ("xl/sharedStrings.xml", b"<sst>" + b"<x:si><t>x</t></x:si>" * 101 + b"</sst>"), "too many texts"),
        ("c", ("xl/worksheets/sheet1.xml", b"<worksheet>" + b"<c/>" * 101 + b"</worksheet>"), "too many cells"),
    ],
)
def test_texts_and_cells_have_a_limit(monkeypatch: pytest.MonkeyPatch, limit: str, part: tuple[str, bytes], code: str):
    monkeypatch.setitem(workbook._COUNTED, limit, (100, code))
    with pytest.raises(SheetRefused) as problem:
        read_sheet(with_part(xlsx(HEAD, ROW), *part))
    assert problem.value.code == code


def test_cells_of_a_csv_have_a_limit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("callcenter.common.sheet_text.MAX_CELLS", 100)
    with pytest.raises(SheetRefused) as problem:
        read_sheet(SHEET + b"\n" + b";" * 100)
    assert problem.value.code == "too many cells"


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("code", ["too many cells", "too many texts", "too slow", "too much memory", "busy"])
def test_every_limit_has_its_words(language: str, code: str):
    said = refusal(translations(language), SheetRefused(code, limit=5))
    assert said
    assert ("а" in said) == (language == "ru")


async def test_a_number_without_a_country_code_is_of_the_centres_country():
    set_country("BY")
    try:
        read = await SheetReader(MODULE).read(f"{HEADINGS}\nМосква;Лесная;1;1;Анна;8 029 123 45 67".encode())
    finally:
        set_country("RU")
    assert read.problems == []
    assert read.tables["new_phones"][1] == [(0, "+375291234567", 2)]
