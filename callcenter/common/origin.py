"""Where a request of a person comes from."""

from dataclasses import dataclass

LONGEST_BROWSER = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """The address and the user agent of a request."""

    address: str
    browser: str = ""
