import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.listening import BadPoints, ScoreLine, score

GREETED, POLITE = ScoreLine("greeted", 2), ScoreLine("polite", 5, critical=True)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ((2, 5), 100.0),
        ((0, 5), 71.4),
        ((2, 1), 42.9),
        # Nothing for a critical line is nothing at all.
        ((2, 0), 0.0),
        # No occasion counts for nothing, neither for nor against.
        ((None, 5), 100.0),
        ((1, None), 50.0),
        ((None, None), None),
    ],
)
def test_the_score_is_the_share_of_what_could_be_got(points: tuple[int | None, ...], expected: float | None):
    assert score((GREETED, POLITE), points) == expected


@pytest.mark.parametrize("points", [(), (2,), (2, 5, 1), (3, 5), (2, -1)])
def test_points_that_do_not_fit_the_card_are_refused(points: tuple[int, ...]):
    with pytest.raises(BadPoints):
        score((GREETED, POLITE), points)


@given(st.lists(st.tuples(st.integers(1, 10), st.booleans(), st.integers(0, 10)), min_size=1, max_size=15))
def test_a_score_is_within_its_bounds(card: list[tuple[int, bool, int]]):
    lines = [ScoreLine("line", points, critical) for points, critical, _got in card]
    got = score(lines, [min(points, got) for points, _critical, got in card])
    assert got is not None
    assert 0 <= got <= 100
