"""The whole journal as a file: ordering it, seeing how far it is, downloading it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from callcenter.desk.exports import Orders, TooMany
from callcenter.desk.reports import Reports
from callcenter.desk.sheets import MEDIA
from callcenter.domain.access import Permission
from callcenter.domain.period import Preset
from callcenter.web.auth import needs
from callcenter.web.language import language_of
from callcenter.web.parts import PERSON, parts_of
from callcenter.web.render import render
from callcenter.web.report_query import Choice, choose
from callcenter.web.report_words import moment, number, period_problems, presets, span
from callcenter.web.stored import send

routes = web.RouteTableDef()
FORMATS = ("xlsx", "csv")


@routes.get("/reports/exports")
@needs(Permission.SEE_REPORTS)
async def show(request: web.Request) -> web.Response:
    """The person's files, and the form to order one."""
    return await _page(request, request.query, new=True)


@routes.post("/reports/exports")
@needs(Permission.SEE_REPORTS)
async def order(request: web.Request) -> web.Response:
    """Order a file, or show the form again with what is wrong."""
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    person, pool = request[PERSON], parts_of(request).pool
    choice = choose(form, await Reports(pool).companies(person), datetime.now(UTC))
    if choice.period is None or form.get("format") not in FORMATS:
        return await _page(request, form, 422)
    company = choice.company.id if choice.company else person.company_id
    try:
        await Orders(pool).add(
            person, company, choice.period, form["format"], language_of(request), request.remote or ""
        )
    except TooMany:
        return await _page(request, form, 429, too_many=True)
    raise web.HTTPSeeOther("/reports/exports")


@routes.get(r"/reports/exports/{id:\d{1,18}}", allow_head=False)
@needs(Permission.SEE_REPORTS)
async def download(request: web.Request) -> web.StreamResponse:
    """The file, to the person who ordered it."""
    parts = parts_of(request)
    found = await Orders(parts.pool).take(request[PERSON], int(request.match_info["id"]), request.remote or "")
    if found is None:
        raise web.HTTPNotFound
    key, size, format_, name = found
    answer = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    answer.content_type = MEDIA[format_]
    answer.content_length = size
    return await send(request, answer, parts.store.open(key, 0, size), export=request.match_info["id"])


async def _page(
    request: web.Request, form: Mapping[str, str], status: int = 200, *, new: bool = False, too_many: bool = False
) -> web.Response:
    person, pool, language = request[PERSON], parts_of(request).pool, language_of(request)
    companies = await Reports(pool).companies(person)
    choice = choose(form, companies, datetime.now(UTC))
    format_ = form.get("format", "xlsx" if new else "")
    orders = await Orders(pool).list(person)
    return render(
        request,
        "exports.html",
        status,
        companies=companies,
        choice=Choice(choice.typed, choice.preset) if new else choice,
        format=format_,
        format_wrong=format_ not in FORMATS,
        too_many=too_many,
        orders=orders,
        working=any(order.state in ("waiting", "running") for order in orders),
        presets=presets(language),
        own=Preset.OWN,
        problems=period_problems(language),
        span=lambda period: span(period, language),
        count=lambda value: number(value, language),
        moment=lambda at, zone: moment(at, zone, language),
        megabytes=lambda size: number(max(1, size / 1_000_000), language),
    )
