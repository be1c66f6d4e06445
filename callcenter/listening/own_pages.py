"""What an operator reads of the reviews of their own talks."""

from datetime import UTC, datetime

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.listening.reviews import REVIEWS
from callcenter.web.auth import needs
from callcenter.web.formats import when
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render

routes = web.RouteTableDef()


@routes.get("/reviews")
@needs(Permission.TAKE_CALLS)
async def own(request: web.Request) -> web.Response:
    """The last reviews, newest first; from now on they count as seen."""
    language, now = language_of(request), datetime.now(UTC)
    rows = await request.app[REVIEWS].of_operator(request[PERSON])
    return render(
        request,
        "listening/own_reviews.html",
        rows=[{**row, "began": when(row["began_at"], row["zone"], now, language)} for row in rows],
    )
