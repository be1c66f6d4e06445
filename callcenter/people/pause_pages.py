"""The page of the reasons for pauses."""

from collections.abc import Mapping

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.people.pause_reasons import LONGEST, MOST, PAUSE_REASONS, PauseReason, read
from callcenter.web.auth import needs
from callcenter.web.forms import form_texts
from callcenter.web.keys import PERSON
from callcenter.web.render import render

routes = web.RouteTableDef()


@routes.get("/pauses")
@needs(Permission.MANAGE_PEOPLE)
async def show(request: web.Request) -> web.Response:
    """All reasons, and a line for a new one."""
    return _page(request, await request.app[PAUSE_REASONS].all())


@routes.post("/pauses")
@needs(Permission.MANAGE_PEOPLE)
async def save(request: web.Request) -> web.StreamResponse:
    """Save all of them, or show the form again with what is wrong."""
    reasons, typed = request.app[PAUSE_REASONS], await form_texts(request)
    known = await reasons.all()
    wanted, problems = read(typed, known)
    if problems:
        return _page(request, known, typed, problems)
    await reasons.save(request[PERSON], wanted[:MOST], request.remote or "")
    raise web.HTTPSeeOther("/pauses")


def _page(
    request: web.Request,
    known: list[PauseReason],
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> web.Response:
    lines = [*known, *([PauseReason("", "", "", True)] if len(known) < MOST else [])]
    if typed is not None:
        lines = [
            PauseReason(line.code, typed.get(f"ru{n}", ""), typed.get(f"en{n}", ""), f"active{n}" in typed)
            for n, line in enumerate(lines)
        ]
    places = [(typed or {}).get(f"place{n}", str(n + 1)) for n in range(len(lines))]
    return render(
        request,
        "people/pauses.html",
        400 if problems else 200,
        lines=lines,
        places=places,
        problems=problems or {},
        longest=LONGEST,
    )
