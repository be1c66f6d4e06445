"""Where a request of a person comes from."""

from dataclasses import dataclass

LONGEST_BROWSER = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody logs in from: the address and what the browser calls itself."""

    address: str
    browser: str = ""
