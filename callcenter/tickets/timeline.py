"""The history on a ticket's page: events and calls, with what was changed as text."""

from datetime import datetime

from callcenter.domain.ticket import PaymentState, TicketState
from callcenter.tickets.form import MOMENTS
from callcenter.tickets.reading import TicketPage
from callcenter.tickets.texts import ticket_texts, when
from callcenter.tickets.ticket import Ticket, TicketEvent


def timeline(shown: TicketPage, language: str) -> list[dict[str, object]]:
    """Events and calls together, newest first."""
    items: list[tuple[datetime, int, dict[str, object]]] = []
    items += [(call.arrived_at, 0, {"call": call}) for call in shown.calls]
    for event in shown.events:
        items.append((event.at, event.id, {"event": event, "changes": change_texts(event, shown.ticket, language)}))
    return [item for _, _, item in sorted(items, key=lambda entry: entry[:2], reverse=True)]


def change_texts(event: TicketEvent, ticket: Ticket, language: str) -> list[tuple[str, str, str]]:
    """The label, the old and the new value of each field that an event changed, as text."""
    names, labels = ticket_texts(language).fields, dict(event.labels)
    order = {name: place for place, name in enumerate(names)}
    return [
        (
            names.get(name, name),
            value_text(name, old, ticket.zone, language, labels),
            value_text(name, new, ticket.zone, language, labels),
        )
        for name, (old, new) in sorted(event.changes.items(), key=lambda item: order.get(item[0], len(order)))
    ]


def value_text(
    name: str, value: object, zone: str, language: str, labels: dict[tuple[str, object], tuple[str, str]]
) -> str:
    """A changed field's JSON value as text; a dash for none."""
    if value in (None, "", False):
        return "–"
    if (name, value) in labels:
        return labels[name, value][0 if language == "ru" else 1]
    if value is True:
        return "✓"
    texts = ticket_texts(language)
    if name == "way":
        return texts.ways.get(str(value), str(value))
    if name == "payment":
        return texts.payments[PaymentState(str(value))]
    if name == "state":
        return texts.states[TicketState(str(value))]
    if name in MOMENTS or name.endswith("_at"):
        return when(datetime.fromisoformat(str(value)), zone, language)
    return str(value)
