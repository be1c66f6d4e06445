"""Texts of the file of the whole journal."""

from collections.abc import Mapping
from typing import Any

from callcenter.domain.ticket import PaymentState
from callcenter.reports.exports import FIELDS, ExportTexts
from callcenter.web.formats import Translator
from callcenter.web.labels import payment_states, ticket_classes, ticket_states


def export_texts(language: str) -> ExportTexts:
    """The title, the column heads, and the labels of codes."""
    t = Translator(language)
    heads = {
        "company": t.pgettext("export", "Company"),
        "number": t.pgettext("export", "Number"),
        "opened_at": t.pgettext("export", "Opened"),
        "state": t.pgettext("export", "State"),
        "kind": t.pgettext("export", "Kind"),
        "category": t.pgettext("export", "Category"),
        "subject": t.pgettext("export", "Subject"),
        "description": t.pgettext("export", "Description"),
        "address": t.pgettext("export", "Address"),
        "flat": t.pgettext("export", "Flat"),
        "entrance": t.pgettext("export", "Entrance"),
        "common_property": t.pgettext("export", "Common property"),
        "caller": t.pgettext("export", "Caller's number"),
        "resident": t.pgettext("export", "Resident"),
        "account": t.pgettext("export", "Account"),
        "contact_name": t.pgettext("export", "Contact"),
        "contact_phone": t.pgettext("export", "Contact's telephone"),
        "access_at": t.pgettext("export", "Access to the flat"),
        "access_reason": t.pgettext("export", "Reason for access"),
        "access_people": t.pgettext("export", "Who comes"),
        "price": t.pgettext("export", "Price, ₽"),
        "payment": t.pgettext("export", "Payment"),
        "operator": t.pgettext("export", "Operator"),
        "crew": t.pgettext("export", "Crew"),
        "responsible": t.pgettext("export", "Responsible"),
        "planned_from": t.pgettext("export", "Planned from"),
        "planned_until": t.pgettext("export", "Planned until"),
        "accepted_at": t.pgettext("export", "Accepted by the crew"),
        "localised_at": t.pgettext("export", "Localised"),
        "started_at": t.pgettext("export", "Begun"),
        "done_at": t.pgettext("export", "Done"),
        "closed_at": t.pgettext("export", "Closed"),
        "late_from": t.pgettext("export", "First deadline missed or still open"),
        "result": t.pgettext("export", "Result"),
        "cancel_reason": t.pgettext("export", "Reason for cancellation"),
        "parent": t.pgettext("export", "Number of the incident"),
        "call": t.pgettext("export", "Call"),
        "recordings": t.pgettext("export", "Recordings"),
        "files": t.pgettext("export", "Files"),
    }
    return ExportTexts(t.pgettext("export", "Journal"), [heads[name] for name in FIELDS], _values(language))


def _values(language: str) -> dict[str, Mapping[Any, str]]:
    t, payments = Translator(language), dict(payment_states(language))
    del payments[PaymentState.NONE]
    return {
        "state": ticket_states(language),
        "kind": ticket_classes(language),
        "payment": payments,
        "common_property": {True: t.pgettext("export", "yes"), False: t.pgettext("export", "no")},
    }
