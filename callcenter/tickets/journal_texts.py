"""Texts of the journal and its filters."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from babel.dates import format_timedelta

from callcenter.domain.ticket import PaymentState
from callcenter.tickets.journal import DueFilter
from callcenter.web.filter_texts import filter_problems
from callcenter.web.formats import Translator
from callcenter.web.labels import labels, payment_states, ticket_classes
from callcenter.web.language import translations


def _say(language: str) -> Callable[[str, str], str]:
    catalogue = translations(language)
    return lambda context, text: str(catalogue.pgettext(context, text))


@labels(DueFilter)
def due_filters(t: Translator) -> dict[DueFilter, str]:
    """The options of the filter by limits."""
    return {
        DueFilter.LATE: t.pgettext("journal due", "late"),
        DueFilter.SOON: t.pgettext("journal due", "due soon"),
        DueFilter.CREW: t.pgettext("journal due", "a crew has answered"),
        DueFilter.WAITING: t.pgettext("journal due", "waits for the resident"),
    }


@cache
def choices(language: str) -> Mapping[str, Mapping[Any, str]]:
    """The options of the fields that are the same for everybody."""
    pgettext = _say(language)
    return {
        "due": due_filters(language),
        "category": ticket_classes(language),
        "paid": {
            "any": pgettext("journal payment", "With a price"),
            **{state: label for state, label in payment_states(language).items() if state is not PaymentState.NONE},
        },
    }


@cache
def problems(language: str) -> Mapping[str, str]:
    """What is wrong with a field, and what to do."""
    pgettext = _say(language)
    return {
        **filter_problems(language),
        "name": pgettext("journal", "Give the filter a name of at most 60 characters."),
        "filters": pgettext("journal", "You already have the maximum number of filters: delete one first."),
    }


def lasts(span: timedelta, language: str) -> str:
    """A duration, roughly."""
    return format_timedelta(abs(span), granularity="minute", threshold=1.2, format="short", locale=language)
