"""A resident's request: all that is held about them as a file, and its removal."""

import io
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from callcenter.common.object_store import OBJECT_STORE
from callcenter.common.scope import Connection, scoped
from callcenter.common.sheets import MEDIA, Csv
from callcenter.domain.access import Permission
from callcenter.errors import StoreError
from callcenter.retention.personal_data_pages import names
from callcenter.retention.resident_requests import ResidentData, everything, find, remove
from callcenter.retention.texts import held_head, held_kinds, held_title
from callcenter.web.attachment import attachment
from callcenter.web.auth import needs
from callcenter.web.forms import form_texts
from callcenter.web.keys import PERSON, POOL
from callcenter.web.language import language_of
from callcenter.web.render import render

routes = web.RouteTableDef()
RESIDENT = r"/personal-data/residents/{id:\d{1,9}}"


@routes.get(RESIDENT)
@needs(Permission.MANAGE_KEEPING)
async def show(request: web.Request) -> web.Response:
    """What there is, and what can be done."""
    async with scoped(request.app[POOL], request[PERSON]) as connection:
        return _page(request, await _need_resident(connection, request))


@routes.get(RESIDENT + "/all.csv", allow_head=False)
@needs(Permission.MANAGE_KEEPING)
async def download(request: web.Request) -> web.Response:
    """All that is held, as a file for the resident."""
    language = language_of(request)
    async with scoped(request.app[POOL], request[PERSON]) as connection:
        of = await _need_resident(connection, request)
        rows = await everything(connection, request[PERSON], of, request.remote or "")
    kinds, file = held_kinds(language), io.BytesIO()
    sheet = Csv(file, language, held_head(language))
    sheet.add([[kinds[row.kind], _local(row.at, of.zone), row.number, row.said] for row in rows])
    sheet.finish()
    headers = attachment(f"{held_title(language)} {of.id}.csv") | {"Cache-Control": "private, no-store"}
    return web.Response(body=file.getvalue(), content_type=MEDIA["csv"], charset="utf-8", headers=headers)


@routes.post(RESIDENT)
@needs(Permission.MANAGE_KEEPING)
async def erase(request: web.Request) -> web.Response:
    """Remove it, if that was confirmed, and show the report."""
    confirmed = "confirmed" in await form_texts(request)
    try:
        async with scoped(request.app[POOL], request[PERSON]) as connection:
            of = await _need_resident(connection, request)
            if not confirmed:
                return _page(request, of, "confirm", 422)
            await remove(connection, request.app[OBJECT_STORE], request[PERSON], of, request.remote or "")
    except StoreError:
        return _page(request, of, "store", 503)
    raise web.HTTPSeeOther(f"/personal-data/{of.company_id or 0}#requests")


async def _need_resident(connection: Connection, request: web.Request) -> ResidentData:
    found = await find(connection, int(request.match_info["id"]))
    if found is None:
        raise web.HTTPNotFound
    return found


def _page(request: web.Request, of: ResidentData, problem: str = "", status: int = 200) -> web.Response:
    return render(request, "retention/resident_request.html", status, **names(request), of=of, problem=problem)


def _local(at: datetime | None, zone: str) -> datetime | None:
    return None if at is None else at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)
