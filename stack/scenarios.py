"""The scenarios of a surge, each with the parameters that it takes."""

import argparse
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from stack import surge
from stack.errors import StackError
from stack.outage import surge as outage_surge
from stack.outage.plan import OutagePlan

SCENARIOS = ("plain", "outage")
PLANS = (surge.Plan, OutagePlan)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for each parameter of any scenario, as `make` writes it too: `--callers` and `--CALLERS`.

    What is not given has the scenario's own default.
    """
    parser.add_argument("--scenario", "--SCENARIO", choices=SCENARIOS, default=SCENARIOS[0])
    kinds = {field.name: type(field.default) for plan in PLANS for field in fields(plan)}
    for name, kind in kinds.items():
        parser.add_argument(f"--{name.replace('_', '-')}", f"--{name.upper()}", dest=name, type=kind)


def run(stack: Mapping[str, Any], options: argparse.Namespace) -> int:
    """Run the scenario that the options say. Raises `StackError` for a parameter of another one."""
    if options.scenario == "outage":
        return outage_surge.run(stack, OutagePlan(**_given(options, OutagePlan)))
    return surge.run(stack, surge.Plan(**_given(options, surge.Plan)))


def _given(options: argparse.Namespace, plan: type[surge.Plan | OutagePlan]) -> dict[str, Any]:
    every = {field.name for each in PLANS for field in fields(each)}
    given = {name: value for name in every if (value := getattr(options, name)) is not None}
    if wrong := given.keys() - {field.name for field in fields(plan)}:
        raise StackError(f"this scenario has no {', '.join(sorted(name.upper() for name in wrong))}")
    return given
