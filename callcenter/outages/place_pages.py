"""The page on which an outage grows by houses, or loses some."""

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.domain.outage import OVER
from callcenter.outages.choices import OUTAGE_CHOICES
from callcenter.outages.form import OutageForm, read_places
from callcenter.outages.outage import BadOutage, PlaceEdit
from callcenter.outages.pages import ONE
from callcenter.outages.service import OUTAGES
from callcenter.outages.texts import fields, problems
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.formats import Translator
from callcenter.web.forms import LARGEST_FORM, chosen_id
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()


@routes.get(ONE + "/places")
@needs(Permission.MANAGE_OUTAGES)
async def show(request: web.Request) -> web.Response:
    """The houses that it is in, and a form for more."""
    return await _page(request, OutageForm())


@routes.post(ONE + "/places")
@needs(Permission.MANAGE_OUTAGES)
async def add(request: web.Request) -> web.Response:
    """Add houses. Of a house that it is in already the part is replaced."""
    added, form = read_places(await form_of(request.clone(client_max_size=LARGEST_FORM)))
    if added:
        await _put(request, form, {each.house_id: each for each in added})
    return await _page(request, form, 422)


@routes.post(ONE + "/places/remove")
@needs(Permission.MANAGE_OUTAGES)
async def remove(request: web.Request) -> web.Response:
    """Take one house out."""
    sent = await form_of(request)
    form = OutageForm({"version": str(sent.get("version", ""))})
    if (house := chosen_id(str(sent.get("house", "")))) is not None:
        await _put(request, form, {house: None})
    return await _page(request, form, 422)


async def _put(request: web.Request, form: OutageForm, changed: dict[int, PlaceEdit | None]) -> None:
    """Change these houses, None: take it out. Goes on to the outage, or says in the form what is wrong."""
    person, outage_id, service = request[PERSON], int(request.match_info["id"]), request.app[OUTAGES]
    before = await service.get(person, outage_id)
    places = {place.house_id: place.edit for place in before.places} | changed
    wanted = tuple(place for place in places.values() if place is not None)
    try:
        await service.put_places(person, outage_id, wanted, version=chosen_id(form.typed.get("version", "")))
    except BadOutage as bad:
        form.problems["house"] = "state" if bad.code == "over" else bad.code
        return
    log.info("outage in other houses", outage=outage_id, houses=len(wanted), operator=person.id)
    raise web.HTTPSeeOther(f"/outages/{outage_id}")


async def _page(request: web.Request, form: OutageForm, status: int = 200) -> web.Response:
    person = request[PERSON]
    outage = await request.app[OUTAGES].get(person, int(request.match_info["id"]))
    if outage.state in OVER and status == 200:
        raise web.HTTPSeeOther(f"/outages/{outage.id}")
    translator = Translator(language_of(request))
    return render(
        request,
        "outages/places.html",
        status,
        outage=outage,
        houses=await request.app[OUTAGE_CHOICES].houses(person, outage.company_id),
        form=form,
        wrong=form.problems,
        fields=fields(translator),
        problem_texts=problems(translator),
    )
