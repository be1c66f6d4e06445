"""A few kills in a small surge: every recording is kept once, with the bytes that Asterisk wrote."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from stack.chaos import Chaos, kills_from
from stack.instance import Instance
from stack.parts import ROOT
from stack.surge import Plan

pytestmark = [pytest.mark.e2e, pytest.mark.long]

KILLS = 6


@pytest.fixture
def doomed() -> Iterator[Instance]:
    """An instance for this test alone: what was killed has other process numbers than its description says."""
    instance = Instance(ROOT / "var" / f"test-chaos-{os.getpid()}")
    with instance:
        yield instance
    instance.remove()


def test_recordings_outlive_kills_of_uploader_node_and_store(doomed: Instance) -> None:
    description = doomed.description()
    assert description is not None
    plan = Plan(callers=24, operators=6, talk=6.0, patience=600.0)
    chaos = Chaos(description, plan, kills_from(5, KILLS, 24.0))
    _, _, verdict = asyncio.run(chaos.run())
    assert chaos.done.total() == KILLS
    assert verdict.recordings >= 24
    assert (verdict.missing, verdict.doubled, verdict.wrong_hash) == ({}, {}, {})
    chaos.tidy()
