"""The forms of an outage: from what was typed to an outage to be opened, or a change."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from multidict import MultiMapping
from pydantic import BaseModel, ValidationError

from callcenter.domain.outage import BadFlats
from callcenter.outages.outage import NewOutage, OutageEdit, PlaceEdit, PlacesEdit

M = TypeVar("M", bound=BaseModel)
TEXTS = ("cause", "workers", "message", "operator_note")
MOMENTS = ("since", "until")


@dataclass
class OutageForm:
    """The values of the form by field, the houses chosen, and what is wrong, by field too."""

    typed: dict[str, str] = field(default_factory=dict)
    houses: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def read_new(sent: MultiMapping[Any], company_id: int, zone: str) -> tuple[NewOutage | None, OutageForm]:
    """The outage to be opened, if the form makes sense."""
    form = _form(sent)
    values = _texts_and_moments(form, zone)
    if not form.typed.get("kind"):
        form.problems["kind"] = "missing"
    values |= {"company_id": company_id, "kind": form.typed.get("kind", ""), "places": _places(form)}
    values["planned"] = bool(form.typed.get("planned"))
    new = _validated(NewOutage, values, form)
    if new is not None:
        _check_flats(new.places, form)
    return (None if form.problems else new), form


def read_places(sent: MultiMapping[Any]) -> tuple[tuple[PlaceEdit, ...], OutageForm]:
    """The houses chosen, each in the part that was typed; none if the form makes no sense."""
    form = _form(sent)
    edit = _validated(PlacesEdit, {"places": _places(form)}, form)
    if edit is not None:
        _check_flats(edit.places, form)
    return (() if edit is None or form.problems else edit.places), form


def read_edit(sent: MultiMapping[Any], zone: str) -> tuple[OutageEdit | None, OutageForm]:
    """The change, if the form makes sense."""
    form = _form(sent)
    edit = _validated(OutageEdit, _texts_and_moments(form, zone), form)
    return (None if form.problems else edit), form


def _form(sent: MultiMapping[Any]) -> OutageForm:
    texts = {name: value.strip() for name, value in sent.items() if isinstance(value, str)}
    return OutageForm(texts, [value for value in sent.getall("house", []) if isinstance(value, str)])


def _texts_and_moments(form: OutageForm, zone: str) -> dict[str, object]:
    values: dict[str, object] = {name: form.typed[name] for name in TEXTS if name in form.typed}
    for name in MOMENTS:
        if text := form.typed.get(name):
            try:
                values[name] = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(zone))
                values[name].astimezone(ZoneInfo("UTC"))  # type: ignore[attr-defined]
            except (ValueError, OverflowError):
                form.problems[name] = "moment"
        elif name == "until" and name in form.typed:
            values[name] = None
    return values


def _places(form: OutageForm) -> list[dict[str, object]]:
    part: dict[str, object] = {
        "entrances": _entrances(form),
        **{name: form.typed.get(name, "") for name in ("flats", "riser")},
    }
    places = [{"house_id": house, **part} for house in form.houses if house.isdigit()]
    if not places:
        form.problems["house"] = "missing"
    return places


def _check_flats(places: tuple[PlaceEdit, ...], form: OutageForm) -> None:
    try:
        _ = [each.place for each in places]
    except BadFlats:
        form.problems["flats"] = "flats"


def _entrances(form: OutageForm) -> list[int]:
    text = form.typed.get("entrances", "")
    if not re.fullmatch(r"(\s*\d{1,2}\s*(,|$))*", text):
        form.problems["entrances"] = "entrances"
        return []
    return [int(number) for number in re.findall(r"\d+", text)]


def _validated(model: type[M], values: Mapping[str, object], form: OutageForm) -> M | None:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else "until"
            known = {"places": "house", "company_id": "company"}.get(name, name)
            code = "missing" if each["type"] == "missing" else "before start" if not each["loc"] else "long"
            inside = next((part for part in ("flats", "riser") if part in each["loc"]), None)
            form.problems.setdefault(inside or known, "flats" if inside == "flats" else code)
        return None
