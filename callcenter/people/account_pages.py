"""The person's own login: sessions, the password, one-time codes."""

from datetime import UTC, datetime

from aiohttp import web
from markupsafe import Markup

from callcenter.common.attempts import TooManyAttempts
from callcenter.domain.access import Permission
from callcenter.people.accounts import ACCOUNTS
from callcenter.people.second_factor import link, qr_code
from callcenter.web.auth import needs, session_token
from callcenter.web.body import form_of
from callcenter.web.browsers import browser_name
from callcenter.web.keys import PERSON
from callcenter.web.render import render

routes = web.RouteTableDef()
# What a page shows once after a change, by the `done` parameter of its address.
DONE = ("password", "off", "ended")


@routes.get("/account")
@needs(Permission.PERSON)
async def account(request: web.Request) -> web.Response:
    """The page of the person's own login."""
    return await _page(request)


@routes.post("/account/password")
@needs(Permission.PERSON)
async def change_password(request: web.Request) -> web.StreamResponse:
    """Change the password; the other sessions end."""
    form = await form_of(request)
    old, new, again = (str(form.get(field, "")) for field in ("old", "new", "again"))
    try:
        problem = await request.app[ACCOUNTS].change_password(
            request[PERSON], session_token(request), old, new, again, request.remote or ""
        )
    except TooManyAttempts as refusal:
        return await _page(request, 429, {"old": "too many"}, refusal)
    if problem is not None:
        field = {"old": "old", "different": "again"}.get(problem, "new")
        return await _page(request, 400, {field: problem})
    raise web.HTTPSeeOther("/account?done=password")


@routes.post(r"/account/sessions/{id:[0-9]{1,18}}/end")
@needs(Permission.PERSON)
async def end_session(request: web.Request) -> web.StreamResponse:
    accounts = request.app[ACCOUNTS]
    if not await accounts.end_session(request[PERSON], int(request.match_info["id"]), request.remote or ""):
        raise web.HTTPNotFound
    raise web.HTTPSeeOther("/account?done=ended")


@routes.post("/account/sessions/end")
@needs(Permission.PERSON)
async def end_others(request: web.Request) -> web.StreamResponse:
    """End all of one's own sessions but this one."""
    await request.app[ACCOUNTS].end_others(request[PERSON], session_token(request), request.remote or "")
    raise web.HTTPSeeOther("/account?done=ended")


@routes.post("/account/codes")
@needs(Permission.PERSON)
async def begin_codes(request: web.Request) -> web.Response:
    """Create a secret and show it, only this once, to be confirmed."""
    password = str((await form_of(request)).get("password", ""))
    try:
        secret = await request.app[ACCOUNTS].begin_codes(request[PERSON], password, request.remote or "")
    except TooManyAttempts as refusal:
        return await _page(request, 429, {"password": "too many"}, refusal)
    if secret is None:
        return await _page(request, 400, {"password": "old"})
    return await _page(request, secret=secret)


@routes.post("/account/codes/confirm")
@needs(Permission.PERSON)
async def confirm_codes(request: web.Request) -> web.Response:
    """Ask for codes from now on, and show the recovery codes."""
    code = str((await form_of(request)).get("code", ""))
    try:
        recovery = await request.app[ACCOUNTS].confirm_codes(
            request[PERSON], code, request.remote or "", datetime.now(UTC)
        )
    except TooManyAttempts as refusal:
        return await _page(request, 429, {"code": "too many"}, refusal)
    if recovery is None:
        return await _page(request, 400, {"code": "wrong"})
    return render(request, "people/recovery_codes.html", codes=recovery, begun=True)


@routes.post("/account/codes/recovery")
@needs(Permission.PERSON)
async def renew_recovery_codes(request: web.Request) -> web.Response:
    """Create recovery codes in place of the earlier ones and show them, only this once."""
    password = str((await form_of(request)).get("password", ""))
    try:
        recovery = await request.app[ACCOUNTS].renew_recovery_codes(request[PERSON], password, request.remote or "")
    except TooManyAttempts as refusal:
        return await _page(request, 429, {"password": "too many"}, refusal)
    if recovery is None:
        return await _page(request, 400, {"password": "old"})
    return render(request, "people/recovery_codes.html", codes=recovery, begun=False)


@routes.post("/account/codes/remove")
@needs(Permission.PERSON)
async def remove_codes(request: web.Request) -> web.StreamResponse:
    """Ask for codes no longer."""
    password = str((await form_of(request)).get("password", ""))
    try:
        right = await request.app[ACCOUNTS].remove_codes(request[PERSON], password, request.remote or "")
    except TooManyAttempts as refusal:
        return await _page(request, 429, {"password": "too many"}, refusal)
    if not right:
        return await _page(request, 400, {"password": "old"})
    raise web.HTTPSeeOther("/account?done=off#codes")


async def _page(
    request: web.Request,
    status: int = 200,
    problems: dict[str, str] | None = None,
    refusal: TooManyAttempts | None = None,
    secret: str = "",
) -> web.Response:
    accounts, person = request.app[ACCOUNTS], request[PERSON]
    otpauth = link(secret, person.login) if secret else ""
    done = request.query.get("done", "")
    answer = render(
        request,
        "people/account.html",
        status,
        sessions=await accounts.sessions(person, session_token(request)),
        browser_name=browser_name,
        codes=await accounts.codes(person),
        recovery_left=await accounts.recovery_codes_left(person),
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        otpauth=otpauth,
        qr=Markup(qr_code(otpauth)) if otpauth else "",
        problems=problems or {},
        done=done if done in DONE and not problems else "",
        minutes=refusal.minutes if refusal else 0,
    )
    answer.headers.update(refusal.headers if refusal else {})
    return answer
