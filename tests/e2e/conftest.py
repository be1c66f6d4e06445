"""The whole stack for tests: started once a session, and every process of it gone after."""

import os
from collections.abc import Iterator

import pytest

from stack import processes
from stack.instance import Instance
from stack.parts import ROOT


@pytest.fixture(scope="session")
def stack() -> Iterator[Instance]:
    """An instance of its own, ready to be called; see `Instance.description` for its addresses and logins."""
    instance = Instance(ROOT / "var" / f"test-{os.getpid()}", environment={})
    with instance:
        yield instance
    assert processes.marked(str(instance.directory)) == []
    instance.remove()
