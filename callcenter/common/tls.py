"""TLS of what the service connects to."""

import ssl
from functools import cache
from pathlib import Path


@cache
def trusting(authorities: Path | None) -> ssl.SSLContext:
    """A client's TLS that trusts these authorities, a file in PEM, instead of the machine's. Raises `OSError`.

    Shared: to read them takes 25 ms.
    """
    return ssl.create_default_context(cafile=authorities)
