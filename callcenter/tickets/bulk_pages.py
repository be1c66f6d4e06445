"""The journal: one action on the chosen tickets, or on all that the filter finds."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from callcenter.common.house_search import NoSuchHouse
from callcenter.domain.access import Permission
from callcenter.tickets.bulk import MOST, Bulk, BulkAction, BulkOrder
from callcenter.tickets.bulk_texts import bulk_actions, why_not
from callcenter.tickets.journal import JOURNAL
from callcenter.tickets.journal_query import JournalFilterForm, JournalQuery
from callcenter.tickets.service import TICKETS
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.forms import chosen_id
from callcenter.web.keys import PERSON, POOL
from callcenter.web.language import language_of
from callcenter.web.render import ZONE, render

routes = web.RouteTableDef()


@routes.post("/tickets/bulk")
@needs(Permission.EDIT_TICKETS)
async def bulk(request: web.Request) -> web.Response:
    """Do it, and say with how many it was done and why with the others it was not."""
    person, sent, language = request[PERSON], await form_of(request), language_of(request)
    typed = {name: str(value) for name, value in sent.items()}
    if typed.get("action") not in list(BulkAction):
        raise web.HTTPBadRequest
    order = BulkOrder(
        action=BulkAction(typed["action"]),
        crew_id=chosen_id(typed.get("crew_id", "")),
        incident=chosen_id(typed.get("incident", "").strip().lstrip("№# ")),
        comment=typed.get("comment", ""),
        below="below" in typed,
    )
    query = typed.get("query", "")
    form = JournalFilterForm.read(JournalQuery, dict(parse_qsl(query)))
    if "every" in typed:
        wanted = await _found(request, form)
    else:
        wanted = [found for text in sent.getall("ticket", []) if (found := chosen_id(str(text)))]
    problem = _wrong_with(order, typed, len(set(wanted)))
    done = None if problem else await Bulk(request.app[POOL], request.app[TICKETS]).carry_out(person, wanted, order)
    return render(
        request,
        "tickets/bulk.html",
        422 if problem else 200,
        problem=problem,
        most=MOST,
        action=bulk_actions(language)[order.action],
        done=done,
        why=why_not(language),
        back=f"/tickets?{form.address()}" if form.address() else "/tickets",
    )


def _wrong_with(order: BulkOrder, typed: Mapping[str, str], count: int) -> str:
    needed = {BulkAction.ASSIGN: "crew_id", BulkAction.JOIN: "incident"}.get(order.action, "comment")
    if not typed.get(needed, "").strip():
        return needed
    if "\0" in order.comment or len(order.comment) > 10_000:
        return "comment"
    return "none" if not count else "many" if count > MOST else ""


async def _found(request: web.Request, form: JournalFilterForm) -> list[int]:
    """What the filter finds, one more than may be at most."""
    person = request[PERSON]
    choices = await request.app[JOURNAL].choices(person, form.asked.company)
    chosen = person.company_id or form.asked.company
    zone = next((company["zone"] for company in choices["companies"] if company["id"] == chosen), ZONE)
    try:
        page = await request.app[JOURNAL].page(person, form.criteria(zone), size=MOST + 1)
    except NoSuchHouse:
        return []
    return [row["id"] for row in page.rows]
