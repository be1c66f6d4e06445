"""The whole stack for tests: started once a session, and every process of it gone after."""

import os
from collections.abc import Iterator

import pytest

from stack import processes
from stack.instance import Instance
from stack.parts import ROOT
from tests.e2e.asterisk_instance import free_port


@pytest.fixture(scope="session")
def mail_port() -> int:
    """Where the stacks of this session send letters to, on loopback; nobody listens there until a test does."""
    return free_port()


@pytest.fixture(scope="session")
def sends_letters(mail_port: int) -> dict[str, str]:
    """The settings of a stack that does."""
    settings = {
        "SMTP__HOST": "127.0.0.1",
        "SMTP__PORT": str(mail_port),
        "SMTP__SECURITY": "none",
        "HANDOVER__RETRY_FIRST_S": "1",
    }
    return {f"CALLCENTER_{name}": value for name, value in settings.items()}


@pytest.fixture(scope="session")
def stack(sends_letters: dict[str, str]) -> Iterator[Instance]:
    """An instance of its own, ready to be called; see `Instance.description` for its addresses and logins."""
    instance = Instance(ROOT / "var" / f"test-{os.getpid()}", environment=sends_letters)
    with instance:
        yield instance
    assert processes.marked(str(instance.directory)) == []
    instance.remove()
