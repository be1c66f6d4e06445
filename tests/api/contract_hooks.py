"""Read by Schemathesis: the same key never stands for two requests, which are refused on purpose."""

import re
from typing import Any
from uuid import uuid4

import schemathesis

from callcenter.api.once import HEADER, KEY_PATTERN


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Give each good request that has a key one of its own; a request that is meant to be refused stays as it is."""
    good = case.meta is None or case.meta.generation.mode.is_positive
    if good and re.fullmatch(KEY_PATTERN, str(case.headers.get(HEADER, ""))):
        case.headers[HEADER] = str(uuid4())
