"""What a check of `callcenter doctor` finds."""

from callcenter.errors import CallcenterError


class CheckFailed(CallcenterError):
    """What is wrong, and how to fix it."""


class CheckWarning(CallcenterError):
    """What works but is not as it should be, and how to fix it."""
