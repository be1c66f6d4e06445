"""Texts of the ticket's pages, and the sentences that are read out to the resident."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from callcenter.domain.deadlines import LimitStep
from callcenter.domain.ticket import (
    CrewAnswer,
    NoTicketReason,
    PaymentState,
    Step,
    TicketEventKind,
    TicketSource,
    TicketState,
)
from callcenter.tickets.ticket import Ticket
from callcenter.web.formats import Translator
from callcenter.web.labels import labels, limit_steps, payment_states, ticket_states
from callcenter.web.language import translations

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TicketTexts:
    """Names of states, steps, fields and so on in one language, by their code."""

    states: Mapping[TicketState, str]
    steps: Mapping[Step, str]
    payments: Mapping[PaymentState, str]
    events: Mapping[TicketEventKind, str]
    sources: Mapping[TicketSource, str]
    answers: Mapping[CrewAnswer, str]
    ways: Names
    """How a ticket is sent to its crew: by `HandoverChannel` of `callcenter/dispatch/delivery.py`."""
    limits: Mapping[LimitStep, str]
    fields: Names
    problems: Names


def ticket_texts(language: str) -> TicketTexts:
    """The texts of a language."""
    return TicketTexts(
        states=ticket_states(language),
        steps=ticket_steps(language),
        payments=payment_states(language),
        events=ticket_event_kinds(language),
        sources=ticket_sources(language),
        answers=crew_answers(language),
        ways=_ways(language),
        limits=limit_steps(language),
        fields=_fields(language),
        problems=_problems(language),
    )


def when(at: datetime, zone: str, language: str) -> str:
    """The day and the minute, as they are read out."""
    return format_datetime(at, "d MMMM, HH:mm", tzinfo=ZoneInfo(zone), locale=language)


def span(lasts: timedelta, language: str) -> str:
    """A duration in its two largest units; less than a minute counts as one."""
    t = translations(language)
    minutes = max(1, int(lasts.total_seconds()) // 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return t.gettext("{days} d {hours} h").format(days=days, hours=hours)
    if hours:
        return t.gettext("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return t.gettext("{minutes} min").format(minutes=minutes)


@labels(Step)
def ticket_steps(t: Translator) -> dict[Step, str]:
    """The steps of a ticket."""
    return {
        Step.ASSIGN: t.pgettext("ticket", "Assign"),
        Step.ACCEPT: t.pgettext("ticket", "Accept"),
        Step.START: t.pgettext("ticket", "Start work"),
        Step.FINISH: t.pgettext("ticket", "Mark as done"),
        Step.REFUSE: t.pgettext("ticket", "The crew refuses"),
        Step.CLOSE: t.pgettext("ticket", "Close"),
        Step.CANCEL: t.pgettext("ticket", "Cancel the ticket"),
        Step.REOPEN: t.pgettext("ticket", "Reopen"),
    }


@labels(TicketEventKind)
def ticket_event_kinds(t: Translator) -> dict[TicketEventKind, str]:
    """The events of a ticket."""
    return {
        TicketEventKind.OPENED: t.pgettext("ticket", "Ticket opened"),
        TicketEventKind.EDITED: t.pgettext("ticket", "Ticket changed"),
        TicketEventKind.MOVED: t.pgettext("ticket", "State changed"),
        TicketEventKind.COMMENT: t.pgettext("ticket", "Comment"),
        TicketEventKind.FILE: t.pgettext("ticket", "File added"),
        TicketEventKind.TOLD: t.pgettext("ticket", "Resident notified"),
        TicketEventKind.LOCALISED: t.pgettext("ticket", "Damage contained"),
        TicketEventKind.SENT: t.pgettext("ticket", "Sent to the crew"),
        TicketEventKind.CALLED: t.pgettext("ticket", "Called again about this"),
        TicketEventKind.LINKED: t.pgettext("ticket", "Link to an incident changed"),
        TicketEventKind.MERGED: t.pgettext("ticket", "Merged"),
        TicketEventKind.WAITING: t.pgettext("ticket", "Waits for the resident"),
        TicketEventKind.RESUMED: t.pgettext("ticket", "Waits for the resident no more"),
    }


@labels(CrewAnswer)
def crew_answers(t: Translator) -> dict[CrewAnswer, str]:
    """What a crew said, for the desk."""
    return {
        CrewAnswer.DONE: t.pgettext("crew answer", "the crew is done"),
        CrewAnswer.REFUSED: t.pgettext("crew answer", "the crew refused"),
        CrewAnswer.ABSENT: t.pgettext("crew answer", "nobody at home"),
        CrewAnswer.COMMENT: t.pgettext("crew answer", "the crew wrote"),
    }


@labels(TicketSource)
def ticket_sources(t: Translator) -> dict[TicketSource, str]:
    """How a ticket came in, the usual ones first."""
    return {
        TicketSource.CALL: t.pgettext("ticket source", "Telephone"),
        TicketSource.VISIT: t.pgettext("ticket source", "In person"),
        TicketSource.LETTER: t.pgettext("ticket source", "Letter"),
        TicketSource.MESSAGE: t.pgettext("ticket source", "E-mail or messenger"),
        TicketSource.PROGRAM: t.pgettext("ticket source", "Another program"),
        TicketSource.OTHER: t.pgettext("ticket source", "Other"),
    }


@labels(NoTicketReason)
def no_ticket_reasons(t: Translator) -> dict[NoTicketReason, str]:
    """Why a call needs no ticket."""
    return {
        NoTicketReason.WRONG_NUMBER: t.pgettext("no ticket", "Wrong number"),
        NoTicketReason.SILENCE: t.pgettext("no ticket", "Nobody spoke"),
        NoTicketReason.ANSWERED: t.pgettext("no ticket", "Question answered at once"),
        NoTicketReason.ADVERTISING: t.pgettext("no ticket", "Advertising"),
        NoTicketReason.OTHER_COMPANY: t.pgettext("no ticket", "House of another company"),
    }


def read_out(ticket: Ticket) -> str:
    """What the operator says to the resident, in the language of the ticket's company."""
    t = translations(ticket.language)

    def at(moment: datetime) -> str:
        return when(moment, ticket.zone, ticket.language)

    sentences = [t.gettext("Your ticket is number {number}.").format(number=ticket.number)]
    begin, end = ticket.planned_from, ticket.planned_until
    if begin and end:
        sentences.append(t.gettext("The work is planned from {begin} to {end}.").format(begin=at(begin), end=at(end)))
    elif end:
        sentences.append(t.gettext("The work will be done by {end}.").format(end=at(end)))
    elif begin:
        sentences.append(t.gettext("The work begins on {begin}.").format(begin=at(begin)))
    else:
        promises = {
            LimitStep.LOCALISE: t.gettext("The damage will be contained by {end}."),
            LimitStep.CLEAR: t.gettext("The blockage will be cleared by {end}."),
            LimitStep.REPAIR: t.gettext("It will be repaired by {end}."),
        }
        due = [line for line in ticket.deadlines if line.met_at is None and line.step in promises]
        sentences += [promises[line.step].format(end=at(line.due_at)) for line in due]
    if name := ticket.responsible or ticket.crew:
        sentences.append(t.gettext("Responsible: {name}.").format(name=name))
    if ticket.access_at:
        sentences.append(t.gettext("Access to the flat is needed on {at}.").format(at=at(ticket.access_at)))
        if ticket.access_reason:
            sentences.append(t.gettext("Reason: {reason}.").format(reason=ticket.access_reason.rstrip(".")))
        if ticket.access_people:
            sentences.append(t.gettext("Who will come: {people}.").format(people=ticket.access_people.rstrip(".")))
    return " ".join(sentences)


def _say(language: str) -> Callable[[str, str], str]:
    catalogue = translations(language)
    return lambda context, text: str(catalogue.pgettext(context, text))


def _fields(language: str) -> Names:
    pgettext = _say(language)
    return {
        "way": pgettext("ticket", "Sent"),
        "company_id": pgettext("ticket", "Company"),
        "category_id": pgettext("ticket", "Category"),
        "subject": pgettext("ticket", "Subject"),
        "description": pgettext("ticket", "Description"),
        "contact_name": pgettext("ticket", "Contact person"),
        "contact_phone": pgettext("ticket", "Contact phone"),
        "house_id": pgettext("ticket", "House"),
        "premises_id": pgettext("ticket", "Flat"),
        "resident_id": pgettext("ticket", "Resident"),
        "common_property": pgettext("ticket", "Common property of the house"),
        "access_at": pgettext("ticket", "Access to the flat: when"),
        "access_reason": pgettext("ticket", "Access: reason"),
        "access_people": pgettext("ticket", "Access: who will come"),
        "price": pgettext("ticket", "Price"),
        "payment": pgettext("ticket", "Payment"),
        "crew_id": pgettext("ticket", "Crew"),
        "responsible_id": pgettext("ticket", "Responsible person"),
        "planned_from": pgettext("ticket", "Planned from"),
        "planned_until": pgettext("ticket", "Planned until"),
        "parent_id": pgettext("ticket", "Part of incident No."),
        "source": pgettext("ticket", "How it came in"),
        "merged_into": pgettext("ticket", "Merged into ticket No."),
        "merged": pgettext("ticket", "Merged with ticket No."),
        "state": pgettext("ticket", "State"),
        "comment": pgettext("ticket", "Comment"),
        "file": pgettext("ticket", "File"),
        "result": pgettext("ticket", "Result"),
        "cancel_reason": pgettext("ticket", "Reason for cancelling"),
        "accepted_at": pgettext("ticket", "Accepted at"),
        "started_at": pgettext("ticket", "Started at"),
        "done_at": pgettext("ticket", "Done at"),
        "closed_at": pgettext("ticket", "Closed at"),
    }


def _ways(language: str) -> Names:
    pgettext = _say(language)
    return {"email": pgettext("way", "by e-mail"), "webhook": pgettext("way", "to the crew's program")}


def _problems(language: str) -> Names:
    t = translations(language)
    return {
        "unknown": t.gettext("There is no such entry; choose another."),
        "inactive": t.gettext("This category is no longer in use; choose another."),
        "other house": t.gettext("This flat is in another house."),
        "other flat": t.gettext("This resident lives in another flat; choose again."),
        "no house": t.gettext("Choose the house first."),
        "no flat": t.gettext("This house has no such flat; check the number."),
        "before start": t.gettext("This is before the planned start."),
        "linked": t.gettext("An incident cannot be part of another; give the number of the incident itself."),
        "words": t.gettext("Enter the reason, or what was done."),
        "crew": t.gettext("Choose a crew."),
        "company": t.gettext("Choose a company."),
        "zero byte": t.gettext("Remove the characters that cannot be shown."),
        "too long": t.gettext("This is too long; shorten it."),
        "phone": t.gettext("This is not a telephone number; write it as +7 900 123-45-67."),
        "price": t.gettext("Enter an amount such as 1500 or 1500.50."),
        "moment": t.gettext("Enter a day and a time."),
        "number": t.gettext("Enter a number."),
        "wrong": t.gettext("This cannot be read; enter it again."),
        "file empty": t.gettext("This file is empty."),
        "file too large": t.gettext("Files may have up to 20 MB; make it smaller."),
        "file kind": t.gettext("Only photographs (JPEG, PNG, WebP) and PDF can be added."),
        "file pixels": t.gettext("This picture has too many pixels; make it smaller."),
        "file too many": t.gettext("This ticket already has the maximum number of files."),
        "file missing": t.gettext("Choose a file first."),
        "file store": t.gettext("Files cannot be saved now. Try again in a few minutes."),
    }
