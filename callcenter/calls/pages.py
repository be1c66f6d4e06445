"""The operator's page and the supervisor's board."""

import structlog
from aiohttp import web

from callcenter.calls.card_texts import card_texts
from callcenter.calls.telephone_pages import is_built, let_telephone
from callcenter.calls.telephone_texts import telephone_texts
from callcenter.common.browser_telephones import BROWSER_TELEPHONES
from callcenter.domain.access import Permission
from callcenter.storage import queries
from callcenter.tickets.drafts import FILING_DRAFTS
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON, POOL
from callcenter.web.language import language_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()
SQL = queries("web")
REVIEWS = queries("reviews")
TELEPHONES = queries("browser_telephones")
PRESENCE = queries("presence")


@routes.get("/workplace")
@needs(Permission.TAKE_CALLS)
async def operator_page(request: web.Request) -> web.Response:
    """Where an operator works, with the telephone of whoever has it here."""
    account = await request.app[BROWSER_TELEPHONES].account(request[PERSON].id)
    if account is not None and not is_built():
        return render(request, "calls/not_built.html", 503)
    language = language_of(request)
    response = render(
        request,
        "calls/operator.html",
        lines=await lines(request),
        kinds=await outage_kinds(request),
        pauses=await pause_reasons(request),
        in_browser=account is not None,
        new_reviews=await request.app[POOL].fetchval(REVIEWS["unseen"], request[PERSON].id),
        card_texts=card_texts(language),
        drafts=await request.app[FILING_DRAFTS].unfinished(request[PERSON]),
        telephone_texts=telephone_texts(language),
        colleagues=(found := await colleagues(request)),
        outside=await outside(request),
        names={each["id"]: each["name"] for each in found},
    )
    if account is not None:
        let_telephone(request, response, account.node)
    return response


@routes.get("/board")
@needs(Permission.SEE_BOARD)
async def board(request: web.Request) -> web.Response:
    """Where a supervisor watches."""
    people = [
        {"id": row["id"], "login": row["login"], "name": row["name"], "has_phone": row["endpoint"] is not None}
        for row in await request.app[POOL].fetch(SQL["operators"])
    ]
    return render(
        request,
        "calls/board.html",
        lines=await lines(request),
        kinds=await outage_kinds(request),
        pauses=await pause_reasons(request),
        people=people,
    )


async def colleagues(request: web.Request) -> list[dict[str, object]]:
    """To whom this person can transfer a call."""
    rows = await request.app[POOL].fetch(TELEPHONES["colleagues"], request[PERSON].id)
    return [{"id": row["id"], "name": row["name"], "account": row["endpoint"]} for row in rows]


async def outside(request: web.Request) -> list[dict[str, str]]:
    """Whom an operator can ask outside, as far as the rules of calls out allow it."""
    return [dict(row) for row in await request.app[POOL].fetch(TELEPHONES["outside"])]


async def lines(request: web.Request) -> dict[str, dict[str, object]]:
    """The company behind each queue."""
    return {
        row["number"]: {"company_id": row["company_id"], "company": row["company"], "zone": row["zone"]}
        for row in await request.app[POOL].fetch(SQL["lines"])
    }


async def pause_reasons(request: web.Request) -> list[dict[str, object]]:
    """What a pause can be for, in the person's language; those that are offered no more too, since somebody may have one."""
    name = "name_ru" if language_of(request) == "ru" else "name_en"
    rows = await request.app[POOL].fetch(PRESENCE["pause_reasons"])
    return [{"code": row["code"], "name": row[name], "active": row["active"]} for row in rows]


async def outage_kinds(request: web.Request) -> list[dict[str, str]]:
    """What can be off, in the person's language."""
    name = "name_ru" if language_of(request) == "ru" else "name_en"
    rows = await request.app[POOL].fetch(SQL["outage_kinds"])
    return [{"code": row["code"], "name": row[name]} for row in rows]
