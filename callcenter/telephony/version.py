"""Which versions of Asterisk do what the configuration needs, and of which a fault is known."""

import re
from types import MappingProxyType

OLDEST = MappingProxyType({20: 11, 21: 6, 22: 1})
"""Of each branch the first that knows `eventfilter(name(…))`; later branches all do."""

FAULTS = MappingProxyType(
    {
        "22.11.0": "after somebody has listened in to a talk, its parties do not hear each other (asterisk#2134); install"
        " another release of the branch",
    }
)
"""Releases that must not be used, and what goes wrong with them."""

_NUMBERS = re.compile(r"(?:certified[-/])?([0-9]{1,4})\.([0-9]{1,4})")
_RELEASE = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}(?![0-9])")


def new_enough(version: str) -> bool | None:
    """Whether this version (`22.10.1+dfsg-1`, as Asterisk reports it) is; None when it has no numbers."""
    numbers = _NUMBERS.match(version)
    if numbers is None:
        return None
    branch, release = int(numbers[1]), int(numbers[2])
    return branch > max(OLDEST) or (branch in OLDEST and release >= OLDEST[branch])


def known_fault(version: str) -> str | None:
    """What is known to go wrong with this very release."""
    release = _RELEASE.match(version)
    return None if release is None else FAULTS.get(release[0])
