import re
from collections import Counter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from callcenter.domain.call import Outcome
from callcenter.domain.request import RefusalReason
from callcenter.web.language import LANGUAGES, LOCALE, translations, words

Key = tuple[str | None, str | tuple[str, ...]]


def extracted() -> set[Key]:
    with (LOCALE / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {
        "_": None,
        "gettext": None,
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
        "npgettext": ((1, "c"), 2, 3),
    }
    found = extract_from_dir(LOCALE.parent, methods, options, keywords=keywords)
    return {(context, message) for _file, _line, message, _comments, context in found}


def catalogues(language: str) -> list[Catalog]:
    found = []
    for path in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            found.append(read_po(file, locale=language))
    return found


def written(language: str) -> set[Key]:
    return {(message.context, message.id) for read in catalogues(language) for message in read if message.id}


def test_everything_that_the_program_says_has_russian_words_and_nothing_else_has():
    assert written("ru") == extracted()


def test_english_is_what_the_program_says_and_each_plural_is_written_out():
    assert written("en") <= extracted()
    assert {key for key in extracted() if isinstance(key[1], tuple)} <= written("en")


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
    waiting = words("ru")["waiting"]
    assert (waiting["one"], waiting["few"], waiting["many"]) == (
        "звонящий ждёт",
        "звонящих ждут",
        "звонящих ждут",
    )
    others = words("ru")["others"]
    assert others["few"].endswith("жителя")
    assert others["many"].endswith("жителей")
    assert words("en")["waiting"] == {"one": "caller waiting", "other": "callers waiting"}
    minutes = (
        "Too many attempts. Try again in %(count)s minute.",
        "Too many attempts. Try again in %(count)s minutes.",
    )
    assert translations("ru").ngettext(*minutes, 21).endswith("минуту.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_outcome_has_words(language: str):
    assert words(language)["outcomes"].keys() == {outcome.value for outcome in Outcome}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_for_which_a_request_is_refused_has_words(language: str):
    assert words(language)["request_refused"].keys() == {reason.value for reason in RefusalReason}
