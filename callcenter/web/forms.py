"""Submitted forms: their text fields, and the ids chosen in them."""

from aiohttp import web

from callcenter.web.body import form_of

# A description of ten thousand Russian letters takes six bytes a letter in a form.
LARGEST_FORM = 256 * 1024


async def form_texts(request: web.Request) -> dict[str, str]:
    """The texts of the form that was sent."""
    form = await form_of(request.clone(client_max_size=LARGEST_FORM))
    return {name: value for name, value in form.items() if isinstance(value, str)}


def chosen_id(text: str) -> int | None:
    """The id chosen in a form; None for none, 0 (no row has it) for an invalid one."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
