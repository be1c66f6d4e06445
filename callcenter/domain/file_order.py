"""Files that are made on request, such as evidence packs: a person orders one, a job makes it."""

from enum import StrEnum


class FileOrderState(StrEnum):
    """The progress of an ordered file."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


IN_THE_MAKING = frozenset({FileOrderState.WAITING, FileOrderState.RUNNING})


class PackProblem(StrEnum):
    """Why a pack could not be made."""

    STORE = "store"
    """The store could not be reached."""
    LOST = "lost"
    """An original is not in the store."""
    ALTERED = "altered"
    """An original is not what was recorded."""
    LEDGER = "ledger"
    """The custody chain is broken."""
    TOO_LARGE = "too large"
    PROGRAM = "program"
