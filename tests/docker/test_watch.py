"""What Prometheus warns of and Grafana shows exists in /metrics, with these labels."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

import callcenter.metrics  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]
WATCH = ROOT / "docker" / "watch"
RULES = [rule for group in yaml.safe_load((WATCH / "rules.yml").read_text())["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((WATCH / "dashboard.json").read_text())
SCRAPED = {"job", "instance", "part", "le"}
"""Labels that every figure has from Prometheus itself, or a histogram."""
NAME = re.compile(r"\bcallcenter_\w+")
LABELS = re.compile(r"(\bcallcenter_\w+)\{([^}]*)\}")
GROUPED = re.compile(r"\bby \(([^)]*)\) \((?:\w+\()?(callcenter_\w+)")


def exported() -> dict[str, set[str]]:
    """The labels of each name that /metrics can have."""
    found = {}
    for family, names in REGISTRY._collector_to_names.items():
        for name in names:
            if name.startswith("callcenter_"):
                found[name] = set(getattr(family, "_labelnames", ()))
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_what_is_asked_for_exists(where: str, expression: str) -> None:
    known = exported()
    names = set(NAME.findall(expression))
    assert names <= set(known), where
    assert names or expression.startswith("up{"), where
    for name, given in LABELS.findall(expression):
        assert set(re.findall(r"(\w+)=", given)) <= known[name] | SCRAPED, where
    for labels, name in GROUPED.findall(expression):
        assert {label.strip() for label in labels.split(",") if label.strip()} <= known[name] | SCRAPED, where
    assert expression.count("(") == expression.count(")"), where


def test_what_warnings_say_can_be_filled_in() -> None:
    known = exported()
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")
        names = set(NAME.findall(rule["expr"]))
        labels = {label for name in names for label in known[name]} | SCRAPED
        assert set(rule["annotations"]) == {"summary", "summary_ru"}
        for text in rule["annotations"].values():
            assert set(re.findall(r"\$labels\.(\w+)", text)) <= labels, rule["alert"]


def test_each_warning_and_panel_has_its_own_name() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_both_programs_are_read_where_they_listen() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    jobs = yaml.safe_load((WATCH / "prometheus.yml").read_text())["scrape_configs"]
    targets = {target for job in jobs for each in job["static_configs"] for target in each["targets"]}
    node = compose["services"]["node"]["environment"]["CALLCENTER_WEB__PORT"]
    [web] = compose["services"]["web"]["ports"]
    defaults = [re.findall(r":-([0-9.]+)\}", text) for text in (node, web)]
    assert targets == {f"127.0.0.1:{defaults[0][0]}", ":".join(defaults[1])}
    for config in compose["configs"].values():
        assert (ROOT / config["file"]).is_file()
