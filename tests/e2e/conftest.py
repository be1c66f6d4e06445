"""The whole stack for tests: started once a session, and every process of it gone after."""

import os
from collections.abc import Iterator

import pytest

from stack import processes
from stack.instance import Instance
from stack.parts import ROOT
from stack.ports import free_port


@pytest.fixture(scope="session")
def mail_port() -> int:
    """Where the stack sends letters to, on loopback; nobody listens there until a test does."""
    return free_port(2525)


@pytest.fixture(scope="session")
def stack(mail_port: int) -> Iterator[Instance]:
    """An instance of its own, ready to be called; see `Instance.description` for its addresses and logins."""
    settings = {
        "SMTP__HOST": "127.0.0.1",
        "SMTP__PORT": str(mail_port),
        "SMTP__SECURITY": "none",
        "HANDOVER__RETRY_FIRST_S": "1",
    }
    environment = {f"CALLCENTER_{name}": value for name, value in settings.items()}
    instance = Instance(ROOT / "var" / f"test-{os.getpid()}", environment=environment)
    with instance:
        yield instance
    assert processes.marked(str(instance.directory)) == []
    instance.remove()
