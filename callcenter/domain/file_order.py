"""Files that are made on request: a person orders one, a job makes it."""

from enum import StrEnum


class FileOrderState(StrEnum):
    """The progress of an ordered file."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


IN_THE_MAKING = frozenset({FileOrderState.WAITING, FileOrderState.RUNNING})
