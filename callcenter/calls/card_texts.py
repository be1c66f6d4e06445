"""Texts of the scripts of the operator's card and of the keys."""

from typing import Any

from callcenter.tickets.texts import no_ticket_reasons
from callcenter.web.formats import Translator
from callcenter.web.script_texts import SAMPLES


def card_texts(language: str) -> dict[str, Any]:
    """The texts; the scripts fill in `{…}`."""
    t = Translator(language)
    return {
        "flat": t.gettext("flat {flat}"),
        "keys": _keys(t),
        "places": {
            "flat": t.pgettext("card", "this flat"),
            "caller": t.pgettext("card", "this caller"),
            "house": t.pgettext("card", "this house"),
        },
        "no_ticket": {str(reason): text for reason, text in no_ticket_reasons(language).items()},
        "without": t.pgettext("card", "No ticket: {reason}"),
        "remembered_place": t.pgettext(
            "card", "The address of the last ticket from this number: ask whether it is right"
        ),
        "lookup_new": t.pgettext("card", "somebody new"),
        "lookup_house": t.pgettext("card", "flat not known"),
        "lookup_none": t.pgettext("card", "Nothing found: try the street and the house"),
        "lookup_more": t.pgettext("card", "There are more: type on"),
        "join": t.pgettext("card", "Join"),
        "similar": {
            category: t.npgettext("card", "{n} similar ticket is open here", "{n} similar tickets are open here", n)
            for category, n in SAMPLES[language].items()
        },
        "listen": t.pgettext("card", "Listen"),
        "wrap_up": t.pgettext("card", "Wrap-up"),
        "unsaved": t.pgettext("card", "not saved"),
        "form_of": t.pgettext("card", "Ticket No. {number}"),
        "notification": t.pgettext("card", "A call is ringing"),
    }


def _keys(t: Translator) -> dict[str, str]:
    return {
        "answer": t.pgettext("key", "Answer"),
        "hang_up": t.pgettext("key", "Hang up, or reject"),
        "mute": t.pgettext("key", "Microphone off and on"),
        "hold": t.pgettext("key", "Hold and back"),
        "prolong": t.pgettext("key", "More time for the wrap-up"),
        "category": t.pgettext("key", "Choose the category"),
        "subject": t.pgettext("key", "Type the subject"),
        "save": t.pgettext("key", "Save the ticket"),
        "told": t.pgettext("key", "The sentence was read out"),
        "similar": t.pgettext("key", "The call is about the similar ticket"),
        "second": t.pgettext("key", "Second ticket of this call"),
        "without": t.pgettext("key", "No ticket needed: choose the reason by its digit"),
        "candidate": t.pgettext("key", "Choose who of those on this number it is"),
        "search": t.pgettext("key", "Look for an address or a name"),
        "outage": t.pgettext("key", "The call is about the outage"),
        "note": t.pgettext("key", "Note about the resident"),
        "help": t.pgettext("key", "This list"),
    }
