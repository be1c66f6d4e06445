"""The reports of calls as charts."""

from collections.abc import Sequence

from markupsafe import Markup

from callcenter.reports import svg
from callcenter.reports.call_tables import weekdays
from callcenter.reports.calls import CallCounts, CallSummary
from callcenter.reports.charts import Chart, draw, legend
from callcenter.reports.period import Period
from callcenter.reports.svg import ChartTexts, Series
from callcenter.reports.texts import brief, span
from callcenter.web.formats import Translator, number

ROOMY = 500
"""From this width on the 24 hours stand side by side."""


def calls(summary: CallSummary, period: Period, language: str) -> Chart:
    """A column for each step: answered, told of the outage, gone in the greeting, not answered."""
    t = Translator(language)
    whole = CallCounts.total(summary.steps)
    texts = ChartTexts(
        "calls",
        t.pgettext("report", "Calls, {span}").format(span=span(period, language)),
        t.pgettext(
            "report", "In all {calls}: answered {answered}, told of the outage {informed}, not answered {lost}."
        ).format(calls=whole.calls, answered=whole.answered, informed=whole.informed, lost=whole.lost),
    )
    stacked = _series(summary.steps, language)
    labels = [brief(step, period.unit, language) for step in period.steps(period.unit)]
    return draw(
        legend(stacked),
        lambda width: svg.columns(texts, width, labels, stacked, None, lambda value: number(value, language)),
    )


def hours(summary: CallSummary, period: Period, language: str) -> Chart:
    """A cell for each hour of the week with the number of its calls, the darker the more."""
    t, days = Translator(language), weekdays(language, "abbreviated")
    names = weekdays(language, "wide")
    says = t.pgettext("report", "{day}, {hour}:00: calls {calls}, not answered {lost}")
    cells = [
        (
            counts.calls,
            says.format(day=names[place // 24], hour=place % 24, calls=counts.calls, lost=counts.lost),
        )
        for place, counts in enumerate(summary.hours)
    ]
    most = max(range(len(cells)), key=lambda place: cells[place][0])
    texts = ChartTexts(
        "hours",
        t.pgettext("report", "Calls by weekday and hour, {span}").format(span=span(period, language)),
        t.pgettext("report", "Most calls: {most}").format(most=cells[most][1]),
    )
    by_day = [cells[24 * day : 24 * day + 24] for day in range(7)]
    by_hour = [cells[hour::24] for hour in range(24)]
    clock = [f"{hour:02}" for hour in range(24)]

    def drawn(width: int) -> Markup:
        if width >= ROOMY:
            return svg.grid(texts, width, days, clock, by_day)
        return svg.grid(texts, width, clock, days, by_hour)

    return draw([(t.pgettext("report", "few calls"), "heat1"), (t.pgettext("report", "many calls"), "heat4")], drawn)


def _series(counts: Sequence[CallCounts], language: str) -> list[Series]:
    t = Translator(language)
    return [
        Series(t.pgettext("report", "Answered"), "closed", [line.answered for line in counts]),
        Series(t.pgettext("report", "Told of the outage"), "open", [line.informed for line in counts]),
        Series(t.pgettext("report", "Hung up in the greeting"), "cancelled", [line.early for line in counts]),
        Series(t.pgettext("report", "Not answered"), "late", [line.lost for line in counts]),
    ]
