"""Addresses and people as an operator types, for a caller whom the directory does not know."""

from aiohttp import web

from callcenter.directory.book import DIRECTORY_BOOK
from callcenter.domain.access import Permission
from callcenter.web.auth import needs
from callcenter.web.forms import chosen_id
from callcenter.web.keys import PERSON

routes = web.RouteTableDef()
SHOWN = 8


@routes.get("/directory/lookup", allow_head=False)
@needs(Permission.SEE_DIRECTORY)
async def lookup(request: web.Request) -> web.Response:
    """Houses, flats and residents of a company."""
    query = request.query.get("q", "").strip()[:200]
    company = chosen_id(request.query.get("company", ""))
    if len(query) < 2 or company is None:
        return web.json_response({"houses": [], "people": [], "more": False})
    found = await request.app[DIRECTORY_BOOK].search(request[PERSON], query, company)
    return web.json_response(
        {
            "houses": [
                {"house_id": row["id"], "address": f"{row['city']}, {row['street']}, {row['building']}"}
                for row in found.houses[:SHOWN]
            ],
            "people": [
                {name: row[name] for name in ("resident_id", "name", "premises_id", "flat", "house_id", "address")}
                for row in found.people[:SHOWN]
            ],
            "more": found.more or max(len(found.people), len(found.houses)) > SHOWN,
        }
    )
