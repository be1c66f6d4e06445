"""The tail of the count against sums by hand, and what makes it larger or smaller."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.outages.detection.probability import at_least

means = st.floats(1e-6, 50)
shapes = st.one_of(st.floats(0.5, 100), st.just(math.inf))
counts = st.integers(0, 60)


@pytest.mark.parametrize(("count", "mean"), [(1, 0.1), (4, 0.08), (5, 0.5), (3, 7.0), (12, 7.0)])
def test_with_a_known_rate_it_is_the_poisson_tail(count: int, mean: float) -> None:
    below = sum(math.exp(-mean) * mean**each / math.factorial(each) for each in range(count))
    # By hand, of what is tiny nothing is left but the error of the difference.
    assert at_least(count, mean, math.inf) == pytest.approx(1 - below, rel=1e-6, abs=1e-14)


def test_with_shape_one_it_is_geometric() -> None:
    assert at_least(6, 0.5, 1.0) == pytest.approx((0.5 / 1.5) ** 6)


@given(counts, means, shapes)
def test_it_is_a_probability_that_falls_with_the_count_and_rises_with_the_mean(
    count: int, mean: float, shape: float
) -> None:
    here = at_least(count, mean, shape)
    assert 0 <= here <= 1
    assert at_least(count + 1, mean, shape) <= here + 1e-9
    assert at_least(count, mean * 1.5, shape) >= here - 1e-9


@given(st.integers(3, 30), st.floats(1e-4, 0.5), st.floats(0.5, 100))
def test_the_less_the_rate_is_known_the_less_a_high_count_proves(count: int, mean: float, shape: float) -> None:
    assert at_least(count, mean, shape) > at_least(count, mean, math.inf)


def test_nothing_usual_makes_anything_impossible() -> None:
    assert at_least(1, 0.0, 20.0) == 0.0
    assert at_least(0, 0.0, 20.0) == 1.0
