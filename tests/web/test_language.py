import re
from collections import Counter
from functools import cache

import pytest
from babel.messages.catalog import Catalog

from callcenter.web.language import LANGUAGES, translations
from callcenter.web.script_texts import script_texts
from stack import texts
from stack.texts import Key

# By their folders: to read every source is too much for the collection of tests, which each worker does.
ROOMS = sorted(path.parent.name for path in texts.PACKAGE.glob("*/__init__.py"))
CATALOGUES = sorted((path.stem, path.parent.parent.name) for path in texts.PACKAGE.glob("*/locale/*.po"))

extracted = cache(texts.extracted)


def said(room: str) -> set[Key]:
    return extracted().get(room, set())


def catalogue(room: str, language: str) -> Catalog:
    read = texts.read(room, language)
    assert read is not None
    return read


def written(room: str, language: str) -> set[Key]:
    read = texts.read(room, language)
    return {(message.context, message.id) for message in read or () if message.id}


@pytest.mark.parametrize("room", ROOMS)
def test_everything_that_a_subject_says_has_russian_words_and_nothing_else_has(room: str):
    assert written(room, "ru") == said(room)


@pytest.mark.parametrize("room", ROOMS)
def test_english_is_what_the_program_says_and_each_plural_is_written_out(room: str):
    assert written(room, "en") <= said(room)
    assert {key for key in said(room) if isinstance(key[1], tuple)} <= written(room, "en")


def test_everything_is_said_in_a_subject_and_no_catalogue_stands_where_nothing_is_said():
    assert {room for _, room in CATALOGUES} <= set(extracted()) <= set(ROOMS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_catalogues_translate_the_same_text_differently(language: str):
    translated: dict[Key, set[object]] = {}
    for room in (room for catalogued, room in CATALOGUES if catalogued == language):
        for message in catalogue(room, language):
            if message.id:
                translated.setdefault((message.context, message.id), set()).add(message.string)
    assert {key: texts for key, texts in translated.items() if len(texts) > 1} == {}


@pytest.mark.parametrize(("language", "room"), CATALOGUES)
def test_everything_is_translated_with_the_same_blanks(language: str, room: str):
    read = catalogue(room, language)
    for message in read:
        if not message.id:
            continue
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        assert len(texts) == (read.num_plurals if len(ids) == 2 else 1), message.id
        assert not message.fuzzy
        for text in texts:
            assert text, message.id
            assert blanks(text) == blanks(ids[-1])
            if language == "ru":
                assert re.search("[а-яё]", text, re.IGNORECASE), text


def blanks(text: str) -> Counter[str]:
    return Counter(re.findall(r"%\(\w+\)s|\{\w+\}", text))


def test_plurals_are_right():
    waiting = script_texts("ru")["waiting"]
    assert (waiting["one"], waiting["few"], waiting["many"]) == (
        "звонящий ждёт",
        "звонящих ждут",
        "звонящих ждут",
    )
    others = script_texts("ru")["others"]
    assert others["few"].endswith("жителя")
    assert others["many"].endswith("жителей")
    assert script_texts("en")["waiting"] == {"one": "caller waiting", "other": "callers waiting"}
    minutes = (
        "Too many attempts. Try again in %(count)s minute.",
        "Too many attempts. Try again in %(count)s minutes.",
    )
    assert translations("ru").ngettext(*minutes, 21).endswith("минуту.")


COUNTED = (
    "attempts calls categories cells changes characters companies crews days entrances files flats hours houses letters"
    " lines links managers messages minutes months people photos recordings residents reviews rows seconds telephones"
    " texts tickets tokens weeks works years"
)
COUNT = re.compile(r"(?:%\((\w+)\)s|\{(\w+)\}) (?:[a-z]+ ){0,2}(?:" + COUNTED.replace(" ", "|") + r")\b")
LIMITS = {"limit", "max_length", "shown"}
"""Blanks that are filled with a fixed number, far above one."""


def test_whatever_is_counted_has_a_plural():
    single = {
        text: next(name for name in found.groups() if name)
        for keys in extracted().values()
        for _context, text in keys
        if isinstance(text, str) and (found := COUNT.search(text))
    }
    assert {text: name for text, name in single.items() if name not in LIMITS} == {}
