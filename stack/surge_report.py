"""The report of a surge, as it is printed in one line of JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from stack.judge import SurgeVerdict
from stack.telephones import Move
from stack.usage import Usage


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median, the 99th percentile and the greatest, rounded to a tenth; zeros when there is nothing."""
    ordered = sorted(values)
    if not ordered:
        return {"p50": 0.0, "p99": 0.0, "max": 0.0}
    last = len(ordered) - 1
    return {
        "p50": round(ordered[round(0.5 * last)], 1),
        "p99": round(ordered[round(0.99 * last)], 1),
        "max": round(ordered[-1], 1),
    }


def report(
    verdict: SurgeVerdict,
    trunks: int,
    companies: int,
    done: Mapping[Move, int],
    pops_ms: Sequence[float],
    lags_ms: Sequence[float],
    usages: Mapping[str, Usage],
) -> dict[str, Any]:
    """The report as it is printed in one line of JSON."""
    service = usages["callcenter"]
    return {
        "trunks": trunks,
        "companies": companies,
        "callers": verdict.callers,
        "queued": verdict.queued,
        "answered": verdict.answered,
        "abandoned": verdict.abandoned,
        "lost": len(verdict.lost),
        "tickets": verdict.tickets,
        "recordings_verified": verdict.recordings_verified,
        "talks": verdict.talks,
        "blind": done.get(Move.BLIND, 0),
        "attended": done.get(Move.ATTENDED, 0),
        "holds": done.get(Move.HOLD, 0),
        "returns": done.get(Move.RETURN, 0),
        "completeness": round(verdict.talks_recorded / verdict.talks, 4) if verdict.talks else None,
        "pops_right": verdict.pops_right,
        "pops_wrong": len(verdict.pops_wrong),
        "pop_ms": spread(pops_ms),
        "engine_lag_ms": spread(lags_ms),
        "double_rings": verdict.double_rings,
        "service_cpu_s": round(service.cpu_s, 2),
        "service_rss_mb": round(service.rss_mb, 1),
        "asterisk_cpu_s": round(usages["asterisk"].cpu_s, 2),
        "postgres_cpu_s": round(usages["postgres"].cpu_s, 2),
    }


def paint_report(browsers: int, paints_ms: Sequence[float]) -> dict[str, Any]:
    """What real browsers add: milliseconds from the pick-up to the frame with the card."""
    painted = spread(paints_ms)
    return {
        "browsers": browsers,
        "painted": len(paints_ms),
        "pop_paint_ms": painted,
        "pop_paint_p99_ms": painted["p99"],
    }
