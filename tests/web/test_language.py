import re
from collections import Counter

import pytest
from babel.messages.catalog import Catalog

from callcenter.web.language import LANGUAGES, translations
from callcenter.web.script_texts import script_texts
from stack import texts
from stack.texts import Key

ROOMS = sorted(texts.extracted())


def catalogues(language: str) -> list[Catalog]:
    return [read for room in ROOMS if (read := texts.read(room, language)) is not None]


def written(room: str, language: str) -> set[Key]:
    read = texts.read(room, language)
    return {(message.context, message.id) for message in read or () if message.id}


@pytest.mark.parametrize("room", ROOMS)
def test_everything_that_a_subject_says_has_russian_words_and_nothing_else_has(room: str):
    assert written(room, "ru") == texts.extracted()[room]


@pytest.mark.parametrize("room", ROOMS)
def test_english_is_what_the_program_says_and_each_plural_is_written_out(room: str):
    said = texts.extracted()[room]
    assert written(room, "en") <= said
    assert {key for key in said if isinstance(key[1], tuple)} <= written(room, "en")


def test_no_catalogue_stands_where_nothing_is_said():
    assert {path.parent.parent.name for path in texts.PACKAGE.glob("*/locale/*.po")} <= set(ROOMS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_catalogues_translate_the_same_text_differently(language: str):
    said: dict[Key, set[object]] = {}
    for read in catalogues(language):
        for message in read:
            if message.id:
                said.setdefault((message.context, message.id), set()).add(message.string)
    assert {key: texts for key, texts in said.items() if len(texts) > 1} == {}


@pytest.mark.parametrize(
    ("language", "read"), [(language, read) for language in LANGUAGES for read in catalogues(language)]
)
def test_everything_is_translated_with_the_same_blanks(language: str, read: Catalog):
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
