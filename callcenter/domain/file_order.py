"""Files that are made in order: a person asks for one, a job makes it."""

from enum import StrEnum


class FileOrderState(StrEnum):
    """How far the file is."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


IN_THE_MAKING = frozenset({FileOrderState.WAITING, FileOrderState.RUNNING})
