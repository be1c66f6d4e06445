"""What an outage surge says: its progress, its figures, and both as text for people."""

from collections.abc import Mapping
from typing import Any

from stack.outage.judge import OutageVerdict
from stack.outage.plan import OutagePlan
from stack.usage import Usage


def describe(progress: Mapping[str, int]) -> str:
    """The progress in one line. `progress`: as `stack.outage.callers` prints it."""
    seen = {name: progress.get(name, 0) for name in ("called", "informed", "talked", "told", "talking", "waiting")}
    return (
        f"called {seen['called']}  helped by the robot {seen['informed']}, by operators {seen['talked']}  "
        f"hearing it {seen['told']}  talking {seen['talking']}  waiting {seen['waiting']}"
    )


def report(
    plan: OutagePlan, verdict: OutageVerdict, opened_s: float | None, usages: Mapping[str, Usage]
) -> dict[str, Any]:
    """The figures as they are printed in one line of JSON. `opened_s`: until callers heard of it, from the click on."""
    return {
        "scenario": "outage",
        "seed": plan.seed,
        "outage": plan.outage,
        "callers": verdict.callers,
        "known": verdict.known,
        "unknown": verdict.callers - verdict.known,
        "calls": verdict.calls,
        "helped_by_robot": verdict.helped_by_robot,
        "helped_by_operator": verdict.helped_by_operator,
        "helped_in_5_min": verdict.helped_in_time,
        "not_helped": dict(verdict.not_helped),
        "forgotten": len(verdict.forgotten),
        "heard_wrong_address": len(verdict.wrong_address),
        "tickets": verdict.tickets,
        "tickets_doubled": len(verdict.doubled),
        "tickets_key": verdict.tickets_key,
        "lost": len(verdict.lost),
        "disagreements": len(verdict.disagreements),
        "heard_checked": verdict.heard_checked,
        "gaps": verdict.gaps,
        "packets_missing": verdict.missing,
        "longest_gap_ms": round(verdict.longest_gap_s * 1000),
        "opened_s": None if opened_s is None else round(opened_s, 2),
        **{f"{name}_cpu_s": round(usage.cpu_s, 2) for name, usage in usages.items()},
    }


def grave(verdict: OutageVerdict) -> Mapping[str, Mapping[str, str]]:
    """What is wrong, but for pauses between packets, which depend on what else the machine does."""
    return {title: faults for title, faults in verdict.faults.items() if faults and title != "gap"}


def summary(result: Mapping[str, Any], verdict: OutageVerdict) -> str:
    """The report as text for people."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in result["not_helped"].items())
    lines = [
        "",
        f"  callers     {result['callers']} with {result['calls']} calls, {result['known']} of them known to the directory",
        f"  helped      {result['helped_by_robot']} by the robot, {result['helped_by_operator']} by operators; "
        f"{result['helped_in_5_min']} within five minutes of their first call",
        f"  not helped  {sum(result['not_helped'].values())}{f': {reasons}' if reasons else ''}",
        f"  kept        {result['tickets']} tickets under one incident, closed with it; {result['forgotten']} callers forgotten",
        f"  heard       {result['heard_checked']} announcements compared with the files, {result['gaps']} gaps, "
        f"{result['heard_wrong_address']} of a wrong address",
        f"  service     {result['callcenter_cpu_s']} s of processor time",
    ]
    for title, faults in grave(verdict).items():
        lines += [f"  {title:11} {number}: {reason}" for number, reason in list(faults.items())[:3]]
    return "\n".join((*lines, ""))
