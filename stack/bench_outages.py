"""How soon and how surely outages are suggested, and how often where there is none, in simulated weeks of a district."""

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from callcenter.outages.detection import RULES, Detector, Rules, Suggestion
from callcenter.outages.pattern import Level, Pattern
from stack.district import JUDGED_FROM, WEEKS, ZONE, District, Happening, Kind, Plan, REAL

SEEDS = (1, 2, 3)
FIFTH = 5
# A suggestion may still come when the last caller's ticket is written.
AFTER_S = 900.0


@dataclass(frozen=True, slots=True)
class Found:
    """An outage, and how many seconds after its fifth caller it was suggested; None if never."""

    outage: Happening
    after_s: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of the outages of some weeks; suggestions of what was none, by what it was; and what it cost."""

    found: Sequence[Found]
    false: Sequence[tuple[Suggestion, str]]
    suggestions: int
    arrivals: int
    took_s: float
    weeks: int = WEEKS


def judge(plan: Plan, rules: Rules = RULES, learned: bool = True) -> Judged:
    """Simulate four weeks of history and four that are judged. `learned`: otherwise nothing is known of the history."""
    district = District(plan)
    counts, categories = district.history() if learned else ([], [])
    houses = district.houses if learned else [replace(house, weeks=0.0) for house in district.houses]
    detector = Detector(Pattern(ZONE, houses, counts, categories), rules)
    calls, happenings = district.weeks(JUDGED_FROM)
    arrivals = district.arrivals(calls, JUDGED_FROM)
    began = time.perf_counter()
    suggested: dict[str, Suggestion] = {}
    for arrival in arrivals:
        for suggestion in detector.arrived(arrival):
            suggested.setdefault(suggestion.key, suggestion)
    took = time.perf_counter() - began
    matches = {key: _causes(suggestion, happenings, district) for key, suggestion in suggested.items()}
    found = [
        Found(outage, _after(outage, [suggested[key] for key, causes in matches.items() if outage in causes]))
        for outage in happenings
        if outage.real
    ]
    false = [
        (suggested[key], next((cause.kind for cause in causes), "nothing"))
        for key, causes in matches.items()
        if not any(cause.real for cause in causes)
    ]
    return Judged(found, false, len(suggested), len(arrivals), took)


def _causes(suggestion: Suggestion, happenings: Sequence[Happening], district: District) -> list[Happening]:
    """What happened then at that place."""
    at = (suggestion.suggested_at - JUDGED_FROM).total_seconds()
    place = suggestion.place
    there = {
        number
        for number, house in enumerate(district.houses)
        if house.company == place.company and (place.level is Level.COMPANY or place.name in (house.id, house.street))
    }
    return [
        each
        for each in happenings
        if each.callers and each.began <= at <= each.callers[-1] + AFTER_S and not there.isdisjoint(each.houses)
    ]


def _after(outage: Happening, suggestions: Sequence[Suggestion]) -> float | None:
    if not suggestions:
        return None
    first = min(suggestion.suggested_at for suggestion in suggestions)
    fifth = outage.callers[min(FIFTH, len(outage.callers)) - 1]
    return max(0.0, (first - JUDGED_FROM).total_seconds() - fifth)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile; infinite of nothing."""
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)] if values else float("inf")


def report(plan: Plan, rules: Rules = RULES, seeds: Sequence[int] = SEEDS, learned: bool = True) -> None:
    runs = [judge(replace(plan, seed=seed), rules, learned) for seed in seeds]
    for kind in (*REAL, None):
        mine = [f for run in runs for f in run.found if kind in (None, f.outage.kind)]
        five = [f for f in mine if len(f.outage.callers) >= FIFTH]
        fewer = [f for f in mine if len(f.outage.callers) < FIFTH]
        hit = [f.after_s for f in five if f.after_s is not None]
        print(
            f"  {kind or 'all':11} {len(five):4} found {len(hit) / max(1, len(five)):.3f} p50 {statistics.median(hit):6.0f} p95 {p95(hit):6.0f}"
            f"  with fewer than five callers: {sum(f.after_s is not None for f in fewer)} of {len(fewer)}"
        )
    weeks = sum(run.weeks for run in runs)
    kinds = [f"{s.place.level}/{cause}" for run in runs for s, cause in run.false]
    print(
        f"  false a week {len(kinds) / weeks:.2f} { ({k: kinds.count(k) for k in sorted(set(kinds))}) }"
        f" suggestions {sum(r.suggestions for r in runs)} arrivals {sum(r.arrivals for r in runs)} {sum(r.took_s for r in runs):.1f}s"
    )


if __name__ == "__main__":
    for unknown in (0.0, 0.5):
        began = time.time()
        print("unknown", unknown)
        report(Plan(unknown=unknown), seeds=SEEDS[: int(sys.argv[1])])
        print(f"  {time.time() - began:.1f}s in all")
