"""What the journal says of its tickets and filters."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache

from babel.dates import format_timedelta

from callcenter.web.filter_texts import filter_problems
from callcenter.web.language import translations


def _say(language: str) -> Callable[[str, str], str]:
    catalogue = translations(language)
    return lambda context, text: str(catalogue.pgettext(context, text))


@cache
def states(language: str) -> Mapping[str, str]:
    """Where a ticket is."""
    pgettext = _say(language)
    return {
        "new": pgettext("journal state", "new"),
        "assigned": pgettext("journal state", "assigned"),
        "accepted": pgettext("journal state", "accepted"),
        "in_progress": pgettext("journal state", "in progress"),
        "done": pgettext("journal state", "done"),
        "closed": pgettext("journal state", "closed"),
        "cancelled": pgettext("journal state", "cancelled"),
        "reopened": pgettext("journal state", "reopened"),
    }


@cache
def choices(language: str) -> Mapping[str, Mapping[str, str]]:
    """What can be chosen in the fields that are the same for everybody."""
    pgettext = _say(language)
    return {
        "due": {"late": pgettext("journal due", "late"), "soon": pgettext("journal due", "due soon")},
        "category": {
            "emergency": pgettext("journal class", "emergency"),
            "planned": pgettext("journal class", "planned"),
            "paid": pgettext("journal class", "paid work"),
            "question": pgettext("journal class", "question"),
        },
        "paid": {
            "any": pgettext("journal payment", "with a price"),
            "due": pgettext("journal payment", "to be paid"),
            "paid": pgettext("journal payment", "paid"),
            "refunded": pgettext("journal payment", "refunded"),
        },
    }


@cache
def problems(language: str) -> Mapping[str, str]:
    """What is wrong with a field, and what to do."""
    pgettext = _say(language)
    return {
        **filter_problems(language),
        "name": pgettext("journal", "Give the filter a name of at most 60 characters."),
        "filters": pgettext("journal", "You keep as many filters as there can be: delete one first."),
    }


def lasts(span: timedelta, language: str) -> str:
    """How long, roughly."""
    return format_timedelta(abs(span), granularity="minute", threshold=1.2, format="short", locale=language)
