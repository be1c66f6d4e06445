"""Recordings to listen to, and the browser of somebody who may."""

from collections.abc import AsyncIterator

import pytest

from tests.listening.listening_work import Tapes
from tests.site import Browser, Site


@pytest.fixture
async def tapes(site: Site) -> Tapes:
    tapes = Tapes(site)
    await tapes.open()
    return tapes


@pytest.fixture
async def vera(site: Site) -> AsyncIterator[Browser]:
    async with site.browser("vera") as vera:
        yield vera
