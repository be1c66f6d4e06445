"""What the ticket's pages say, and the sentences that are read out to the resident."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from callcenter.desk.ticket import Ticket
from callcenter.domain.deadlines import LimitStep
from callcenter.web.language import translations

Names = dict[str, str]


@dataclass(frozen=True, slots=True)
class TicketWords:
    """Names of states, steps, fields and so on in one language, by their code."""

    states: Names
    steps: Names
    payments: Names
    events: Names
    limits: Names
    fields: Names
    problems: Names


def ticket_words(language: str) -> TicketWords:
    """The words of a language."""
    return TicketWords(
        states=_states(language),
        steps=_steps(language),
        payments=_payments(language),
        events=_events(language),
        limits=_limits(language),
        fields=_fields(language),
        problems=_problems(language),
    )


def when(at: datetime, zone: str, language: str) -> str:
    """The day and the minute, as they are said."""
    return format_datetime(at, "d MMMM, HH:mm", tzinfo=ZoneInfo(zone), locale=language)


def span(lasts: timedelta, language: str) -> str:
    """How long, in the two largest units; less than a minute counts as one."""
    t = translations(language)
    minutes = max(1, int(lasts.total_seconds()) // 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return t.gettext("{days} d {hours} h").format(days=days, hours=hours)
    if hours:
        return t.gettext("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return t.gettext("{minutes} min").format(minutes=minutes)


def read_out(ticket: Ticket) -> str:
    """What the operator says to the resident, in the language of the ticket's company."""
    t = translations(ticket.language)

    def at(moment: datetime) -> str:
        return when(moment, ticket.zone, ticket.language)

    said = [t.gettext("Your ticket is number {number}.").format(number=ticket.number)]
    begin, end = ticket.planned_from, ticket.planned_until
    if begin and end:
        said.append(t.gettext("The work is planned from {begin} to {end}.").format(begin=at(begin), end=at(end)))
    elif end:
        said.append(t.gettext("The work will be done by {end}.").format(end=at(end)))
    elif begin:
        said.append(t.gettext("The work begins on {begin}.").format(begin=at(begin)))
    else:
        promises = {
            LimitStep.LOCALISE: t.gettext("The damage will be contained by {end}."),
            LimitStep.CLEAR: t.gettext("The blockage will be cleared by {end}."),
            LimitStep.REPAIR: t.gettext("It will be repaired by {end}."),
        }
        due = [line for line in ticket.deadlines if line.met_at is None and line.step in promises]
        said += [promises[line.step].format(end=at(line.due_at)) for line in due]
    if name := ticket.responsible or ticket.crew:
        said.append(t.gettext("Responsible: {name}.").format(name=name))
    if ticket.access_at:
        said.append(t.gettext("Access to the flat is needed on {at}.").format(at=at(ticket.access_at)))
        if ticket.access_reason:
            said.append(t.gettext("Reason: {reason}.").format(reason=ticket.access_reason.rstrip(".")))
        if ticket.access_people:
            said.append(t.gettext("Who will come: {people}.").format(people=ticket.access_people.rstrip(".")))
    return " ".join(said)


def _states(language: str) -> Names:
    t = translations(language)
    return {
        "new": t.gettext("New"),
        "assigned": t.gettext("Assigned"),
        "accepted": t.gettext("Accepted"),
        "in_progress": t.gettext("Work in progress"),
        "done": t.gettext("Done"),
        "closed": t.gettext("Closed"),
        "cancelled": t.gettext("Cancelled"),
        "reopened": t.gettext("Reopened"),
    }


def _steps(language: str) -> Names:
    t = translations(language)
    return {
        "assign": t.gettext("Assign"),
        "accept": t.gettext("Accept"),
        "start": t.gettext("Start work"),
        "finish": t.gettext("Mark as done"),
        "close": t.gettext("Close"),
        "cancel": t.gettext("Cancel the ticket"),
        "reopen": t.gettext("Reopen"),
    }


def _payments(language: str) -> Names:
    t = translations(language)
    return {
        "none": t.gettext("Not paid work"),
        "due": t.gettext("To be paid"),
        "paid": t.gettext("Paid"),
        "refunded": t.gettext("Refunded"),
    }


def _events(language: str) -> Names:
    t = translations(language)
    return {
        "opened": t.gettext("Ticket opened"),
        "edited": t.gettext("Ticket changed"),
        "moved": t.gettext("State changed"),
        "comment": t.gettext("Comment"),
        "file": t.gettext("File added"),
        "told": t.gettext("Resident told"),
        "localised": t.gettext("Damage contained"),
        "sent": t.gettext("Sent to the crew"),
        "linked": t.gettext("Link to an incident changed"),
    }


def _limits(language: str) -> Names:
    t = translations(language)
    return {
        "tell": t.gettext("Tell the resident"),
        "localise": t.gettext("Contain the damage"),
        "clear": t.gettext("Clear the blockage"),
        "repair": t.gettext("Repair"),
    }


def _fields(language: str) -> Names:
    t = translations(language)
    return {
        "company_id": t.gettext("Company"),
        "category_id": t.gettext("Category"),
        "subject": t.gettext("Subject"),
        "description": t.gettext("Description"),
        "contact_name": t.gettext("Contact person"),
        "contact_phone": t.gettext("Contact phone"),
        "house_id": t.gettext("House"),
        "premises_id": t.gettext("Flat"),
        "resident_id": t.gettext("Resident"),
        "common_property": t.gettext("Common property of the house"),
        "access_at": t.gettext("Access to the flat: when"),
        "access_reason": t.gettext("Access: reason"),
        "access_people": t.gettext("Access: who will come"),
        "price": t.gettext("Price"),
        "payment": t.gettext("Payment"),
        "crew_id": t.gettext("Crew"),
        "responsible_id": t.gettext("Responsible person"),
        "planned_from": t.gettext("Planned from"),
        "planned_until": t.gettext("Planned until"),
        "parent_id": t.gettext("Part of incident No."),
        "state": t.gettext("State"),
        "comment": t.gettext("Comment"),
        "file": t.gettext("File"),
        "result": t.gettext("Result"),
        "cancel_reason": t.gettext("Reason for cancelling"),
        "accepted_at": t.gettext("Accepted at"),
        "started_at": t.gettext("Started at"),
        "done_at": t.gettext("Done at"),
        "closed_at": t.gettext("Closed at"),
    }


def _problems(language: str) -> Names:
    t = translations(language)
    return {
        "unknown": t.gettext("There is no such entry; choose another."),
        "inactive": t.gettext("This category is no longer in use; choose another."),
        "other house": t.gettext("This flat is in another house."),
        "other flat": t.gettext("This resident lives in another flat; choose again."),
        "no house": t.gettext("Choose the house first."),
        "no flat": t.gettext("This house has no such flat; look at the number."),
        "before start": t.gettext("This is before the planned start."),
        "linked": t.gettext("An incident cannot be part of another; give the number of the incident itself."),
        "words": t.gettext("Write why, or what was done."),
        "crew": t.gettext("Choose a crew."),
        "company": t.gettext("Choose a company."),
        "zero byte": t.gettext("Remove the characters that cannot be shown."),
        "too long": t.gettext("This is too long; shorten it."),
        "phone": t.gettext("This is no telephone number; write it as +7 900 123-45-67."),
        "price": t.gettext("Write an amount such as 1500 or 1500.50."),
        "moment": t.gettext("Write a day and a time."),
        "number": t.gettext("Write a number."),
        "wrong": t.gettext("This cannot be read; enter it again."),
        "file empty": t.gettext("This file is empty."),
        "file too large": t.gettext("Files may have up to 20 MB; make it smaller."),
        "file kind": t.gettext("Only photographs (JPEG, PNG, WebP) and PDF can be added."),
        "file pixels": t.gettext("This picture has too many pixels; make it smaller."),
        "file too many": t.gettext("This ticket has as many files as it can have."),
        "file missing": t.gettext("Choose a file first."),
        "file store": t.gettext("Files cannot be kept now. Try again in a few minutes."),
    }
