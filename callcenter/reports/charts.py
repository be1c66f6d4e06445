"""The reports as charts, each drawn twice: for a desktop and for a mobile screen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from callcenter.reports import svg
from callcenter.reports.period import Period, PeriodStep, Unit
from callcenter.reports.service import CategoryCount, Counts, Paid, Reaction, Visits
from callcenter.reports.svg import Bullet, ChartTexts, Series
from callcenter.reports.tables import category_name
from callcenter.reports.texts import brief, span, time_axis
from callcenter.web.formats import Translator, duration, number

WIDE, NARROW = 720, 334
MOST_ROWS = 8
"""Houses, crews, managers in a chart; the table has more."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart at two widths, and what its colours mean: name and class."""

    wide: Markup
    narrow: Markup
    legend: Sequence[tuple[str, str]]


def draw(legend: Sequence[tuple[str, str]], drawn: Callable[[int], Markup]) -> Chart:
    """A chart at both widths."""
    return Chart(drawn(WIDE), drawn(NARROW), legend)


def tickets(rows: Sequence[tuple[PeriodStep, Counts]], period: Period, language: str) -> Chart:
    """A column for each step: closed, in work, cancelled; the late ones as a line."""
    t = Translator(language)
    counts = [line for _step, line in rows]
    texts = ChartTexts(
        "tickets",
        t.gettext("Tickets, {span}").format(span=span(period, language)),
        t.gettext("Accepted {accepted}: closed {closed}, in work {open}, cancelled {cancelled}. Late {late}.").format(
            accepted=sum(line.accepted for line in counts),
            closed=sum(line.closed for line in counts),
            open=sum(line.open for line in counts),
            cancelled=sum(line.cancelled for line in counts),
            late=sum(line.late for line in counts),
        ),
    )
    labels = [brief(step, period.unit, language) for step, _line in rows]
    stacked, late = _outcomes(counts, language)
    return draw(
        legend([*stacked, late]),
        lambda width: svg.columns(texts, width, labels, stacked, late, lambda value: number(value, language)),
    )


def categories(rows: Sequence[tuple[CategoryCount, Counts]], period: Period, language: str) -> Chart:
    """A bar for each category."""
    t = Translator(language)
    shown = rows[: 2 * MOST_ROWS]
    texts = ChartTexts(
        "categories",
        t.gettext("Tickets by category, {span}").format(span=span(period, language)),
        "; ".join(f"{category_name(category, language)}: {line.accepted}" for category, line in shown),
    )
    stacked, late = _outcomes([line for _category, line in shown], language)
    names = [category_name(category, language) for category, _line in shown]
    return draw(
        legend([*stacked, late]),
        lambda width: svg.bars(texts, width, names, stacked, late, lambda value: number(value, language)),
    )


def reactions(name: str, rows: Sequence[Reaction], period: Period, language: str) -> Chart:
    """For each house or crew how long it took to accept and to localise: the median upon the ninth decile."""
    t = Translator(language)
    shown = [row for row in rows if row.name and (row.accepted.count or row.localised.count)][:MOST_ROWS]
    to_accept, to_localise = t.gettext("To acceptance by a crew"), t.gettext("To localisation or the end of work")
    title = t.gettext("Emergencies by house, {span}") if name == "houses" else t.gettext("Emergencies by crew, {span}")
    says = t.gettext("{name}: half within {median}, nine of ten within {tenth}")
    lines = [
        (
            row.name,
            [
                Bullet(measure, look, spread.median_s or 0, spread.tenth_s or 0)
                for measure, look, spread in (
                    (to_accept, "accepted", row.accepted),
                    (to_localise, "localised", row.localised),
                )
            ],
        )
        for row in shown
    ]

    def tip(bullet: Bullet) -> str:
        return says.format(
            name=bullet.name, median=duration(bullet.median, language), tenth=duration(bullet.tenth, language)
        )

    texts = ChartTexts(
        name,
        title.format(span=span(period, language)),
        "; ".join(f"{row}: {tip(bullet)}" for row, bullets in lines for bullet in bullets),
    )
    axis = time_axis(max((bullet.tenth for _name, bullets in lines for bullet in bullets), default=0))
    return draw(
        [
            (to_accept, "accepted"),
            (to_localise, "localised"),
            (t.gettext("dark: half of them, pale: nine of ten"), "pale"),
        ],
        lambda width: svg.bullets(texts, width, lines, axis, lambda value: duration(value, language), tip),
    )


def paid(rows: Sequence[tuple[PeriodStep, Paid]], period: Period, language: str) -> Chart:
    """A column for each step: what is paid, due, given back."""
    t = Translator(language)
    lines = [line for _step, line in rows]
    works = sum(line.works for line in lines)
    texts = ChartTexts(
        "paid",
        t.gettext("Paid works, {span}").format(span=span(period, language)),
        t.npgettext(
            "report",
            "{works} work for {price} ₽: paid {paid} ₽, due {due} ₽.",
            "{works} works for {price} ₽: paid {paid} ₽, due {due} ₽.",
            works,
        ).format(
            works=works,
            price=number(sum(line.price for line in lines), language),
            paid=number(sum(line.paid for line in lines), language),
            due=number(sum(line.due for line in lines), language),
        ),
    )
    stacked = [
        Series(t.gettext("Paid, ₽"), "closed", [float(line.paid) for line in lines]),
        Series(t.gettext("Due, ₽"), "due", [float(line.due) for line in lines]),
        Series(t.gettext("Refunded, ₽"), "cancelled", [float(line.refunded) for line in lines]),
    ]
    labels = [brief(step, period.unit, language) for step, _line in rows]
    return draw(
        legend(stacked),
        lambda width: svg.columns(texts, width, labels, stacked, None, lambda value: number(value, language)),
    )


def visits(rows: Sequence[Visits], period: Period, language: str) -> Chart:
    """A cell for each manager and week, the darker the more was viewed."""
    t = Translator(language)
    shown = rows[: 2 * MOST_ROWS]
    weeks = [brief(step, Unit.WEEK, language) for step in period.steps(Unit.WEEK)]
    says = t.gettext("{name}, week from {week}: logins {logins}, views {views}")
    texts = ChartTexts(
        "visits",
        t.gettext("Visits by managers, {span}").format(span=span(period, language)),
        "; ".join(
            t.gettext("{name}: logins {logins}, views {views}").format(
                name=row.name, logins=row.logins, views=row.views
            )
            for row in shown
        ),
    )
    values = [
        [
            (logins + views, says.format(name=row.name, week=week, logins=logins, views=views))
            for week, (logins, views) in zip(weeks, row.steps, strict=True)
        ]
        for row in shown
    ]
    return draw(
        [
            (t.pgettext("report", "none"), "heat0"),
            (t.gettext("few logins and views"), "heat1"),
            (t.pgettext("report", "many"), "heat4"),
        ],
        lambda width: svg.grid(texts, width, [row.name for row in shown], weeks, values),
    )


def _outcomes(counts: Sequence[Counts], language: str) -> tuple[list[Series], Series]:
    t = Translator(language)
    return [
        Series(t.pgettext("report", "Closed"), "closed", [line.closed for line in counts]),
        Series(t.pgettext("report", "In work"), "open", [line.open for line in counts]),
        Series(t.pgettext("report", "Cancelled"), "cancelled", [line.cancelled for line in counts]),
    ], Series(t.pgettext("report", "Late"), "late", [line.late for line in counts])


def legend(series: Sequence[Series]) -> list[tuple[str, str]]:
    """What the colours of these mean."""
    return [(each.name, each.look) for each in series]
