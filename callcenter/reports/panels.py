"""What a report is asked with, and what it answers: figures, and tables with their charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from callcenter.domain.person import Person
from callcenter.reports.charts import Chart
from callcenter.reports.period import Period, PeriodStep
from callcenter.reports.query import Choice
from callcenter.reports.service import Reports
from callcenter.reports.tables import Table

T = TypeVar("T")


@dataclass(frozen=True)
class Panel:
    """One table with its chart; `file` is the table that is downloaded. No chart when there is nothing to draw; `plain`: there
    never is a chart, the table stands alone."""

    table: Table
    file: Table
    chart: Chart | None
    plain: bool = False


@dataclass(frozen=True)
class Question:
    """A request for a report: who, which period and companies."""

    reports: Reports
    person: Person
    choice: Choice
    period: Period
    language: str

    @property
    def today(self) -> date:
        """The day that it is where the companies are."""
        return datetime.now(ZoneInfo(self.choice.zone)).date()

    def until_today(self, rows: Sequence[tuple[PeriodStep, T]]) -> list[tuple[PeriodStep, T]]:
        """The steps that have begun: of a day to come nothing is known, not even that it has no tickets."""
        return [(step, value) for step, value in rows if step.first <= self.today]


Figures = list[tuple[str, str, str]]
"""The figures at the top of a page: value, name, class."""
Answer = tuple[Figures, list[Panel]]
