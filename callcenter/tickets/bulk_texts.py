"""Texts of actions on many tickets."""

from collections.abc import Mapping

from callcenter.tickets.bulk import BulkAction
from callcenter.tickets.texts import ticket_texts
from callcenter.web.formats import Translator
from callcenter.web.labels import labels


@labels(BulkAction)
def bulk_actions(t: Translator) -> dict[BulkAction, str]:
    """What can be done with many tickets."""
    return {
        BulkAction.ASSIGN: t.pgettext("bulk", "Assign to a crew"),
        BulkAction.JOIN: t.pgettext("bulk", "Join under an incident"),
        BulkAction.CLOSE: t.pgettext("bulk", "Close"),
        BulkAction.CANCEL: t.pgettext("bulk", "Cancel"),
    }


def why_not(language: str) -> Mapping[str, str]:
    """Why a ticket was left as it is."""
    t = Translator(language)
    return {
        **ticket_texts(language).problems,
        "state": t.pgettext("bulk", "its state does not allow it"),
        "unknown": t.pgettext("bulk", "its company has no such crew or incident"),
        "linked": t.pgettext("bulk", "it is the incident itself, or has tickets below it"),
        "missing": t.pgettext("bulk", "there is no such ticket any more"),
    }
