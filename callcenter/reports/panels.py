"""What a report is asked with, and what it answers: figures, and tables with their charts."""

from dataclasses import dataclass

from callcenter.domain.person import Person
from callcenter.reports.charts import Chart
from callcenter.reports.period import Period
from callcenter.reports.query import Choice
from callcenter.reports.service import Reports
from callcenter.reports.tables import Table


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


Figures = list[tuple[str, str, str]]
"""The figures at the top of a page: value, name, class."""
Answer = tuple[Figures, list[Panel]]
