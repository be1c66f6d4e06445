"""Forms that may have a sound file beside their fields."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField
from multidict import MultiMapping

from callcenter.outages.announcing.sound_file import LARGEST, read_sound
from callcenter.web.body import form_of
from callcenter.web.forms import LARGEST_FORM
from callcenter.web.keys import SETTINGS


@asynccontextmanager
async def form_with_sound(request: web.Request) -> AsyncIterator[MultiMapping[Any]]:
    """The form that was sent; its file is closed at the end.

    Raises 413 when it is larger than its fields and a sound file may be.
    """
    sent = await form_of(request.clone(client_max_size=LARGEST_FORM + LARGEST))
    try:
        yield sent
    finally:
        for value in sent.values():
            if isinstance(value, FileField):
                value.file.close()


async def sound_in(request: web.Request, sent: MultiMapping[Any]) -> bytes | None:
    """The sound file of the form as A-law; None when there is none. Raises `BadSound`."""
    file = sent.get("recording")
    return await read_sound(file.file, request.app[SETTINGS].speech) if isinstance(file, FileField) else None
