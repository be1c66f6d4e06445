"""Charts as SVG without scripts or styles: colours come from the classes in reports.css.

Each chart has a title and a description for screen readers, and the value of every shape in a tooltip.
The figures are always in a table beside it. Sizes are in units of the drawing: pixels, at its natural width.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup, escape

TICKS = 4
LETTER = 6.4
"""Mean width of a letter at the size of the labels."""
NAME_LETTER = 8.1
"""The same at the size of names."""
SHORT_NAMES = 60
"""Below this width the names of rows stand beside them on a mobile screen too."""
_ENDS = (4, 8, 12, 16, 20, 24, 32, 40, 48, 60)


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, in the order of the labels. `look` is the class that colours them."""

    name: str
    look: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class ChartTexts:
    """A chart's short title, and a sentence that describes what it shows."""

    id: str
    title: str
    description: str


def columns(
    texts: ChartTexts,
    width: int,
    labels: Sequence[str],
    stacked: Sequence[Series],
    line: Series | None = None,
    say: Callable[[float], str] = str,
) -> Markup:
    """A column for each label, its series one upon the other; and a line over them.

    `say` formats a value of the axis and of a tooltip.
    """
    height, top, bottom = 260, 12, 28
    sums = [sum(values) for values in zip(*(series.values for series in stacked), strict=True)]
    highest = _round_up(max([*sums, *(line.values if line else ())], default=0))
    marks = [highest * tick / TICKS for tick in range(TICKS + 1)]
    left = 12 + ceil(LETTER * max(len(say(mark)) for mark in marks))
    room, down = width - left - 8, height - top - bottom

    def at(value: float) -> float:
        return top + down * (1 - value / highest)

    parts = [_mark_across(left, width - 8, at(mark), say(mark)) for mark in marks]
    each = room / max(len(labels), 1)
    thick = max(2.0, min(44.0, each * 0.68))
    step = max(1, ceil(len(labels) * (LETTER * max(map(len, labels), default=1) + 10) / room))
    for place, label in enumerate(labels):
        middle = left + each * (place + 0.5)
        below = 0.0
        for series in stacked:
            value = float(series.values[place])
            if value > 0:
                above = below + value
                tip = f"{label}: {series.name} – {say(value)}"
                parts.append(_box(middle - thick / 2, at(above), thick, at(below) - at(above), series.look, tip))
                below = above
        if place % step == 0:
            parts.append(_text(middle, height - 9, label, "middle"))
    if line is not None and line.values:
        points = [(left + each * (place + 0.5), at(float(value))) for place, value in enumerate(line.values)]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(Markup('<polyline class="{} line" points="{}"/>').format(line.look, joined))
        for (x, y), label, value in zip(points, labels, line.values, strict=True):
            parts.append(_dot(x, y, line.look, f"{label}: {line.name} – {say(value)}", 3.5 if each > 12 else 2))
    return _svg(texts, width, height, parts)


@dataclass(frozen=True, slots=True)
class Bullet:
    """A median with the ninth decile behind it."""

    name: str
    look: str
    median: float
    tenth: float


def bullets(
    texts: ChartTexts,
    width: int,
    rows: Sequence[tuple[str, Sequence[Bullet]]],
    marks: Sequence[float],
    say: Callable[[float], str],
    tip: Callable[[Bullet], str],
) -> Markup:
    """For each row its name, and a bar to the median for each bullet upon a paler one to the ninth decile.

    `marks`: where the axis has lines, the last one being its end.
    """
    side = min(230, width // 3) if width > 500 else 0
    head = 0 if side else 18
    most = max((len(items) for _name, items in rows), default=1)
    deep = head + 16 * most + 12
    height = 8 + deep * len(rows) + 26
    left, right = side + 8, width - 30
    end = marks[-1]

    def at(value: float) -> float:
        return left + (right - left) * min(value, end) / end

    parts = [_mark_down(at(mark), 4, height - 24, say(mark), height - 7) for mark in marks]
    for place, (name, items) in enumerate(rows):
        y = 8.0 + deep * place
        if side:
            parts.append(_text(side - 2, y + 8 * len(items) + 3, _cut(name, side), "end", "name"))
        else:
            parts.append(_text(left, y + 12, _cut(name, width), "start", "name"))
        for line, item in enumerate(items):
            up = y + head + 16 * line
            parts.append(_box(left, up, at(item.tenth) - left, 13, f"{item.look} pale", tip(item)))
            parts.append(_box(left, up + 3.5, max(2.0, at(item.median) - left), 6, item.look, tip(item)))
    return _svg(texts, width, height, parts)


def bars(
    texts: ChartTexts,
    width: int,
    rows: Sequence[str],
    stacked: Sequence[Series],
    dots: Series | None = None,
    say: Callable[[float], str] = str,
) -> Markup:
    """Columns on their side, for names that are long; `dots` are set on each bar."""
    side = min(230, width // 3) if width > 500 else 0
    head = 0 if side else 18
    deep = head + 34
    height = 8 + deep * len(rows) + 26
    left, right = side + 8, width - 30
    sums = [sum(values) for values in zip(*(series.values for series in stacked), strict=True)]
    end = _round_up(max(sums, default=0))

    def at(value: float) -> float:
        return left + (right - left) * value / end

    ticks = [end * tick / TICKS for tick in range(TICKS + 1)]
    parts = [_mark_down(at(mark), 4, height - 24, say(mark), height - 7) for mark in ticks]
    for place, name in enumerate(rows):
        y = 8.0 + deep * place
        at_name = (side - 2, y + 16, "end") if side else (left, y + 12, "start")
        parts.append(_text(at_name[0], at_name[1], _cut(name, side or width), at_name[2], "name"))
        before = 0.0
        for series in stacked:
            value = float(series.values[place])
            if value > 0:
                tip = f"{name}: {series.name} – {say(value)}"
                parts.append(_box(at(before), y + head, at(before + value) - at(before), 22, series.look, tip))
                before += value
        if dots is not None and dots.values[place] > 0:
            tip = f"{name}: {dots.name} – {say(dots.values[place])}"
            parts.append(_dot(at(float(dots.values[place])), y + head + 11, dots.look, tip, 5))
    return _svg(texts, width, height, parts)


def grid(
    texts: ChartTexts,
    width: int,
    rows: Sequence[str],
    labels: Sequence[str],
    values: Sequence[Sequence[tuple[int, str]]],
) -> Markup:
    """A cell for each row and label, the darker the higher its value; each value comes with its tooltip."""
    longest = ceil(NAME_LETTER * max(map(len, rows), default=0)) + 10
    beside = width > 500 or longest < SHORT_NAMES
    side = min(230, width // 3, longest) if beside else 0
    head = 0 if side else 18
    each = min(64.0, (width - side - 12) / max(len(labels), 1))
    deep = head + 28
    height = 6 + deep * len(rows) + 24
    most = max((value for row in values for value, _tip in row), default=0)
    left = side + 8
    parts: list[Markup] = []
    for place, name in enumerate(rows):
        y = 6.0 + deep * place
        at_name = (side - 2, y + 17, "end") if side else (left, y + 12, "start")
        parts.append(_text(at_name[0], at_name[1], _cut(name, side or width), at_name[2], "name"))
        for step, (value, tip) in enumerate(values[place]):
            level = ceil(4 * value / most) if most else 0
            x = left + each * step
            parts.append(_box(x + 1, y + head, max(1.5, each - 2), 24, f"heat{level}", tip))
            if value and each >= max(22, LETTER * len(str(value)) + 4):
                parts.append(_text(x + each / 2, y + head + 16, str(value), "middle", f"on{level}"))
    widest = LETTER * max(map(len, labels), default=1) + 8
    step_of_labels = max(1, ceil(widest / each))
    for place in range(0, len(labels), step_of_labels):
        if place and left + each * place + widest > width:
            break
        parts.append(_text(left + each * place + 1, height - 7, labels[place], "start"))
    return _svg(texts, width, height, parts)


def _svg(texts: ChartTexts, width: int, height: float, parts: Iterable[Markup]) -> Markup:
    # Markup.join would escape nothing here either, since every part is Markup.
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-labelledby="{id}-t {id}-d">'
        '<title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>{inside}</svg>'
    ).format(
        w=width,
        h=round(height),
        id=f"{texts.id}-{width}",
        title=texts.title,
        description=texts.description,
        inside=Markup("").join(parts),
    )


def _box(x: float, y: float, width: float, height: float, look: str, tip: str) -> Markup:
    return Markup(
        f'<rect class="{escape(look)}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2">'
        f"<title>{escape(tip)}</title></rect>"
    )


def _dot(x: float, y: float, look: str, tip: str, radius: float) -> Markup:
    return Markup(
        f'<circle class="{escape(look)} dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}">'
        f"<title>{escape(tip)}</title></circle>"
    )


def _text(x: float, y: float, text: str, anchor: str, look: str = "label") -> Markup:
    return Markup(
        f'<text class="{escape(look)}" x="{x:.1f}" y="{y:.1f}" text-anchor="{escape(anchor)}">{escape(text)}</text>'
    )


def _mark_across(left: float, right: float, y: float, text: str) -> Markup:
    line = Markup(f'<line class="rule" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
    return line + _text(left - 6, y + 4, text, "end")


def _mark_down(x: float, top: float, bottom: float, text: str, y: float) -> Markup:
    line = Markup(f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>')
    return line + _text(max(x, LETTER * len(text) / 2), y, text, "middle")


def _round_up(value: float) -> float:
    """The smallest round end of an axis that is not less; a quarter of it is a whole number."""
    scale = 1
    while value > 60 * scale:
        scale *= 10
    return scale * next(end for end in _ENDS if value <= end * scale)


def _cut(name: str, width: float) -> str:
    most = max(8, int(width / NAME_LETTER))
    # The end distinguishes houses of one street.
    return name if len(name) <= most else f"{name[: most - most // 2 - 1]}…{name[-(most // 2) :]}"
