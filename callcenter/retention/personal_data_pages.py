"""How long personal data is kept, what would go tonight, and the reports of what went."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from callcenter.common.scope import Connection, scoped
from callcenter.domain.access import Permission
from callcenter.retention.personal_data import (
    MONTHS,
    USUAL_MONTHS,
    CompanyKeeping,
    Due,
    PersonalDataKind,
    companies,
    count_due,
    preview,
    reports,
    set_terms,
)
from callcenter.retention.resident_requests import requests
from callcenter.retention.texts import kept_reasons, personal_data_kinds, what_goes
from callcenter.web.auth import needs
from callcenter.web.forms import form_texts
from callcenter.web.keys import PERSON, POOL
from callcenter.web.language import language_of
from callcenter.web.render import render

routes = web.RouteTableDef()
COMPANY = r"/personal-data/{company:\d{1,9}}"


@routes.get("/personal-data")
@needs(Permission.SEE_LEDGER)
async def overview(request: web.Request) -> web.Response:
    """Every company with its terms and its last report."""
    async with scoped(request.app[POOL], request[PERSON]) as connection:
        return render(request, "retention/personal_data.html", **names(request), companies=await companies(connection))


@routes.get(COMPANY)
@needs(Permission.SEE_LEDGER)
async def show(request: web.Request) -> web.Response:
    """A company's terms, what they would remove now, and its reports."""
    async with scoped(request.app[POOL], request[PERSON]) as connection:
        of = await _need_company(connection, request)
        return await _page(request, connection, of)


@routes.post(COMPANY)
@needs(Permission.MANAGE_KEEPING)
async def change(request: web.Request) -> web.Response:
    """Set the terms; where one becomes shorter, only after what that removes was shown and confirmed."""
    typed = await form_texts(request)
    async with scoped(request.app[POOL], request[PERSON]) as connection:
        of = await _need_company(connection, request)
        wanted, wrong = _read(of, typed)
        if wrong:
            return await _page(request, connection, of, typed, wrong, status=422)
        if "confirmed" not in typed:
            shortened = await preview(connection, of, wanted, datetime.now(UTC))
            if shortened:
                return _confirmation(request, of, wanted, shortened)
        await set_terms(connection, request[PERSON], of, wanted, request.remote or "")
    raise web.HTTPSeeOther(f"/personal-data/{of.id}")


async def _need_company(connection: Connection, request: web.Request) -> CompanyKeeping:
    found = await companies(connection, int(request.match_info["company"]))
    if not found:
        raise web.HTTPNotFound
    return found[0]


def _read(of: CompanyKeeping, typed: Mapping[str, str]) -> tuple[dict[PersonalDataKind, int], set[str]]:
    """The terms of a form, and the fields that are no number of months."""
    wanted, wrong = dict[PersonalDataKind, int](), set[str]()
    for kind in of.kinds:
        text = typed.get(kind, "").strip()
        if text and not (text.isascii() and text.isdigit() and len(text) <= 4 and int(text) in MONTHS):
            wrong.add(kind)
        elif text:
            wanted[kind] = int(text)
    return wanted, wrong


def names(request: web.Request) -> dict[str, Any]:
    """What kinds and reasons are called."""
    language = language_of(request)
    return {"kinds": personal_data_kinds(language), "reasons": kept_reasons(language), "goes": what_goes(language)}


async def _page(
    request: web.Request,
    connection: Connection,
    of: CompanyKeeping,
    typed: Mapping[str, str] | None = None,
    wrong: set[str] | None = None,
    status: int = 200,
) -> web.Response:
    now = datetime.now(UTC)
    # Nothing is set yet: what is usual is offered, and counts only when it was saved.
    offered = of.terms or USUAL_MONTHS
    return render(
        request,
        "retention/personal_data_company.html",
        status,
        **names(request),
        of=of,
        typed=typed or {kind: str(offered.get(kind, "")) for kind in of.kinds},
        wrong=wrong or set(),
        due={kind: await count_due(connection, of, kind, of.terms[kind], now) for kind in of.kinds if kind in of.terms},
        reports=await reports(connection, of.id),
        requests=await requests(connection, of.id),
    )


def _confirmation(
    request: web.Request,
    of: CompanyKeeping,
    wanted: Mapping[PersonalDataKind, int],
    due: Mapping[PersonalDataKind, Due],
) -> web.Response:
    return render(request, "retention/personal_data_confirm.html", **names(request), of=of, wanted=wanted, due=due)
