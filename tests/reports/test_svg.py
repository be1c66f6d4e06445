from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from callcenter.reports.svg import Bullet, ChartTexts, Series, bars, bullets, columns, grid
from callcenter.reports.texts import time_axis
from callcenter.web.formats import duration

HOSTILE = "</title><script>alert(1)</script>&\"'"
WORDS = ChartTexts("id", HOSTILE, HOSTILE)
VALUES = st.lists(st.integers(0, 10**9), min_size=1, max_size=60)


def shapes(svg: Markup, look: str) -> list[ElementTree.Element]:
    return [each for each in ElementTree.fromstring(svg).iter() if look in each.attrib.get("class", "").split()]


@given(VALUES, st.sampled_from([334, 720]))
def test_columns_stay_on_the_drawing_and_add_up(values: list[int], width: int):
    labels = [str(place) for place in range(len(values))]
    svg = columns(
        WORDS, width, labels, [Series("a", "closed", values), Series("b", "open", values)], Series("c", "late", values)
    )
    root = ElementTree.fromstring(svg)
    height = float(root.attrib["viewBox"].split()[3])
    for look in ("closed", "open"):
        found = shapes(svg, look)
        assert len(found) == sum(1 for value in values if value)
        for box in found:
            assert float(box.attrib["x"]) >= 0
            assert float(box.attrib["x"]) + float(box.attrib["width"]) <= width
            assert float(box.attrib["y"]) >= 0
            assert float(box.attrib["y"]) + float(box.attrib["height"]) <= height
    assert len(shapes(svg, "dot")) == len(values)


def test_a_column_twice_as_high_is_drawn_so():
    one, two = shapes(columns(WORDS, 720, ["a", "b"], [Series("n", "closed", [10, 20])]), "closed")
    assert float(two.attrib["height"]) == pytest.approx(2 * float(one.attrib["height"]), abs=0.2)


def test_names_are_escaped_everywhere():
    series = [Series(HOSTILE, "closed", [1])]
    drawn = [
        columns(WORDS, 720, [HOSTILE], series, Series(HOSTILE, "late", [1])),
        bars(WORDS, 720, [HOSTILE], series, Series(HOSTILE, "late", [1])),
        bullets(WORDS, 334, [(HOSTILE, [Bullet(HOSTILE, "accepted", 1, 2)])], [0, 2], str, lambda item: item.name),
        grid(WORDS, 334, [HOSTILE], [HOSTILE], [[(1, HOSTILE)]]),
    ]
    for svg in drawn:
        root = ElementTree.fromstring(svg)
        assert root.find("title").text == HOSTILE
        assert "script" not in {each.tag for each in root.iter()}
        assert "style" not in {name for each in root.iter() for name in each.attrib}


def test_a_bar_ends_where_its_value_is_on_the_axis():
    svg = bullets(
        WORDS, 720, [("a", [Bullet("b", "accepted", 30, 60)])], [0.0, 30.0, 60.0], str, lambda item: item.name
    )
    pale, strong = shapes(svg, "accepted")
    lines = [float(each.attrib["x1"]) for each in shapes(svg, "rule")]
    assert float(strong.attrib["x"]) + float(strong.attrib["width"]) == pytest.approx(lines[1], abs=0.2)
    assert float(pale.attrib["x"]) + float(pale.attrib["width"]) == pytest.approx(lines[2], abs=0.2)


def test_a_field_is_the_darker_the_higher_its_value():
    svg = grid(WORDS, 720, ["a"], ["1", "2", "3"], [[(0, ""), (1, ""), (100, "")]])
    assert [len(shapes(svg, f"heat{level}")) for level in range(5)] == [1, 1, 0, 0, 1]


def test_long_names_keep_their_end():
    svg = bars(WORDS, 720, ["Тверь, улица Космонавта Волкова и других, 102"], [Series("n", "closed", [1])])
    (name,) = shapes(svg, "name")
    assert name.text.startswith("Тверь")
    assert name.text.endswith(", 102")
    assert "…" in name.text


@given(st.floats(0, 10**8))
def test_an_axis_of_time_reaches_the_longest(longest: float):
    marks = time_axis(longest)
    assert marks[0] == 0
    assert marks[-1] >= longest
    assert len(marks) == 5


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(None, "–"), (0, "0 min"), (45, "45 s"), (120, "2 min"), (3600, "1 h"), (5400, "1 h 30 min"), (97200, "1 d 3 h")],
)
def test_durations_are_said_in_two_parts(seconds: float | None, says: str):
    assert duration(seconds, "en").replace("\u00a0", " ") == says
