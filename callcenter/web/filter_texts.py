"""Texts of the problems of filters above lists."""

from collections.abc import Mapping
from functools import cache

from callcenter.web.language import translations


@cache
def filter_problems(language: str) -> Mapping[str, str]:
    """Texts by the problem of `web.query.Query`, and by the code of `NoSuchHouse`."""
    pgettext = translations(language).pgettext
    texts = {
        "choice": pgettext("filter", "There is no such choice: take one from the list."),
        "date": pgettext("filter", "Enter the day as 2026-03-05."),
        "order": pgettext("filter", "The period ends before it begins: change one of the two days."),
        "words": pgettext("filter", "Type a word, a ticket number, or at least four digits of a telephone number."),
        "few": pgettext("filter", "No house has this address: type a street and a number, such as Lesnaya 3."),
        "many": pgettext("filter", "Too many houses have this address: add the number of the house."),
    }
    return {problem: str(text) for problem, text in texts.items()}
