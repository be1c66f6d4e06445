"""How soon and how surely outages are suggested, and how often where there is none, in simulated weeks of a district.

`python -m stack.bench_outages` prints it by kind of outage; see its options.
"""

import argparse
import math
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from callcenter.outages.detection.detector import RULES, Detector, Rule, Rules, Suggestion
from callcenter.outages.detection.pattern import Level, Pattern
from stack.district import JUDGED_FROM, REAL, WEEKS, ZONE, District, Happening, Kind, Plan

SEEDS = (1, 2)
FIFTH = 5
# A suggestion may still come when the last caller's ticket is written.
AFTER_S = 900.0


@dataclass(frozen=True, slots=True)
class Outage:
    """A real one. `after_s`: from its fifth caller, or the last of fewer, to the suggestion; infinite if there is none."""

    kind: Kind
    callers: int
    after_s: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of four weeks. `false`: by level and cause, suggestions at which there was no outage."""

    outages: Sequence[Outage]
    false: Sequence[str]
    suggestions: int
    arrivals: int
    took_s: float


def outage_figures() -> dict[str, dict[str, object]]:
    """The figures for the table of all benchmarks: with all numbers known, and with half of them."""
    plans = [Plan(seed=seed, unknown=unknown) for unknown in (0.0, 0.5) for seed in SEEDS]
    runs = judge_all(plans)
    known, half = runs[: len(SEEDS)], runs[len(SEEDS) :]
    speed = sum(run.arrivals for run in runs) / sum(run.took_s for run in runs)
    return {
        **_figures(known, ""),
        **_figures(half, "_half_unknown"),
        "outage_arrivals_per_cpu_s": {"value": round(speed), "unit": "arrivals/s"},
    }


def _figures(runs: Sequence[Judged], suffix: str) -> dict[str, dict[str, object]]:
    outages = with_a_fifth(runs)
    risers = [outage for outage in outages if outage.kind is Kind.RISER]
    return {
        f"outage_suggested_p95_s{suffix}": {"value": p95(outages), "unit": "s"},
        f"outage_found_ratio{suffix}": {"value": found_ratio(outages), "unit": "ratio"},
        f"outage_riser_found_ratio{suffix}": {"value": found_ratio(risers), "unit": "ratio"},
        f"outage_false_per_week_1000_houses{suffix}": {"value": false_per_week(runs), "unit": "1/week"},
    }


def judge_all(plans: Sequence[Plan], rules: Rules = RULES, *, learned: bool = True) -> list[Judged]:
    """Each plan in a process of its own, as many at once as there are processors."""
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(partial(judge, rules=rules, learned=learned), plans))


def judge(plan: Plan, rules: Rules = RULES, *, learned: bool = True) -> Judged:
    """Four weeks after four of history. `learned`: otherwise the centre has just begun, and nothing is known of these."""
    district = District(plan)
    counts, categories = district.history() if learned else ([], [])
    houses = district.houses if learned else [replace(house, weeks=0) for house in district.houses]
    detector = Detector(Pattern(ZONE, houses, counts, categories), rules)
    calls, happenings = district.weeks(JUDGED_FROM)
    arrivals = district.arrivals(calls, JUDGED_FROM)
    began = time.process_time()
    first: dict[str, Suggestion] = {}
    for arrival in arrivals:
        for suggestion in detector.arrived(arrival):
            first.setdefault(suggestion.key, suggestion)
    took = time.process_time() - began
    causes = [(suggestion, _causes(suggestion, happenings, district)) for suggestion in first.values()]
    outages = [
        Outage(each.kind, len(each.callers), _after(each, [made for made, causing in causes if each in causing]))
        for each in happenings
        if each.real and each.callers
    ]
    false = [
        f"{made.place.level}, {causing[0].kind if causing else 'nothing'}"
        for made, causing in causes
        if not any(each.real for each in causing)
    ]
    return Judged(outages, false, len(first), len(arrivals), took)


def with_a_fifth(runs: Iterable[Judged]) -> list[Outage]:
    """The outages that had five callers; of fewer nobody could know."""
    return [outage for run in runs for outage in run.outages if outage.callers >= FIFTH]


def p95(outages: Sequence[Outage]) -> float:
    """Seconds within which 95 % of all were suggested, those that never were among them."""
    return round(sorted(outage.after_s for outage in outages)[math.ceil(0.95 * len(outages)) - 1], 1)


def found_ratio(outages: Sequence[Outage]) -> float:
    """The share that was suggested."""
    return round(sum(math.isfinite(outage.after_s) for outage in outages) / len(outages), 3)


def false_per_week(runs: Sequence[Judged]) -> float:
    """Suggestions a week for 1,000 houses where there was no outage."""
    return round(sum(len(run.false) for run in runs) / (WEEKS * len(runs)), 3)


def _causes(suggestion: Suggestion, happenings: Sequence[Happening], district: District) -> list[Happening]:
    """What happened then at that place."""
    at, place = (suggestion.suggested_at - JUDGED_FROM).total_seconds(), suggestion.place
    there = {
        number
        for number, house in enumerate(district.houses)
        if house.company == place.company and (place.level is Level.COMPANY or place.name in (house.id, house.street))
    }
    return [
        each
        for each in happenings
        # Suggestions are by whole seconds.
        if each.callers and each.began - 1 <= at <= each.callers[-1] + AFTER_S and not there.isdisjoint(each.houses)
    ]


def _after(outage: Happening, suggestions: Sequence[Suggestion]) -> float:
    first = min(((made.suggested_at - JUDGED_FROM).total_seconds() for made in suggestions), default=math.inf)
    return max(0.0, first - outage.callers[min(FIFTH, len(outage.callers)) - 1])


def main() -> None:
    """Print the figures by kind of outage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--unknown", type=float, default=0.0, help="the share of numbers that the directory lacks")
    parser.add_argument("--new", action="store_true", help="a centre without any history")
    parser.add_argument(
        "--poisson", action="store_true", help="the plain Poisson test: rates are taken as known exactly"
    )
    options = parser.parse_args()
    plans = [Plan(seed=seed, unknown=options.unknown) for seed in options.seeds]
    runs = judge_all(plans, _poisson(RULES) if options.poisson else RULES, learned=not options.new)
    for kind in (*REAL, None):
        outages = [outage for outage in with_a_fifth(runs) if kind in (None, outage.kind)]
        middle = sorted(outage.after_s for outage in outages)[len(outages) // 2]
        print(
            f"{kind or 'all':10} {len(outages):4}  found {found_ratio(outages):5.3f}"
            f"  after {middle:4.0f} s (median), {p95(outages):4.0f} s (p95)"
        )
    small = [outage for run in runs for outage in run.outages if outage.callers < FIFTH]
    print(
        f"with fewer than five callers: {sum(math.isfinite(outage.after_s) for outage in small)} of {len(small)} found"
    )
    causes = Counter(cause for run in runs for cause in run.false)
    print(f"false a week: {false_per_week(runs)} {dict(causes)}")
    print(f"{sum(run.suggestions for run in runs)} suggestions of {sum(run.arrivals for run in runs)} arrivals")


def _poisson(rules: Rules) -> Rules:
    def known(rule: Rule) -> Rule:
        return replace(rule, shape=math.inf)

    return Rules(known(rules.house), known(rules.category), known(rules.street), known(rules.company))


if __name__ == "__main__":
    main()
