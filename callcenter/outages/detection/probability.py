"""How improbable a count is when the rate that is usual is known only roughly."""

import math


def at_least(count: int, mean: float, shape: float) -> float:
    """The probability of `count` events or more where `mean` are usual.

    The events are a Poisson process whose rate varies by a gamma distribution of this `shape` (a standard deviation of
    1/sqrt(shape) of the mean), which makes the count negative binomial; with `math.inf` it is the plain Poisson test.
    """
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if count <= mean:
        return max(0.0, 1.0 - sum(_exactly(each, mean, shape) for each in range(count)))
    term = total = _exactly(count, mean, shape)
    # Each term is smaller than the one before by more than this, so the rest is known to be nothing when it ends.
    while term > total * 1e-12:
        term *= _next(count, mean, shape)
        total += term
        count += 1
    return min(1.0, total)


def _next(count: int, mean: float, shape: float) -> float:
    if math.isinf(shape):
        return mean / (count + 1)
    return mean / (mean + shape) * (count + shape) / (count + 1)


def _exactly(count: int, mean: float, shape: float) -> float:
    if math.isinf(shape):
        return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    return math.exp(
        math.lgamma(count + shape)
        - math.lgamma(shape)
        - math.lgamma(count + 1)
        + count * math.log(mean / (mean + shape))
        - shape * math.log1p(mean / shape)
    )
