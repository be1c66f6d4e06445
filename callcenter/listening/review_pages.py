"""Reviews of talks, and the score cards that they use."""

from datetime import UTC, datetime

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.domain.listening import MOST_LINES, MOST_POINTS, BadPoints, ScoreLine
from callcenter.listening import texts
from callcenter.listening.player_pages import PAGE, card_for, need_recording, page, recording_of
from callcenter.listening.reviews import REVIEWS, CardChanged, ScoreCard
from callcenter.web.auth import needs
from callcenter.web.formats import when
from callcenter.web.forms import form_texts
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import ZONE, render

routes = web.RouteTableDef()
CARD = r"/listening/cards/{company:\d{1,9}}"
LONGEST_TITLE = 200


@routes.post(PAGE + "/review")
@needs(Permission.REVIEW_TALKS)
async def review(request: web.Request) -> web.Response:
    """Review the talk; or show what is wrong, and keep what was typed."""
    shown, typed = await need_recording(request), await form_texts(request)
    company, card = shown.row["company_id"], await card_for(request, shown)
    if card is None or not shown.playable:
        raise web.HTTPNotFound
    if typed.get("card") != str(card.id):
        return await page(request, shown, 409, problem="card", review_typed=typed)
    given = [typed.get(f"p{place}") for place in range(len(card.lines))]
    if any(each is None or not (each == "" or (each.isascii() and each.isdigit() and len(each) < 3)) for each in given):
        return await page(request, shown, 422, problem="points", review_typed=typed)
    points = [int(each) if each else None for each in given]
    comment = typed.get("review_comment", "").strip()
    try:
        await request.app[REVIEWS].review(
            request[PERSON], recording_of(request), company, card, points, comment, request.remote or ""
        )
    except CardChanged:
        return await page(request, shown, 409, problem="card", review_typed=typed)
    except BadPoints:
        return await page(request, shown, 422, problem="points", review_typed=typed)
    raise web.HTTPSeeOther(f"/listening/{recording_of(request)}#review")


@routes.get("/listening/cards")
@needs(Permission.REVIEW_TALKS)
async def cards(request: web.Request) -> web.Response:
    """The companies and when their cards were changed."""
    language, now = language_of(request), datetime.now(UTC)
    rows = await request.app[REVIEWS].companies(request[PERSON])
    return render(
        request,
        "listening/score_cards.html",
        rows=[{**row, "made": when(row["made_at"], ZONE, now, language) if row["made_at"] else ""} for row in rows],
    )


@routes.get(CARD)
@needs(Permission.REVIEW_TALKS)
async def card(request: web.Request) -> web.Response:
    """A company's card, to be changed."""
    kept = await request.app[REVIEWS].card(request[PERSON], _company_of(request))
    return await _edit(request, kept)


@routes.post(CARD)
@needs(Permission.REVIEW_TALKS)
async def keep(request: web.Request) -> web.Response:
    """Save the card; or show what is wrong with it."""
    typed = await form_texts(request)
    lines, problem = _lines(typed)
    seen = typed.get("card", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 19):
        raise web.HTTPBadRequest
    shown = ScoreCard(int(seen), tuple(lines))
    if problem:
        return await _edit(request, shown, 422, problem)
    try:
        await request.app[REVIEWS].keep(request[PERSON], _company_of(request), shown.id, lines, request.remote or "")
    except CardChanged:
        kept = await request.app[REVIEWS].card(request[PERSON], _company_of(request))
        return await _edit(request, kept, 409, "card")
    raise web.HTTPSeeOther("/listening/cards")


def _company_of(request: web.Request) -> int:
    return int(request.match_info["company"])


async def _edit(request: web.Request, kept: ScoreCard | None, status: int = 200, problem: str = "") -> web.Response:
    rows = await request.app[REVIEWS].companies(request[PERSON])
    company = next((row for row in rows if row["id"] == _company_of(request)), None)
    if company is None:
        raise web.HTTPNotFound
    language = language_of(request)
    shown = kept or ScoreCard(0, texts.usual_card(company["language"]))
    empty = max(0, min(MOST_LINES - len(shown.lines), max(3, 6 - len(shown.lines))))
    return render(
        request,
        "listening/score_card.html",
        status,
        company=company,
        card=shown,
        lines=[*shown.lines, *[ScoreLine("", 5)] * empty],
        most=MOST_POINTS,
        problem=texts.problems(language)[problem] if problem else "",
    )


def _lines(typed: dict[str, str]) -> tuple[list[ScoreLine], str]:
    """The lines that have a title, and what is wrong with them."""
    lines, problem = [], ""
    for place in range(MOST_LINES):
        title = " ".join(typed.get(f"title{place}", "").split())
        if not title:
            continue
        points = typed.get(f"points{place}", "")
        worth = int(points) if points.isascii() and points.isdigit() and len(points) < 4 else 0
        if len(title) > LONGEST_TITLE or not 1 <= worth <= MOST_POINTS:
            problem = "line"
        lines.append(ScoreLine(title[:LONGEST_TITLE], min(max(worth, 1), MOST_POINTS), f"critical{place}" in typed))
    return lines, problem or ("" if lines else "lines")
