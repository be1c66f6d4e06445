"""A few kills in a small surge: every recording is kept once, with the bytes that Asterisk wrote."""

import asyncio

import pytest

from stack.chaos import Chaos, kills_from
from stack.instance import Instance
from stack.surge import Plan

pytestmark = pytest.mark.e2e

KILLS = 6


def test_recordings_outlive_kills_of_uploader_node_and_store(stack: Instance) -> None:
    description = stack.description()
    assert description is not None
    plan = Plan(callers=24, operators=6, talk=6.0, patience=600.0)
    chaos = Chaos(description, plan, kills_from(5, KILLS, 24.0))
    _, _, verdict = asyncio.run(chaos.run())
    assert chaos.done.total() == KILLS
    assert verdict.recordings >= 24
    assert (verdict.missing, verdict.doubled, verdict.wrong_hash) == ({}, {}, {})
    chaos.tidy()
