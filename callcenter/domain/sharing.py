"""Links by which recordings are shared."""

from enum import StrEnum


class LinkState(StrEnum):
    """Whether a link works."""

    OPEN = "open"
    REVOKED = "revoked"
    EXPIRED = "expired"
    LOCKED = "locked"
    """The wrong PIN was given too often."""


class LinkUseKind(StrEnum):
    """What was done with a link."""

    OPENED = "opened"
    WRONG_PIN = "wrong pin"
    RIGHT_PIN = "right pin"
    LISTENED = "listened"
    ORIGINAL = "original"
    """The original was downloaded."""
    COPY = "copy"
    """The small copy was downloaded."""
    NONE_LEFT = "none left"
    CUT_OFF = "cut off"
