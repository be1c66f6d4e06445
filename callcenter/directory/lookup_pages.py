"""Addresses and people as an operator types, for a caller whom the directory does not know."""

import asyncpg
from aiohttp import web

from callcenter.directory.book import DIRECTORY_BOOK, address_words
from callcenter.domain.access import Permission
from callcenter.web.auth import needs
from callcenter.web.forms import chosen_id
from callcenter.web.keys import PERSON

routes = web.RouteTableDef()
SHOWN = 8


@routes.get("/directory/lookup", allow_head=False)
@needs(Permission.SEE_DIRECTORY)
async def lookup(request: web.Request) -> web.Response:
    """Houses, flats and residents of a company, those first whose house and flat are in the order typed."""
    query = request.query.get("q", "").strip()[:200]
    company = chosen_id(request.query.get("company", ""))
    if len(query) < 2 or company is None:
        return web.json_response({"houses": [], "people": [], "more": False})
    found = await request.app[DIRECTORY_BOOK].search(request[PERSON], query, company)
    people = sorted(found.people, key=lambda row: not _in_order(row, address_words(query)))
    return web.json_response(
        {
            "houses": [
                {"house_id": row["id"], "address": f"{row['city']}, {row['street']}, {row['building']}"}
                for row in found.houses[:SHOWN]
            ],
            "people": [
                {name: row[name] for name in ("resident_id", "name", "premises_id", "flat", "house_id", "address")}
                for row in people[:SHOWN]
            ],
            "more": found.more or max(len(people), len(found.houses)) > SHOWN,
        }
    )


def _in_order(row: asyncpg.Record, words: list[str]) -> bool:
    building, flat = row["address"].rpartition(", ")[2].lower(), row["flat"].lower()
    return building in words and flat in words[words.index(building) + 1 :]
