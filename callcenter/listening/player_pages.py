"""One recording: why it is listened to, the player, marks, the other talks of its call, who listened."""

from datetime import UTC, datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcenter.domain.access import Permission
from callcenter.domain.listening import ListeningReason
from callcenter.listening import texts
from callcenter.listening.listenings import LISTENINGS, MOST_PARTS, NoReason
from callcenter.listening.pages import listening_row
from callcenter.listening.query import seconds
from callcenter.listening.reviews import REVIEWS, ScoreCard
from callcenter.listening.room import LISTENING_ROOM, RecordingDetails
from callcenter.web.auth import needs
from callcenter.web.body import json_of
from callcenter.web.formats import when
from callcenter.web.forms import form_texts
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render

routes = web.RouteTableDef()
PAGE = r"/listening/{id:\d{1,18}}"
LONGEST_COMMENT = 1000
SHOWN_LISTENINGS = 20

Second = Annotated[int, Field(ge=0, le=10**6)]


class Heard(BaseModel):
    """The parts that a browser reports as played, in whole seconds, from and to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listening: Annotated[int, Field(ge=1, le=2**63 - 1)]
    parts: Annotated[list[tuple[Second, Second]], Field(max_length=MOST_PARTS)]


def recording_of(request: web.Request) -> int:
    """The recording's id in the address."""
    return int(request.match_info["id"])


async def need_recording(request: web.Request) -> RecordingDetails:
    """The recording in the address. Raises a refusal when this person may see no such recording."""
    shown = await request.app[LISTENING_ROOM].show(request[PERSON], recording_of(request))
    if shown is None:
        raise web.HTTPNotFound
    return shown


@routes.get(PAGE, allow_head=False)
@needs(Permission.LISTEN)
async def show(request: web.Request) -> web.Response:
    return await page(request, await need_recording(request))


@routes.post(PAGE + "/begin")
@needs(Permission.LISTEN)
async def begin(request: web.Request) -> web.Response:
    """Open a listening, for a reason."""
    shown, typed = await need_recording(request), await form_texts(request)
    if typed.get("reason") not in list(ListeningReason):
        raise web.HTTPBadRequest
    try:
        await request.app[LISTENINGS].begin(
            request[PERSON],
            recording_of(request),
            ListeningReason(typed["reason"]),
            typed.get("words", ""),
            request.remote or "",
        )
    except NoReason:
        return await page(request, shown, 422, problem="reason")
    raise web.HTTPSeeOther(f"/listening/{recording_of(request)}")


@routes.post(PAGE + "/heard")
@needs(Permission.LISTEN)
async def heard(request: web.Request) -> web.Response:
    """Record which parts were played."""
    try:
        played = Heard.model_validate(await json_of(request))
    except ValidationError:
        raise web.HTTPBadRequest from None
    if not await request.app[LISTENINGS].heard(request[PERSON], recording_of(request), played.listening, played.parts):
        raise web.HTTPNotFound
    return web.Response(status=204)


@routes.get(PAGE + "/waveform")
@needs(Permission.LISTEN)
async def waveform(request: web.Request) -> web.Response:
    """The waveform's peaks as bytes; their number per second and the number of channels are in the headers."""
    found = await request.app[LISTENING_ROOM].waveform(request[PERSON], recording_of(request))
    if found is None:
        raise web.HTTPNotFound
    headers = {"X-Peaks-Per-Second": f"{found.per_s:g}", "X-Channels": str(found.channels)}
    return web.Response(body=found.peaks, content_type="application/octet-stream", headers=headers)


@routes.post(PAGE + "/marks")
@needs(Permission.LISTEN)
async def mark(request: web.Request) -> web.Response:
    shown, typed = await need_recording(request), await form_texts(request)
    comment = typed.get("comment", "").strip()
    try:
        at = int(str(seconds(typed.get("at", "").strip())))
    except ValueError:
        return await page(request, shown, 422, problem="at", mark_typed=typed)
    if not 0 < len(comment) <= LONGEST_COMMENT:
        return await page(request, shown, 422, problem="comment", mark_typed=typed)
    if await request.app[LISTENING_ROOM].mark(request[PERSON], recording_of(request), at, comment) is None:
        raise web.HTTPNotFound
    raise web.HTTPSeeOther(f"/listening/{recording_of(request)}#t={at}")


@routes.post(PAGE + r"/marks/{mark:\d{1,18}}/remove")
@needs(Permission.LISTEN)
async def unmark(request: web.Request) -> web.Response:
    if not await request.app[LISTENING_ROOM].unmark(
        request[PERSON], recording_of(request), int(request.match_info["mark"])
    ):
        raise web.HTTPNotFound
    raise web.HTTPSeeOther(f"/listening/{recording_of(request)}")


async def page(
    request: web.Request,
    shown: RecordingDetails,
    status: int = 200,
    *,
    problem: str = "",
    mark_typed: dict[str, str] | None = None,
    review_typed: dict[str, str] | None = None,
) -> web.Response:
    """The whole page, with what was typed and what was wrong with it."""
    app, person, language = request.app, request[PERSON], language_of(request)
    row, now = shown.row, datetime.now(UTC)
    listening = await app[LISTENINGS].open(person, row["id"])
    listed = await app[LISTENINGS].listed(person, recording=row["id"], size=SHOWN_LISTENINGS)
    return render(
        request,
        "listening/player.html",
        status,
        shown=shown,
        recording=row,
        began=when(row["began_at"], row["zone"], now, language) if row["began_at"] else "",
        listening=listening,
        last_reason=None if listening else await app[LISTENINGS].last_reason(person),
        reasons=texts.reasons(language),
        kinds=texts.talk_kinds(language),
        states=texts.states_to_note(language),
        listened=[listening_row(each, now, language) for each in listed],
        problem=texts.problems(language)[problem] if problem else "",
        problem_of=problem,
        mark_typed=mark_typed or {},
        review_typed=review_typed or {},
        card=await card_for(request, shown) if person.may(Permission.REVIEW_TALKS) else None,
        reviews=await app[REVIEWS].of(person, row["id"]),
        mark_when=lambda at: when(at, row["zone"], now, language),
        player=_player_data(shown, listening.id if listening else None, language),
    )


async def card_for(request: web.Request, shown: RecordingDetails) -> ScoreCard | None:
    """The score card for the talk: its company's, or the default one in the company's language."""
    company = shown.row["company_id"]
    if company is None:
        return None
    kept = await request.app[REVIEWS].card(request[PERSON], company)
    return kept or ScoreCard(0, texts.usual_card(shown.row["language"]))


def _player_data(shown: RecordingDetails, listening: int | None, language: str) -> dict[str, Any]:
    """The data for the player's script. Times are seconds from the beginning of the recording."""
    row = shown.row
    return {
        "recording": row["id"],
        "listening": listening,
        "duration": row["duration_s"],
        "drawn": row["drawn"],
        "channels": row["channels"],
        "pauses": [{"from": each["from_s"], "until": each["until_s"]} for each in shown.pauses],
        "marks": [{"id": each["id"], "at": each["at_s"], "comment": each["comment"]} for each in shown.marks],
        "texts": texts.script_texts(language),
    }
