"""A person's tokens for programs: created, shown once, revoked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_date
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from callcenter.common.tokens import TOKENS
from callcenter.domain.access import Permission, Scope
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import ZONE, render

routes = web.RouteTableDef()
DAYS = (30, 90, 365)


class _TokenForm(BaseModel):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    scopes: list[Scope] = Field(min_length=1)
    days: Annotated[int, Field(ge=1, le=DAYS[-1])]


@routes.get("/account/tokens")
@needs(Permission.USE_API)
async def show(request: web.Request) -> web.Response:
    """The person's own tokens, and the form for a new one."""
    return await _page(request)


@routes.post("/account/tokens")
@needs(Permission.USE_API)
async def make(request: web.Request) -> web.Response:
    """Make a token and show it, this once."""
    form = await form_of(request)
    typed = {"name": str(form.get("name", "")), "days": str(form.get("days", ""))}
    scopes = [str(scope) for scope in form.getall("scopes", [])]
    try:
        wish = _TokenForm.model_validate({**typed, "scopes": scopes})
    except ValidationError as problem:
        problems = {str(error["loc"][0]) for error in problem.errors()}
        return await _page(request, 400, typed={**typed, "scopes": scopes}, problems=problems)
    token = await request.app[TOKENS].make(
        request[PERSON], wish.name, set(wish.scopes), timedelta(days=wish.days), address=request.remote or ""
    )
    return await _page(request, made=token)


@routes.post(r"/account/tokens/{id:[0-9]{1,9}}/revoke")
@needs(Permission.USE_API)
async def revoke(request: web.Request) -> web.StreamResponse:
    """Revoke one of the person's own tokens now."""
    tokens = request.app[TOKENS]
    if not await tokens.revoke(request[PERSON], int(request.match_info["id"]), address=request.remote or ""):
        raise web.HTTPNotFound
    raise web.HTTPSeeOther("/account/tokens")


async def _page(
    request: web.Request,
    status: int = 200,
    *,
    typed: Mapping[str, object] | None = None,
    problems: set[str] | None = None,
    made: str = "",
) -> web.Response:
    language = language_of(request)

    def day(at: datetime) -> str:
        return format_date(at.astimezone(ZoneInfo(ZONE)), "d MMM y", locale=language)

    return render(
        request,
        "people/tokens.html",
        status,
        tokens=await request.app[TOKENS].of(request[PERSON]),
        scopes=list(Scope),
        days=DAYS,
        typed=typed or {"name": "", "scopes": [], "days": str(DAYS[1])},
        problems=problems or set(),
        made=made,
        day=day,
        now=datetime.now(UTC),
    )
