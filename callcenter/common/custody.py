"""What is given out of a recording only after its row was compared with the custody chain."""

import structlog

from callcenter import metrics

log = structlog.get_logger()


def matches_chain(recording: int, *, as_chained: bool) -> bool:
    """`as_chained`, what the SQL function of this name says of the recording. That one differs is reported."""
    if not as_chained:
        log.error("recording differs from the custody chain", recording=recording)
        metrics.problems_total.labels(problem="recording differs from the custody chain").inc()
    return as_chained
