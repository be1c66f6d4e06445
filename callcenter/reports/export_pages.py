"""The whole journal as a file: order, progress, download."""

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from callcenter.common.object_store import OBJECT_STORE
from callcenter.common.sheets import MEDIA
from callcenter.domain.access import Permission
from callcenter.domain.file_order import IN_THE_MAKING
from callcenter.reports.export_texts import export_texts
from callcenter.reports.exports import EXPORT_ORDERS, TooManyExports
from callcenter.reports.period import Preset
from callcenter.reports.query import Choice, choose
from callcenter.reports.service import REPORTS
from callcenter.reports.texts import period_problems, presets, span
from callcenter.web.attachment import attachment
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.formats import moment, number
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render
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
    form = {name: value for name, value in (await form_of(request)).items() if isinstance(value, str)}
    app, person = request.app, request[PERSON]
    choice = choose(form, await app[REPORTS].companies(person), datetime.now(UTC))
    if choice.period is None or form.get("format") not in FORMATS:
        return await _page(request, form, 422)
    company = choice.company.id if choice.company else person.company_id
    try:
        await app[EXPORT_ORDERS].add(
            person, company, choice.period, form["format"], language_of(request), request.remote or ""
        )
    except TooManyExports:
        return await _page(request, form, 429, too_many=True)
    raise web.HTTPSeeOther("/reports/exports")


@routes.get(r"/reports/exports/{id:\d{1,18}}", allow_head=False)
@needs(Permission.SEE_REPORTS)
async def download(request: web.Request) -> web.StreamResponse:
    """The file, to the person who ordered it."""
    app = request.app
    found = await app[EXPORT_ORDERS].take(request[PERSON], int(request.match_info["id"]), request.remote or "")
    if found is None:
        raise web.HTTPNotFound
    key, size, format_, name = found
    answer = web.StreamResponse(headers=attachment(f"{export_texts(language_of(request)).title} {name}"))
    answer.content_type = MEDIA[format_]
    answer.content_length = size
    return await send(request, answer, app[OBJECT_STORE].open(key, 0, size), export=request.match_info["id"])


async def _page(
    request: web.Request, form: Mapping[str, str], status: int = 200, *, new: bool = False, too_many: bool = False
) -> web.Response:
    app, person, language = request.app, request[PERSON], language_of(request)
    companies = await app[REPORTS].companies(person)
    choice = choose(form, companies, datetime.now(UTC))
    format_ = form.get("format", "xlsx" if new else "")
    orders = await app[EXPORT_ORDERS].list(person)
    return render(
        request,
        "reports/exports.html",
        status,
        companies=companies,
        choice=Choice(choice.typed, choice.preset) if new else choice,
        format=format_,
        format_wrong=format_ not in FORMATS,
        too_many=too_many,
        orders=orders,
        working=any(order.state in IN_THE_MAKING for order in orders),
        presets=presets(language),
        own=Preset.OWN,
        problems=period_problems(language),
        span=lambda period: span(period, language),
        count=lambda value: number(value, language),
        moment=lambda at, zone: moment(at, zone, language),
        megabytes=lambda size: number(max(1, size / 1_000_000), language),
    )
