"""The ticket's form: from a ticket to the form's values, and from those to an edit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from callcenter.domain.person import Person
from callcenter.tickets.choices import TicketChoices
from callcenter.tickets.ticket import Ticket, TicketEdit

# The form's own names for fields that are typed as a number and stored as a foreign key.
TYPED_AS = {"premises_id": "flat", "parent_id": "parent"}
TEXTS = ("subject", "description", "contact_name", "contact_phone", "access_reason", "access_people", "payment")
CHOSEN = ("category_id", "house_id", "resident_id", "responsible_id")
MOMENTS = ("access_at", "planned_from", "planned_until")
LONGEST_NUMBER = 9


@dataclass
class TicketForm:
    """The values of the form by field, and what is wrong with them, by field too."""

    typed: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)
    # The newest value of a field that somebody else has changed meanwhile.
    theirs: dict[str, str] = field(default_factory=dict)
    version: int | None = None
    """The version of the ticket for which the form was filled in; None: the one shown."""


def local(at: datetime | None, zone: str) -> str:
    """A moment in the format of a `datetime-local` input."""
    return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def typed_of(ticket: Ticket) -> dict[str, str]:
    """The form's values for an unchanged ticket."""
    typed = {name: str(getattr(ticket, name)) for name in TEXTS}
    typed |= {name: str(getattr(ticket, name) or "") for name in CHOSEN}
    typed |= {name: local(getattr(ticket, name), ticket.zone) for name in MOMENTS}
    typed["price"] = "" if ticket.price is None else f"{ticket.price:.2f}"
    typed["common_property"] = "1" if ticket.common_property else ""
    return typed | {"flat": ticket.flat, "parent": "" if ticket.parent_number is None else str(ticket.parent_number)}


def typed_value(name: str, value: object, zone: str, label: str = "") -> str:
    """A changed field's value, as JSON has it, as the form would show it. `label`: the name of the row it refers to."""
    if value in (None, False, ""):
        return ""
    if name in TYPED_AS:
        return label
    if name in MOMENTS:
        return local(datetime.fromisoformat(str(value)), zone)
    if name == "price":
        return f"{Decimal(str(value)):.2f}"
    return "1" if value is True else str(value)


class FormReader:
    """Makes an edit of what was typed, for tickets of one company."""

    def __init__(self, choices: TicketChoices, person: Person, company_id: int, zone: str) -> None:
        self._choices = choices
        self._person = person
        self._company_id = company_id
        self._zone = ZoneInfo(zone)

    async def read(self, typed: Mapping[str, str], before: Mapping[str, str]) -> tuple[TicketEdit, dict[str, str]]:
        """The edit of the fields that differ from `before`, and what is wrong, by the form's field."""
        new = {name: text.strip() for name, text in typed.items()}
        new = {name: text for name, text in new.items() if text.replace("\r\n", "\n") != before.get(name, "")}
        values: dict[str, object] = {name: new[name] for name in TEXTS if name in new}
        values |= {name: new[name] or None for name in (*CHOSEN, "price") if name in new}
        if "price" in new:
            values["price"] = new["price"].replace(",", ".").replace(" ", "").replace("\u00a0", "") or None
        if "common_property" in new:
            values["common_property"] = bool(new["common_property"])
        problems: dict[str, str] = {}
        for name in MOMENTS:
            if name in new:
                values[name] = self._moment(name, new[name], problems)
        if "flat" in new or ("house_id" in new and typed.get("flat")):
            values["premises_id"] = await self._flat(typed, problems)
        if "parent" in new:
            values["parent_id"] = await self._parent(new["parent"], problems)
        try:
            return TicketEdit(**values), problems
        except ValidationError as error:
            return TicketEdit(), problems | problems_of(error)

    def _moment(self, name: str, text: str, problems: dict[str, str]) -> datetime | None:
        if not text:
            return None
        try:
            moment = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=self._zone)
            # The first and the last days of the calendar have no UTC.
            moment.astimezone(ZoneInfo("UTC"))
        except (ValueError, OverflowError):
            problems[name] = "moment"
            return None
        return moment

    async def _flat(self, typed: Mapping[str, str], problems: dict[str, str]) -> int | None:
        flat, house = typed.get("flat", "").strip(), typed.get("house_id", "")
        if not flat:
            return None
        if not _is_number(house):
            problems["flat"] = "no house"
            return None
        found = None
        if "\0" not in flat:
            found = await self._choices.premises(self._person, self._company_id, int(house), flat)
        if found is None:
            problems["flat"] = "no flat"
        return found

    async def _parent(self, text: str, problems: dict[str, str]) -> int | None:
        text = text.lstrip("№# ")
        if not text:
            return None
        if not _is_number(text):
            problems["parent"] = "number"
            return None
        found = await self._choices.by_number(self._person, self._company_id, int(text))
        if found is None:
            problems["parent"] = "unknown"
        return found


def problems_of(error: ValidationError) -> dict[str, str]:
    """What is wrong with the fields of an edit, by the form's field."""
    found = {}
    for item in error.errors(include_url=False, include_input=False):
        name = str(item["loc"][0]) if item["loc"] else "subject"
        found[TYPED_AS.get(name, name)] = _problem(name, str(item["type"]), str(item["msg"]))
    return found


def _problem(name: str, kind: str, message: str) -> str:
    if kind == "string_too_long" and name != "contact_phone":
        return "too long"
    if "zero byte" in message:
        return "zero byte"
    if name in CHOSEN:
        return "unknown"
    return {"contact_phone": "phone", "price": "price"}.get(name, "wrong")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
