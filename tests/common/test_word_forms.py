"""A word finds what was written in another of its forms, and not what only begins alike: on PostgreSQL's own stemmer."""

from pathlib import Path

import asyncpg
import pytest

from callcenter.common.search import Search
from callcenter.common.word_forms import MOST_FORMS, forms

LINES = (Path(__file__).parent / "word_pairs.txt").read_text().splitlines()
PAIRS = [line.rsplit(" ", 1) for line in LINES if line[0] not in "#!"]
OTHERS = [line[2:].split() for line in LINES if line.startswith("!")]
FOUND = """
select to_tsvector('russian', $2)
    @@ journal_words(jsonb_populate_record(null::journal_filter, jsonb_build_object('words', $1::text[])))
"""


async def finds(connection: asyncpg.Connection, typed: str, written: str) -> bool:
    search = Search.of(f"{typed} и")
    assert search is not None
    return bool(await connection.fetchval(FOUND, list(search.words), written))


async def test_a_word_is_found_in_any_form(database_url: str) -> None:
    assert len(PAIRS) >= 100
    connection = await asyncpg.connect(database_url)
    try:
        missed = [pair for pair in PAIRS if not await finds(connection, *pair)]
        wrong = [pair for pair in OTHERS if await finds(connection, *pair)]
    finally:
        await connection.close()
    assert (missed, wrong) == ([], [])


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("батар", ["батар*"]), ("наб", ["наб*"]), ("гудят тру", ["гудят", "тру*"]), ("набереж 12", ["набереж*", "12"]),
        ("Новикова Ирина Сергеевна", ["Новикова", "Ирина", "сергеевна"]), ("кв 12", ["12"]), ("труб* два", ["труб", "два*"]),
    ],
)  # fmt: skip
def test_a_word_that_is_whole_is_not_the_beginning_of_another(typed: str, begins: list[str]) -> None:
    search = Search.of(typed)
    assert search is not None
    assert [each.split("|")[0] for each in (*search.words, search.prefix) if each] == begins


@pytest.mark.parametrize("word", ["", "кв", "12/5", "x" * 10_000, "ъ" * 10_000, "😀", "'", "а-б-в"])
def test_what_is_no_word_has_few_forms_and_the_first_is_itself(word: str) -> None:
    found = forms(word)
    assert found[0] == word
    assert len(found) <= MOST_FORMS
