"""Which versions of Asterisk do what the configuration needs."""

import re
from types import MappingProxyType

OLDEST = MappingProxyType({20: 11, 21: 6, 22: 1})
"""Of each branch the first that knows `eventfilter(name(…))`; later branches all do."""

_NUMBERS = re.compile(r"(?:certified[-/])?([0-9]{1,4})\.([0-9]{1,4})")


def new_enough(version: str) -> bool | None:
    """Whether this version (`22.10.1+dfsg-1`, as Asterisk reports it) is; None when it has no numbers."""
    numbers = _NUMBERS.match(version)
    if numbers is None:
        return None
    branch, release = int(numbers[1]), int(numbers[2])
    return branch > max(OLDEST) or (branch in OLDEST and release >= OLDEST[branch])
