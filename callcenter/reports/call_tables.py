"""The reports of calls as tables."""

from collections.abc import Sequence
from typing import Literal

from babel.dates import get_day_names

from callcenter.reports.calls import CallCounts, CallSummary, OperatorCalls, Unserved
from callcenter.reports.period import Period, PeriodStep
from callcenter.reports.tables import Column, Table, Value
from callcenter.web.formats import Translator, moment
from callcenter.web.labels import outcomes as outcome_names


def calls(steps: Sequence[tuple[PeriodStep, CallCounts]], period: Period, language: str) -> Table:
    """By step."""
    t = Translator(language)
    return Table(
        "calls",
        t.pgettext("report", "Calls"),
        [Column(t.pgettext("report", "When received"), "step"), *_columns(language)],
        [(step, *_figures(counts)) for step, counts in steps],
        period.unit,
    )


def hours(summary: CallSummary, language: str) -> Table:
    """By hour of the day, whatever the day."""
    t = Translator(language)
    return Table(
        "call_hours",
        t.pgettext("report", "Calls by weekday and hour"),
        [Column(t.pgettext("report", "Hour"), "text"), *_columns(language)],
        [
            (f"{hour:02}:00–{hour + 1:02}:00", *_figures(CallCounts.total(summary.hours[hour::24])))
            for hour in range(24)
        ],
    )


def hours_of_the_week(summary: CallSummary, language: str) -> Table:
    """By hour of each weekday: the content of the file."""
    t, days = Translator(language), weekdays(language, "wide")
    return Table(
        "call_hours",
        t.pgettext("report", "Calls by weekday and hour"),
        [
            Column(t.pgettext("report", "Weekday"), "text"),
            Column(t.pgettext("report", "Hour"), "text"),
            *_columns(language),
        ],
        [(days[place // 24], f"{place % 24:02}:00", *_figures(counts)) for place, counts in enumerate(summary.hours)],
    )


def companies(summary: CallSummary, language: str) -> Table:
    """By company."""
    t = Translator(language)
    return Table(
        "call_companies",
        t.pgettext("report", "Calls by company"),
        [Column(t.gettext("Company"), "text"), *_columns(language)],
        [(name, *_figures(counts)) for name, counts in summary.companies],
    )


def outcomes(summary: CallSummary, language: str) -> Table:
    """By what became of them."""
    t, names = Translator(language), outcome_names(language)
    everyone = sum(count for _outcome, count in summary.outcomes)
    return Table(
        "call_outcomes",
        t.pgettext("report", "Calls by outcome"),
        [
            Column(t.gettext("Outcome"), "text"),
            Column(t.pgettext("report", "Calls"), "count"),
            Column(t.pgettext("report", "Share, %"), "share"),
        ],
        [(names[outcome], count, 100 * count / everyone) for outcome, count in summary.outcomes],
    )


def operators(rows: Sequence[OperatorCalls], language: str) -> Table:
    """Talks and wrap-ups by operator."""
    t = Translator(language)
    return Table(
        "call_operators",
        t.pgettext("report", "Talks by operator"),
        [
            Column(t.pgettext("report", "Operator"), "text"),
            Column(t.pgettext("report", "Talks"), "count"),
            Column(t.pgettext("report", "Total talk time"), "seconds"),
            Column(t.pgettext("report", "Mean talk time"), "seconds"),
            Column(t.pgettext("report", "Total wrap-up"), "seconds"),
            Column(t.pgettext("report", "Mean wrap-up"), "seconds"),
        ],
        [
            (
                row.name or t.pgettext("report", "Unknown"),
                row.talks,
                row.talk_s,
                None if row.talk_s is None else row.talk_s / row.talks,
                row.wrap_up_s,
                row.wrap_up_s / row.wrap_ups if row.wrap_ups and row.wrap_up_s is not None else None,
            )
            for row in rows
        ],
    )


def unserved(rows: Sequence[Unserved], zone: str, language: str) -> Table:
    """Who hung up unserved, and what became of them."""
    t, names = Translator(language), outcome_names(language)
    return Table(
        "unserved",
        t.pgettext("report", "Callers who were not served"),
        [
            Column(t.pgettext("report", "Called"), "moment"),
            Column(t.pgettext("report", "Number"), "text"),
            Column(t.gettext("Company"), "text"),
            Column(t.pgettext("report", "What happened"), "text"),
            Column(t.pgettext("report", "Waited"), "seconds"),
            Column(t.pgettext("report", "What became of it"), "text"),
            Column(t.pgettext("report", "Ticket"), "count"),
        ],
        [
            (
                row.arrived_at,
                row.caller or t.gettext("Number withheld"),
                row.company,
                names[row.outcome],
                row.wait_s,
                fate(row, zone, language),
                row.ticket,
            )
            for row in rows
        ],
        zone=zone,
    )


def fate(row: Unserved, zone: str, language: str) -> str:
    """What became of somebody who was not served, in words."""
    t = Translator(language)
    if row.called_back and row.back_at is not None:
        return t.pgettext("unserved", "called back {at}").format(at=moment(row.back_at, zone, language))
    if row.again is not None and row.again_at is not None:
        return t.pgettext("unserved", "called again and was helped {at}").format(
            at=moment(row.again_at, zone, language)
        )
    if row.back_at is not None:
        return t.pgettext("unserved", "we called {at}, but did not reach them").format(
            at=moment(row.back_at, zone, language)
        )
    if not row.caller:
        return t.pgettext("unserved", "unknown: the number was withheld")
    return t.pgettext("unserved", "nothing yet")


def weekdays(language: str, width: Literal["abbreviated", "wide"]) -> list[str]:
    """Their names, Monday first."""
    return [name for _day, name in sorted(get_day_names(width, locale=language).items())]


def _columns(language: str) -> list[Column]:
    t = Translator(language)
    return [
        Column(t.pgettext("report", "Calls"), "count"),
        Column(t.pgettext("report", "Answered"), "count"),
        Column(t.pgettext("report", "Told of the outage"), "count"),
        Column(t.pgettext("report", "Not answered"), "count"),
        Column(t.pgettext("report", "Hung up in the greeting"), "count"),
        Column(t.pgettext("report", "Answered within 5 min, %"), "share"),
        Column(t.pgettext("report", "Mean wait"), "seconds"),
        Column(t.pgettext("report", "Longest wait"), "seconds"),
        Column(t.pgettext("report", "Mean talk time"), "seconds"),
    ]


def _figures(counts: CallCounts) -> tuple[Value | PeriodStep, ...]:
    return (
        counts.calls,
        counts.answered,
        counts.informed,
        counts.lost,
        counts.early,
        counts.service_level,
        counts.mean_wait_s,
        counts.longest_s if counts.waited else None,
        counts.mean_talk_s,
    )
