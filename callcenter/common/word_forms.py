"""The forms of a Russian word, so that `батареи` finds `батарея`: a stemmer alone gives them different stems."""

from functools import cache, lru_cache

from pymorphy3 import MorphAnalyzer

from callcenter.addresses.letters import other_layout

SHORTEST = 3
LONG = 5
"""Letters from which on the beginning of a word is rare enough to be looked for in the middle of a query."""
MOST_FORMS = 32
# A meaning less probable than this is left out; the likeliest never is.
_UNLIKELY = 0.1
# Not the participles of a verb: they are adjectives to whoever searches.
_SAME = {"INFN": {"INFN", "VERB"}, "VERB": {"INFN", "VERB"}}


@lru_cache(4096)
def forms(word: str) -> tuple[str, ...]:
    """The word itself, in small letters, then its other forms; also those of what the other keyboard layout would give."""
    word = word.lower()
    found = {word: None} | dict.fromkeys(_inflected(word))
    if word.isascii():
        found |= dict.fromkeys(_inflected(other_layout(word)))
    return tuple(found)[:MOST_FORMS]


def is_whole(word: str) -> bool:
    """Whether nothing is missing at its end: a number, or a word of the dictionary that is no short one."""
    word = word.lower()
    return word.isdigit() or (len(word) >= LONG and _russian().word_is_known(word))


def _inflected(word: str) -> tuple[str, ...]:
    if len(word) < SHORTEST or not all("а" <= letter <= "я" or letter in "ё-" for letter in word):
        return ()
    meanings = _russian().parse(word)
    likely = [each for each in meanings if each.score >= _UNLIKELY] or meanings[:1]
    return tuple(
        form.word
        for meaning in likely
        for form in meaning.lexeme
        if str(form.tag.POS) in _SAME.get(str(meaning.tag.POS), {str(form.tag.POS)})
    )


@cache
def _russian() -> MorphAnalyzer:
    return MorphAnalyzer(lang="ru")
