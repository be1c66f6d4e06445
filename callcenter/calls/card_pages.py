"""The rest of an operator's card, fetched once it is on the screen, and what the operator does on it (docs/protocol.md)."""

import json
from typing import Any

import asyncpg
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from callcenter.calls.callers import SQL, Caller, Callers, Note, need_call
from callcenter.common.scope import Connection, snapshot
from callcenter.domain.access import Permission
from callcenter.domain.person import Person
from callcenter.domain.ticket import NoTicketReason
from callcenter.storage import queries
from callcenter.tickets.call_tickets import CallTickets
from callcenter.tickets.filing_pages import sent
from callcenter.tickets.service import TICKETS
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON, POOL
from callcenter.web.language import language_of

routes = web.RouteTableDef()
CALL = r"/workplace/calls/{call:[\w.-]{1,100}}"
OF_CALL = queries("call_tickets")
WHO = (
    "resident_id",
    "resident",
    "premises_id",
    "house_id",
    "address",
    "flat",
    "entrance",
    "note",
    "house_notes",
    "no_ticket",
    "settled",
)


@routes.get(CALL, allow_head=False)
@needs(Permission.TAKE_CALLS)
async def details(request: web.Request) -> web.Response:
    """Who calls, everybody on the number, what is open, the last calls, what is worth knowing."""
    return await _shown(request)


@routes.post(CALL + "/caller")
@needs(Permission.EDIT_TICKETS)
async def settle_caller(request: web.Request) -> web.Response:
    """Say who calls; the card as it is then."""
    caller = await sent(request, Caller)
    callers = Callers(request.app[POOL], request.app[TICKETS])
    await callers.settle(request[PERSON], request.match_info["call"], caller, request.remote or "")
    return await _shown(request)


@routes.post(CALL + "/note")
@needs(Permission.EDIT_TICKETS)
async def keep_note(request: web.Request) -> web.Response:
    """Keep what is worth knowing of the resident."""
    typed = await sent(request, Note)
    callers = Callers(request.app[POOL], request.app[TICKETS])
    await callers.note(request[PERSON], request.match_info["call"], typed.note, request.remote or "")
    return web.Response(status=204)


@routes.post(CALL + "/tickets")
@needs(Permission.EDIT_TICKETS)
async def another_ticket(request: web.Request) -> web.Response:
    """Open a second ticket of the call."""
    ticket = await _tickets(request).another(request[PERSON], request.match_info["call"])
    return web.json_response({"id": ticket.id, "number": ticket.number}, status=201)


class Joined(BaseModel):
    """The open ticket that the call is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ticket: int = Field(ge=1, le=2**63 - 1)


@routes.post(CALL + "/join")
@needs(Permission.EDIT_TICKETS)
async def join_ticket(request: web.Request) -> web.Response:
    """The call is about a ticket that is open already; the card as it is then."""
    joined = await sent(request, Joined)
    await _tickets(request).join(request[PERSON], request.match_info["call"], joined.ticket)
    return await _shown(request)


class Without(BaseModel):
    """Why the call needs no ticket; null: it needs one after all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: NoTicketReason | None


@routes.post(CALL + "/without-ticket")
@needs(Permission.EDIT_TICKETS)
async def without_ticket(request: web.Request) -> web.Response:
    """The call needs no ticket; the card as it is then."""
    without = await sent(request, Without)
    await _tickets(request).without(request[PERSON], request.match_info["call"], without.reason)
    return await _shown(request)


async def _shown(request: web.Request) -> web.Response:
    person, call = request[PERSON], request.match_info["call"]
    async with snapshot(request.app[POOL], person) as connection:
        found = await _details(connection, person, call, language_of(request))
    return web.json_response(found, dumps=_dumps)


def _tickets(request: web.Request) -> CallTickets:
    return CallTickets(request.app[POOL], request.app[TICKETS])


async def _details(connection: Connection, person: Person, call: str, language: str) -> dict[str, Any]:
    row = await need_call(connection, call)
    company, caller = row["company_id"], row["caller"]
    hears = person.may(Permission.LISTEN)
    places = row["premises_id"], row["house_id"]
    return {
        **{name: row[name] for name in WHO},
        "candidates": [dict(each) for each in await connection.fetch(SQL["candidates"], caller, company)],
        "tickets": [dict(each) for each in await connection.fetch(OF_CALL["all"], call)],
        "open_tickets": [
            _open_ticket(each, language)
            for each in await connection.fetch(SQL["open_tickets"], company, *places, caller, call)
        ],
        "past_calls": [
            {**each, "recordings": each["recordings"] if hears else []}
            for each in await connection.fetch(SQL["calls"], caller, row["resident_id"], call)
        ],
    }


def _open_ticket(row: asyncpg.Record, language: str) -> dict[str, Any]:
    names = {"ru": row["name_ru"], "en": row["name_en"]}
    kept = {
        name: row[name] for name in ("id", "number", "subject", "category_id", "opened_at", "state", "flat", "place")
    }
    return kept | {"category": names[language] or ""}


def _dumps(found: object) -> str:
    return json.dumps(found, ensure_ascii=False, default=lambda moment: moment.isoformat())
