"""What people type into the directory's forms, checked.

A mistake is a `ValidationError` whose `type` says what is wrong: pydantic's own, or one of ours made by `wrong`.
"""

import re
from datetime import time
from itertools import pairwise
from typing import Annotated, Literal, NoReturn, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from callcenter.directory.cells import MOST_ENTRANCES, MOST_PHONES, PHONE_PROBLEMS
from callcenter.directory.phone_cells import split_phones
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.phone import PhoneFault, e164, existing
from callcenter.domain.ticket import TicketClass

ZONES = tuple(
    sorted(zone for zone in available_timezones() if zone.count("/") and not zone.startswith(("Etc", "System")))
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_HOURS = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?")
_EMAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[A-Za-z0-9а-яА-ЯёЁ-]+(\.[A-Za-z0-9а-яА-ЯёЁ-]+)+")
_PAGE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,46}[a-z0-9]")
YEAR_MINUTES = 366 * 24 * 60


def wrong(code: str, **values: object) -> NoReturn:
    """A validation error; `code` has its text in `texts.py`."""
    raise PydanticCustomError(code, code, values or None)


def _tidy(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = " ".join(value.split())
    if _CONTROL.search(text):
        wrong("control_characters")
    return text


def _none_if_empty(value: object) -> object:
    return None if value in ("", None) else value


def _existing(text: str, city_code: str) -> str:
    number = existing(text, city_code=city_code)
    if isinstance(number, PhoneFault):
        wrong(PHONE_PROBLEMS[number].replace(" ", "_"), value=text[:40])
    return number


def _city_code_of(info: ValidationInfo) -> str:
    """The company's, for numbers that lack one."""
    return str((info.context or {}).get("city_code", ""))


def _phone(value: object, info: ValidationInfo) -> object:
    return None if value is None or value == "" else _existing(str(value), _city_code_of(info))


def _phones(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        return value
    found = {_existing(part, _city_code_of(info)): None for part in split_phones(value)}
    if len(found) > MOST_PHONES:
        wrong("too_many_phones", limit=MOST_PHONES)
    return tuple(found)


def _numbers(value: object, info: ValidationInfo) -> object:
    return dialled_numbers(value, info.data.get("city_code", "")) if isinstance(value, str) else value


def dialled_numbers(text: str, city_code: str = "") -> dict[str, str]:
    """The numbers people dial, in E.164 without the plus, each with what was typed.

    A short code or a login, plain digits, stays as it is unless the city code makes a telephone of it. Raises a
    validation error.
    """
    found: dict[str, str] = {}
    for part in split_phones(text):
        number = existing(part, city_code=city_code)
        if number is PhoneFault.NO_CODE and not part.isdecimal():
            wrong("phone_without_code", value=part[:40])
        digits = re.sub(r"\D", "", e164(part) if isinstance(number, PhoneFault) else number)
        if not 3 <= len(digits) <= 15 or re.search(r"[^\d\s()+.\-–—‑−]", part):
            wrong("bad_phone", value=part[:40])
        found.setdefault(digits, part)
    return found


def _city_code(value: object) -> object:
    """Without what is dialled before it, `8 (495)`."""
    if not isinstance(value, str):
        return value
    digits = re.sub(r"[\s()-]", "", re.sub(r"^\s*\+?[0-9]{1,3}[\s(-]+", "", value))
    return digits if re.fullmatch(r"([1-9][0-9]{1,4})?", digits) else wrong("bad_city_code")


def _page_name(value: object) -> object:
    """The name of a page in its address."""
    text = str(value or "").strip()
    return value if not text or _PAGE_NAME.fullmatch(text) else wrong("bad_page_name")


def _zone(value: str) -> str:
    return value if value in ZONES else wrong("bad_zone")


def _email(value: str | None) -> str | None:
    return value if value is None or _EMAIL.fullmatch(value) else wrong("bad_email")


def _url(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        good = parts.scheme == "https" and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        good = False
    return value if good else wrong("bad_url")


def hours(text: str) -> tuple[tuple[time, time], ...]:
    """Working hours of a day, `8-12, 13:00-17:00`. Raises a validation error when they make no sense."""
    found = []
    for part in split_phones(text):
        match = _HOURS.fullmatch(part)
        if match is None:
            wrong("bad_hours")
        opens, closes = _time(match[1], match[2]), _time(match[3], match[4])
        if closes <= opens:
            wrong("hours_end_before_they_begin")
        found.append((opens, closes))
    found.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(found)):
        wrong("hours_overlap")
    return tuple(found)


def _time(hour: str, minute: str | None) -> time:
    if hour == "24" and not int(minute or 0):
        # A day ends here: PostgreSQL knows 24:00, Python does not.
        return time(23, 59)
    if int(hour) > 23 or int(minute or 0) > 59:
        wrong("bad_hours")
    return time(int(hour), int(minute or 0))


def _notes(value: object) -> object:
    """Of several lines, which end as PostgreSQL and pages take them."""
    if not isinstance(value, str):
        return value
    lines = [" ".join(line.split()) for line in value.replace("\r\n", "\n").split("\n")]
    if any(_CONTROL.search(line) for line in lines):
        wrong("control_characters")
    return "\n".join(lines).strip()


def _hours(value: object) -> object:
    return hours(value) if isinstance(value, str) else value


def _clock(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?", value)
    return _time(match[1], match[2]) if match else wrong("bad_time")


Tidy = BeforeValidator(_tidy)
OrNone = BeforeValidator(_none_if_empty)
Name = Annotated[str, Tidy, Field(min_length=1, max_length=200)]
Short = Annotated[str, Tidy, Field(min_length=1, max_length=100)]
Mark = Annotated[str, Tidy, Field(min_length=1, max_length=30)]
Count = Annotated[Annotated[int, Field(ge=1, le=MOST_ENTRANCES)] | None, OrNone]
Id = Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, OrNone]
Phone = Annotated[str | None, BeforeValidator(_phone), OrNone]
Hours = Annotated[tuple[tuple[time, time], ...], BeforeValidator(_hours)]
Clock = Annotated[time | None, BeforeValidator(_clock), OrNone]
Minutes = Annotated[Annotated[int, Field(ge=1, le=YEAR_MINUTES)] | None, OrNone]


class DirectoryForm(BaseModel):
    """What was typed into a page's form."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class CompanyForm(DirectoryForm):
    """A management company. `retention_days`: how long recordings are kept.

    `city_code`: put before local numbers, `495`, or empty; `numbers`: what callers dial, digits only, and as it was typed.
    `outage_page`: the name of its public page of outages, of which there is none unless it is `public`.
    """

    name: Name
    zone: Annotated[str, BeforeValidator(_zone)]
    language: Literal["ru", "en"]
    retention_days: Annotated[int, Field(ge=1, le=36525)] = 1096
    city_code: Annotated[str, BeforeValidator(_city_code)] = ""
    numbers: Annotated[dict[str, str], BeforeValidator(_numbers)]
    public: bool = False
    outage_page: Annotated[str | None, BeforeValidator(_page_name), OrNone] = None


class HouseForm(DirectoryForm):
    """A house; without a company it is not served. `notes`: what operators should know of it."""

    city: Short
    street: Name
    building: Mark
    entrances: Count = None
    key: Annotated[Annotated[str, Field(max_length=64)] | None, OrNone, Tidy] = None
    company_id: Id = None
    notes: Annotated[str, BeforeValidator(_notes), Field(max_length=1000)] = ""


class PremisesForm(DirectoryForm):
    """A flat."""

    flat: Mark
    entrance: Count = None


class ResidentForm(DirectoryForm):
    """A resident with any number of telephones, in E.164."""

    name: Name
    account: Annotated[Annotated[str, Field(max_length=40)] | None, OrNone, Tidy] = None
    phones: Annotated[tuple[str, ...], BeforeValidator(_phones)] = ()


class CrewForm(DirectoryForm):
    """A crew: its addresses and working hours. `day1` is Monday; no hours on any day mean round the clock."""

    name: Name
    language: Literal["ru", "en"]
    phone: Phone = None
    email: Annotated[Annotated[str, Field(max_length=254)] | None, BeforeValidator(_email), OrNone, Tidy] = None
    webhook_url: Annotated[Annotated[str, Field(max_length=2000)] | None, BeforeValidator(_url), OrNone, Tidy] = None
    active: bool = False
    day1: Hours = ()
    day2: Hours = ()
    day3: Hours = ()
    day4: Hours = ()
    day5: Hours = ()
    day6: Hours = ()
    day7: Hours = ()

    def all_hours(self) -> list[tuple[int, time, time]]:
        """Weekday, opening and closing of each interval."""
        return [(day, *each) for day in range(1, 8) for each in getattr(self, f"day{day}")]


class ResponsibleForm(DirectoryForm):
    """The person whose name is given to residents."""

    name: Name
    phone: Phone = None
    crew_id: Id = None
    active: bool = False


class LimitForm(DirectoryForm):
    """The time that a step may take; without minutes there is no limit."""

    minutes: Minutes = None
    warn_before: Annotated[Annotated[int, Field(ge=0, le=YEAR_MINUTES)] | None, OrNone] = None
    opens: Clock = None
    closes: Clock = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.minutes is None and (self.warn_before is not None or self.opens or self.closes):
            wrong("limit_without_minutes")
        if self.minutes is not None and (self.warn_before or 0) >= self.minutes:
            wrong("warning_after_the_limit")
        if (self.opens is None) != (self.closes is None):
            wrong("half_a_window")
        if self.opens and self.closes and self.closes <= self.opens:
            wrong("hours_end_before_they_begin")
        return self


class DefaultLimitsForm(DirectoryForm):
    """The limits of tickets without a category; without windows, which are a category's."""

    tell: LimitForm = LimitForm()
    localise: LimitForm = LimitForm()
    clear: LimitForm = LimitForm()
    repair: LimitForm = LimitForm()

    def limits(self) -> list[tuple[LimitStep, int, int]]:
        """Step, minutes, warning before of each limit there is."""
        found = ((step, getattr(self, step)) for step in LimitStep)
        return [(s, f.minutes, f.warn_before or 0) for s, f in found if f.minutes is not None]


class CategoryForm(DirectoryForm):
    """What tickets are about, with its limits."""

    code: Annotated[str, Tidy, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    kind: TicketClass
    name_ru: Short
    name_en: Short
    active: bool = False
    tell: LimitForm = LimitForm()
    localise: LimitForm = LimitForm()
    clear: LimitForm = LimitForm()
    repair: LimitForm = LimitForm()

    def limits(self) -> list[tuple[LimitStep, int, int, time | None, time | None]]:
        """Step, minutes, warning before, window of each limit there is."""
        found = ((step, getattr(self, step)) for step in LimitStep)
        return [(s, f.minutes, f.warn_before or 0, f.opens, f.closes) for s, f in found if f.minutes is not None]
