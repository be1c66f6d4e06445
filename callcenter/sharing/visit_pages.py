"""The page behind a link to recordings, for one named external person, who can play and download them."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import structlog
from aiohttp import web

from callcenter.common.attempts import TooManyAttempts
from callcenter.common.object_store import OBJECT_STORE
from callcenter.domain.access import Permission
from callcenter.recordings.originals import open_original
from callcenter.sharing.texts import file_name
from callcenter.sharing.visits import LINK_VISITS, VISIT_LASTS, Content, SharedLink, Variant
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.keys import SETTINGS
from callcenter.web.language import LANGUAGES, language_of
from callcenter.web.proxies import origin_of
from callcenter.web.render import render
from callcenter.web.shield import from_any_origin
from callcenter.web.stored import StopSending, part_of, send

log = structlog.get_logger()
routes = web.RouteTableDef()

# A link is a secret: it must not get into referrers, caches or search engines. Its forms therefore send no origin.
HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
COOKIE = "link"
NAMES = {
    "listen": Variant.LISTEN,
    "listen-original": Variant.LISTEN_ORIGINAL,
    "original": Variant.ORIGINAL,
    "copy": Variant.COPY,
}

Page = Callable[[web.Request, SharedLink], Awaitable[web.StreamResponse]]


def _behind_link(page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Show the page to the holder of a working link; all others get the same answer."""

    async def show(request: web.Request) -> web.StreamResponse:
        try:
            link = await request.app[LINK_VISITS].find(request.match_info["token"], origin_of(request).address)
        except TooManyAttempts:
            log.warning("too many wrong links")
            return _gone(request, 429)
        answer = _gone(request) if link is None else await page(request, link)
        answer.headers.update(HEADERS)
        return answer

    return show


@routes.get("/l/{token}", allow_head=False)
@needs(Permission.ANYONE)
@_behind_link
async def show(request: web.Request, link: SharedLink) -> web.StreamResponse:
    """The shared recordings, or the form for the PIN."""
    visits = request.app[LINK_VISITS]
    if not await visits.may_enter(link, request.cookies.get(COOKIE, "")):
        return _ask_pin(request, link)
    recordings = await visits.opened(link, origin_of(request))
    return render(
        request, "sharing/link.html", language=_language(request, link), link=link, recordings=recordings, at=_at(request),
        switch_at=_at(request), variants=Variant,
    )  # fmt: skip


@routes.post("/l/{token}/pin")
@needs(Permission.ANYONE)
@from_any_origin
@_behind_link
async def give_pin(request: web.Request, link: SharedLink) -> web.StreamResponse:
    """Let in whoever knows the PIN."""
    form = await form_of(request)
    given = await request.app[LINK_VISITS].give_pin(link, str(form.get("pin", "")), origin_of(request))
    if isinstance(given, int):
        if not given:
            log.warning("link blocked by wrong PINs", link=link.id)
            return _gone(request)
        return _ask_pin(request, link, 401, left=given)
    answer = web.Response(status=303, headers={"Location": f"{_at(request)}?language={_language(request, link)}"})
    answer.set_cookie(
        COOKIE,
        given,
        max_age=int(VISIT_LASTS.total_seconds()),
        path=_at(request),
        httponly=True,
        # Lax: a link opened from an e-mail must not ask for the PIN again.
        samesite="Lax",
        secure=request.app[SETTINGS].web.cookie_secure,
    )
    return answer


@routes.get(r"/l/{token}/{place:\d{1,4}}/{name:listen|listen-original|original|copy}", allow_head=False)
@needs(Permission.ANYONE)
@_behind_link
async def fetch(request: web.Request, link: SharedLink) -> web.StreamResponse:
    """Send one recording, or the one range of it that was requested, for as long as the link works."""
    visits, variant = request.app[LINK_VISITS], NAMES[request.match_info["name"]]
    if not await visits.may_enter(link, request.cookies.get(COOKIE, "")):
        return _ask_pin(request, link, 403)
    recording = await visits.recording(link, int(request.match_info["place"]))
    content = None if recording is None else recording.contents.get(variant)
    if recording is None or content is None:
        return web.Response(status=404, text="404\n")
    requested = part_of(request, content.size)
    headers = {"Accept-Ranges": "bytes", **HEADERS}
    if requested is not None and not requested:
        return web.Response(status=416, headers=headers | {"Content-Range": f"bytes */{content.size}"})
    part = range(content.size) if requested is None else requested
    if requested is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{content.size}"
    if variant in (Variant.ORIGINAL, Variant.COPY):
        headers["Content-Disposition"] = f'attachment; filename="{file_name(link, recording, content.media_type)}"'
    use = await visits.begin(link, recording.place, variant, len(part), origin_of(request))
    if use is None:
        return render(
            request,
            "sharing/link_gone.html",
            403,
            language=_language(request, link),
            switch_at=_at(request),
            used_up=True,
        )
    answer = web.StreamResponse(status=200 if requested is None else 206, headers=headers)
    answer.content_type = content.media_type
    answer.content_length = len(part)
    pieces = _pieces(request, link, recording.place, content, part, use)
    return await send(request, answer, pieces, link=link.id, recording=recording.id)


async def _pieces(
    request: web.Request, link: SharedLink, place: int, content: Content, part: range, use: int
) -> AsyncGenerator[bytes, None]:
    """The bytes for as long as the link works, then `StopSending`; bytes that were not sent are released at the end."""
    app, unsent = request.app, len(part)
    try:
        # To the store a length of 0 means "all that follows".
        if not part:
            return
        pieces = open_original(app[OBJECT_STORE], content.object_key, part.start, len(part), content.version)
        async with aclosing(pieces) as stored:
            async for piece in stored:
                if not await app[LINK_VISITS].works(link):
                    await app[LINK_VISITS].cut_off(link, place, origin_of(request))
                    raise StopSending
                yield piece
                # The next piece is requested, so this one has been sent.
                unsent -= len(piece)
    finally:
        await app[LINK_VISITS].settle(use, unsent)


def _ask_pin(request: web.Request, link: SharedLink, status: int = 200, *, left: int | None = None) -> web.Response:
    return render(
        request, "sharing/link_pin.html", status, language=_language(request, link), at=_at(request), switch_at=_at(request),
        left=left,
    )  # fmt: skip


def _gone(request: web.Request, status: int = 404) -> web.Response:
    answer = render(
        request,
        "sharing/link_gone.html",
        status,
        language=_language(request, None),
        switch_at=_at(request),
        used_up=False,
    )
    answer.headers.update(HEADERS)
    return answer


def _language(request: web.Request, link: SharedLink | None) -> str:
    asked = request.query.get("language", "")
    if asked in LANGUAGES:
        return asked
    return language_of(request) if link is None else link.language


def _at(request: web.Request) -> str:
    # The address as requested: a wrong one may contain anything.
    return "/".join(request.rel_url.raw_path.split("/")[:3])
