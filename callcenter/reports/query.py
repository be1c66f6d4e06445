"""The parameters of a report in the query string of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from callcenter.reports.period import BadPeriod, Period, Preset, named, own
from callcenter.reports.service import ReportCompany
from callcenter.web.query import only_date
from callcenter.web.render import ZONE

Day = Annotated[date | None, BeforeValidator(lambda typed: only_date(typed) if typed else None)]
PROBLEMS = {"company": "company", "period": "period", "first": "date", "last": "date"}
"""The problem of a field that cannot be parsed."""


class ReportQuery(BaseModel):
    """The form, every field of which may be empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    company: int | None = Field(None, ge=1, le=2**31 - 1)
    period: Preset = Preset.MONTH
    first: Day = None
    last: Day = None

    @field_validator("company", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: str) -> str | None:
        return value or None

    @field_validator("period", mode="before")
    @classmethod
    def _usual_period(cls, value: str) -> str:
        return value or Preset.MONTH


@dataclass(frozen=True)
class Choice:
    """What was typed, and either the period and the companies or what is wrong, by field.

    `zone` is the company's; for all companies it only determines today's date.
    """

    typed: Mapping[str, str]
    preset: Preset = Preset.MONTH
    period: Period | None = None
    company: ReportCompany | None = None
    companies: Sequence[ReportCompany] = ()
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """The time zone in which moments are shown."""
        return self.company.zone if self.company else ZONE

    @property
    def query(self) -> str:
        """The same parameters as a query string, for a link."""
        return urlencode({name: value for name, value in self.typed.items() if value})


def choose(query: Mapping[str, str], companies: Sequence[ReportCompany], now: datetime) -> Choice:
    """Validate the parameters. `companies`: those that the person may see; a single one is chosen by itself."""
    typed = {name: query.get(name, "")[:40] for name in ReportQuery.model_fields}
    try:
        asked = ReportQuery.model_validate(typed)
    except ValidationError as error:
        wrong = {str(item["loc"][0]) for item in error.errors(include_url=False, include_input=False)}
        preset = Preset(typed["period"]) if typed["period"] in tuple(Preset) else Preset.MONTH
        return Choice(typed, preset, problems={name: PROBLEMS[name] for name in PROBLEMS if name in wrong})
    company = next((each for each in companies if each.id == asked.company), None)
    if asked.company is not None and company is None:
        return Choice(typed, asked.period, problems={"company": "company"})
    if company is None and len(companies) == 1:
        company = companies[0]
    today = now.astimezone(ZoneInfo(company.zone if company else ZONE)).date()
    try:
        period = own(asked.first, asked.last) if asked.period is Preset.OWN else named(asked.period, today)
    except BadPeriod as problem:
        return Choice(typed, asked.period, company=company, problems={problem.field: problem.code})
    return Choice(typed, asked.period, period, company, [company] if company else companies)
