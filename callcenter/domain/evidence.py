"""Evidence packs: why one could not be made."""

from enum import StrEnum


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
