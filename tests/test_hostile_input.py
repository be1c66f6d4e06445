"""A megabyte of the worst for everything that reads what strangers send: the time grows with the length, no faster."""

import importlib
import pkgutil
import re
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from multidict import MultiDict
from pydantic import ValidationError

import callcenter
from callcenter.addresses.query import readings
from callcenter.addresses.written import take_apart
from callcenter.common import search, sheets
from callcenter.common.cursors import PageCursor
from callcenter.common.delivery import one_line
from callcenter.common.sheet_cells import guarded
from callcenter.common.sheet_problems import SheetRefused
from callcenter.common.sheet_process import SheetWish
from callcenter.directory import book, cells, forms, headings, phone_cells
from callcenter.directory.rows import gather
from callcenter.directory.sheet import read_sheet
from callcenter.domain.ids import NodeName
from callcenter.domain.phone import e164, existing, local
from callcenter.errors import CallcenterError
from callcenter.evidence import chain
from callcenter.outages.form import read_new
from callcenter.outages.notices.notice import NoticeWay
from callcenter.outages.notices.recipients import RecipientForm
from callcenter.outages.planned import sheet as planned_sheet
from callcenter.people.second_factor import step_of
from callcenter.push import codec
from callcenter.recordings.other_pbx import call_of
from callcenter.speech.engines import LONGEST_TEXT, speakable
from callcenter.telephony import parse
from callcenter.telephony.framing import MESSAGE_LIMIT, Framer
from callcenter.telephony.ledger_line import parse_line
from callcenter.tickets.files import clean_name, media_type_of
from callcenter.trunks.rules import read_rule
from callcenter.web.proxies import client_of
from callcenter.web.throttle import Throttle
from tests.directory.test_sheet import HEAD, HEADINGS, ROW, with_part, xlsx

pytestmark = pytest.mark.long

MB = 1 << 20
WITHIN_S = 5.0
"""Of processor. What grows with the square of the length takes minutes or hours for a megabyte."""
SHORT_WITHIN_S = 0.3
"""The same for 16 KB, of which every kind is tried."""

TOKENS = (
    *("<", "<a", "<a:", "<mergeCell ", "<!", "\\", "\\\\", "[", "(", "\0", "\n", "\t", " ", "  ", "!", "=", "+", "@"),
    *("1", "1 ", "1-", "1.", "1/", "1:", "1,", "1e", "+1", "(1", "12:30-", "2026-", "№", "№1", "n", "no. "),
    *(
        "a",
        "a ",
        "a.",
        "a-",
        "a/",
        "a@",
        "a@a.",
        "a_",
        "Я",
        "Яё ",
        "é",
        "-- name: a\n",
        "-- needs: ",
        "a-1.1_",
        "/a",
        "/a/",
    ),
)


METHODS = "(fullmatch|match|search|findall|finditer|split|sub)"


def expressions() -> dict[str, list[Callable[..., object]]]:
    """What the program calls of every compiled expression, by its place."""
    found: dict[str, list[Callable[..., object]]] = {}
    for module in pkgutil.walk_packages(callcenter.__path__, "callcenter."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        source = Path(loaded.__file__ or "").read_text()
        for name, value in vars(loaded).items():
            if isinstance(value, re.Pattern) and f"\n{name} = re.compile(" in source and isinstance(value.pattern, str):
                # One that goes into a loop or a function first is used there, by a name in small letters.
                used = set(re.findall(rf"\b{name}\.{METHODS}\b", source)) or set(
                    re.findall(rf"\b(?!re\b)[a-z_]+\.{METHODS}\(", source)
                )
                found[f"{module.name}.{name}"] = [applied(value, method) for method in sorted(used)]
    return found


def applied(expression: re.Pattern[str], method: str) -> Callable[[str], object]:
    if method == "sub":
        return partial(expression.sub, "x")
    if method == "finditer":
        return lambda text: sum(1 for _ in expression.finditer(text))
    return getattr(expression, method)  # type: ignore[no-any-return]


EXPRESSIONS = expressions()


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    with suppress(ValueError, CallcenterError):
        work()
    return time.process_time() - began


def filled(token: str, size: int, end: str = "\x7f") -> str:
    return (token * (size // len(token) + 1))[:size] + end


def slowest(uses: Sequence[Callable[..., object]], text: str) -> float:
    return max(seconds(partial(use, text)) for use in uses)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_no_expression_takes_longer_than_the_text_is_long(name: str):
    uses = EXPRESSIONS[name]
    assert uses, "how it is used was not found"
    # The worst of short texts first: a long one would take for ever.
    short = {token: slowest(uses, filled(token, MB // 64)) for token in TOKENS}
    worst = max(short, key=lambda token: short[token])
    assert short[worst] < SHORT_WITHIN_S, worst
    assert slowest(uses, filled(worst, MB)) < WITHIN_S


def test_an_expression_that_grows_with_the_square_is_found_out():
    uses = [re.compile(r'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})"').findall]
    assert max(slowest(uses, filled(token, MB // 16)) for token in TOKENS) > SHORT_WITHIN_S


def workbook(part: str, text: bytes) -> bytes:
    return with_part(xlsx(HEAD, ROW), f"xl/{part}.xml", text)


def png(count: int) -> bytes:
    """A picture of nothing but comments."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"tEXt", b"a\0b") * count


def tag(opening: str, repeated: str, closing: str) -> bytes:
    return (opening + filled(repeated, MB, "") + closing).encode()


ATTRIBUTES = "".join(f' a{n}="1"' for n in range(MB // 12)).encode()
MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
FORMAT = (
    b'<styleSheet ' + MAIN + b'><numFmts><numFmt numFmtId="200" formatCode="%s"/></numFmts>'
    b'<cellXfs><xf numFmtId="200"/></cellXfs></styleSheet>'
)  # fmt: skip
NAMED = (
    b"<workbook " + MAIN + b' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    b'<sheets><sheet name="Sheet" sheetId="1" r:id="rId1"/></sheets>'
    b'<definedNames><definedName name="_xlnm.%s" localSheetId="0">%s</definedName></definedNames></workbook>'
)
SHARED = (
    b"<worksheet " + MAIN + b'><sheetData><row><c r="A1"><f t="shared" ref="A1:A2" si="0">%s</f></c></row>'
    b'<row><c r="A2"><f t="shared" si="0"/></c></row></sheetData></worksheet>'
)
SHEETS = {
    "csv of separators": HEADINGS.encode() + b"\n" + b";" * MB,
    "csv of headings": f"{HEADINGS};".encode() * (MB // 100),
    "csv of lines": HEADINGS.encode() + b"\n" * MB,
    "csv of quotes": HEADINGS.encode() + b"\n" + b'"' * MB,
    "csv of one cell": HEADINGS.encode() + b"\n" + b"'" * MB,
    "csv of telephones": f"{HEADINGS}\nМосква;Лесная;3;1;Иванова;".encode() + b"1," * (MB // 2),
    "csv in no encoding": b"\xff" + b" \n" * (MB // 2),
    "csv in UTF-16": b"\xff\xfe" + b"\n\0" * (MB // 2),
    "tags not closed": workbook("worksheets/sheet1", tag("<worksheet>", "<mergeCell ", "")),
    "merged cells": workbook("worksheets/sheet1", tag("<worksheet>", '<mergeCell ref="A1:B2"/>', "</worksheet>")),
    "a long attribute": workbook("worksheets/sheet1", tag('<worksheet><mergeCell ref="', "A1:", '"/></worksheet>')),
    "many attributes": workbook("worksheets/sheet1", b"<worksheet" + ATTRIBUTES + b"/>"),
    "deep tags": workbook("worksheets/sheet1", tag("<worksheet>", "<a>", "")),
    "a long name": workbook("worksheets/sheet1", tag("<", "a:", "/>")),
    "references": workbook("sharedStrings", tag("<sst><si><t>", "&#1103;", "</t></si></sst>")),
    "texts": workbook("sharedStrings", tag("<sst>", "<si><t>x</t></si>", "</sst>")),
    "cells": workbook("worksheets/sheet1", tag("<worksheet><sheetData><row>", "<c/>", "</row></sheetData></worksheet>")),
    "a far cell": workbook("worksheets/sheet1", tag('<worksheet><sheetData><row><c r="', "Z", '"/></row></sheetData></worksheet>')),
    "a large number": workbook("worksheets/sheet1", tag("<worksheet><sheetData><row><c><v>", "9", "</v></c></row></sheetData></worksheet>")),
    "a long format": workbook("styles", FORMAT % (b"[" * MB)),
    "a long title": workbook("workbook", NAMED % (b"Print_Titles", b"'" * MB)),
    "a long area": workbook("workbook", NAMED % (b"Print_Area", b"'!$A" * (MB // 4))),
    "a long formula": workbook("worksheets/sheet1", SHARED % (b"[h]" * (MB // 3))),
    "styles": workbook("styles", tag("<styleSheet><cellXfs>", "<xf/>", "</cellXfs></styleSheet>")),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHEETS)
def test_a_megabyte_of_a_sheet_is_read_or_refused_in_time(kind: str):
    assert seconds(lambda: gather(read_sheet(SHEETS[kind]).lines)) < WITHIN_S


WORKS = "Дом;Что отключают;Начало;Окончание;Квартиры;Подъезды\nМира 7;Лифт;01.06.2027 09:00;01.06.2027 10:00;"
PLANNED = {
    name.replace("csv of", "works of"): sheet.replace(HEADINGS.encode(), WORKS.encode(), 1) for name, sheet in SHEETS.items()
} | {
    "works of flats": WORKS.encode() + b"1-2," * (MB // 4),
    "works of entrances": f"{WORKS};".encode() + b"1," * (MB // 2),
    "works of lines": "\n".join([WORKS, *[WORKS.partition("\n")[2]] * (MB // 90)]).encode(),
}  # fmt: skip


@pytest.mark.parametrize("kind", PLANNED)
def test_a_megabyte_of_planned_works_is_read_or_refused_in_time(kind: str):
    def read() -> None:
        with suppress(SheetRefused):
            planned_sheet.understand(PLANNED[kind], SheetWish())

    assert seconds(read) < WITHIN_S


def told_at(text: str) -> None:
    """As the form of a recipient reads it, by every way."""
    for way in NoticeWay:
        with suppress(ValidationError):
            RecipientForm.model_validate({"name": "x", "party": "company", "way": way, "address": text})


def outage_at(text: str) -> None:
    """As the form of a new outage reads it, in every field."""
    fields = ("kind", "cause", "message", "since", "entrances", "flats")
    read_new(MultiDict({"house": "1"} | dict.fromkeys(fields, text)), 1, "Europe/Moscow")


NOW = datetime(2026, 3, 5, tzinfo=UTC)
READERS: dict[str, Callable[[str], object]] = {
    "search": search.Search.of,
    "words of a house": readings,
    "words of a name": book.name_words,
    "telephone in a search": book.as_phone,
    "telephone": existing,
    "telephones": phone_cells.split_phones,
    "telephones in a cell": lambda text: phone_cells.read_phones(text[: cells.MOST_LETTERS_OF_PHONES]),
    "address in a cell": take_apart,
    "heading of a column": headings.columns_of().meant,
    "E.164": e164,
    "telephone as it is shown": local,
    "hours": forms.hours,
    "time of planned works": planned_sheet.moment,
    "address of planned works": planned_sheet.same_address,
    "address of who is told of outages": told_at,
    "form of an outage": outage_at,
    "what callers hear": lambda text: [speakable(text[:LONGEST_TEXT], language) for language in ("ru", "en")],
    "name of another PBX's recording": lambda text: call_of(text, NodeName("node1"), ZoneInfo("Europe/Moscow")),
    "prefix of a rule": lambda text: read_rule({"prefix": text}),
    "address in a throttle": Throttle(600).take,
    "e-mail address": forms._email,
    "web address": forms._url,
    "numbers of a company": forms.dialled_numbers,
    "cell of an export": sheets.harmless,
    "cell of a directory": guarded,
    "name of a file": lambda text: clean_name(text, "image/png"),
    "addresses of proxies": lambda text: client_of("10.0.0.1", text, [ip_network("10.0.0.0/8")]),
    "first message of a browser": codec.hello_of,
    "later message of a browser": codec.request_of,
    "line of a custody chain": chain.read_line,
    "line of the ledger": parse_line,
    "escapes of Asterisk": parse.unescape,
    "page": PageCursor.parse,
    "detail of a delivery": one_line,
    "code": lambda text: step_of("JBSWY3DPEHPK3PXP", text, NOW),
}
MORE = ("{", '{"a":', '{"type":"hello",', "|", '"', ",", ";", "10.0.0.1,", "::1,", "8 916 ", "доб.", "\u202e", "\ud800")


@pytest.mark.parametrize("name", READERS)
def test_a_megabyte_is_read_or_refused_in_time(name: str):
    read = [READERS[name]]
    tokens = [(token, end) for token in (*TOKENS, *MORE) for end in ("", "\x7f")]
    short = {each: slowest(read, filled(each[0], MB // 64, each[1])) for each in tokens}
    worst = sorted(tokens, key=lambda each: short[each])[-3:]
    assert short[worst[-1]] < SHORT_WITHIN_S, worst[-1]
    for token, end in worst:
        assert slowest(read, filled(token, MB, end)) < WITHIN_S, (token, end)


def test_a_message_in_many_pieces_is_cut_in_time():
    framer = Framer()

    def feed() -> None:
        for _ in range(MESSAGE_LIMIT // 64):
            list(framer.feed(b"a" * 64))

    assert seconds(feed) < WITHIN_S


def test_a_picture_of_many_parts_is_looked_at_in_time(tmp_path: Path):
    file = tmp_path / "a.png"
    file.write_bytes(png(MB // 15))
    assert seconds(lambda: media_type_of(file)) < WITHIN_S
