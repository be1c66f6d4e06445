"""What the pages of calls show."""

import asyncio

from callcenter.reports import call_charts, call_tables
from callcenter.reports.calls import CallCounts
from callcenter.reports.panels import Answer, Figures, Panel, Question
from callcenter.web.formats import Translator, duration, number


async def calls(question: Question) -> Answer:
    """Calls by step, hour, company, operator, outcome."""
    asked = question.person, question.choice.companies, question.period
    summary, operators = await asyncio.gather(question.reports.calls(*asked), question.reports.call_operators(*asked))
    language, period = question.language, question.period
    steps = question.until_today(list(zip(period.steps(period.unit), summary.steps, strict=True)))
    by_step, by_hour = call_tables.calls(steps, period, language), call_tables.hours(summary, language)
    whole = CallCounts.total(summary.steps)
    panels = [
        Panel(by_step, by_step, call_charts.calls(summary, period, language) if whole.calls else None),
        Panel(
            by_hour,
            call_tables.hours_of_the_week(summary, language),
            call_charts.hours(summary, period, language) if whole.calls else None,
        ),
    ]
    others = [call_tables.outcomes(summary, language), call_tables.operators(operators, language)]
    if len(question.choice.companies) > 1:
        others.insert(0, call_tables.companies(summary, language))
    return figures(whole, language), [*panels, *(Panel(table, table, None, plain=True) for table in others)]


async def unserved(question: Question) -> Answer:
    """Who hung up unserved, one by one."""
    t = Translator(question.language)
    rows = await question.reports.unserved(question.person, question.choice.companies, question.period)
    table = call_tables.unserved(rows, question.choice.zone, question.language)
    back = sum(row.called_back for row in rows)
    again = sum(row.served and not row.called_back for row in rows)
    left = len(rows) - back - again
    shown = [
        (len(rows), t.npgettext("report", "call not served", "calls not served", len(rows)), ""),
        (back, t.pgettext("report", "called back"), ""),
        (again, t.pgettext("report", "helped in a later call"), ""),
        (left, t.pgettext("report", "still not helped"), "busy" if left else ""),
    ]
    figured = [(number(value, question.language), name, look) for value, name, look in shown]
    return figured, [Panel(table, table, None, plain=True)]


def figures(counts: CallCounts, language: str) -> Figures:
    """The totals above a page, and on the board."""
    t = Translator(language)

    def lasting(seconds: float | None) -> str:
        return "–" if seconds is None else duration(seconds, language)

    level = counts.service_level
    return [
        (number(counts.calls, language), t.npgettext("report", "call", "calls", counts.calls), ""),
        (number(counts.answered, language), t.pgettext("report", "answered"), ""),
        (number(counts.informed, language), t.pgettext("report", "told of the outage"), ""),
        (number(counts.lost, language), t.pgettext("report", "not answered"), "busy" if counts.lost else ""),
        ("–" if level is None else f"{number(level, language)} %", t.pgettext("report", "answered within 5 min"), ""),
        (lasting(counts.mean_wait_s), t.pgettext("report", "mean wait"), ""),
        (lasting(counts.mean_talk_s), t.pgettext("report", "mean talk"), ""),
    ]
