"""Outages on pages: the list, a new one in a few clicks, and everything about one."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.domain.outage import OVER, OutageState, OutageStep, OutageStepRefused, steps_from
from callcenter.outages.announcing.recordings import OUTAGE_RECORDINGS
from callcenter.outages.announcing.sound_file import BadSound
from callcenter.outages.announcing.sound_form import form_with_sound, sound_in
from callcenter.outages.announcing.wording import announcement, is_told
from callcenter.outages.choices import OUTAGE_CHOICES
from callcenter.outages.flats import OUTAGE_FLATS
from callcenter.outages.form import OutageForm, read_edit, read_new
from callcenter.outages.joining import JOINING
from callcenter.outages.outage import BadOutage, Outage, OutageEvent
from callcenter.outages.service import OUTAGES
from callcenter.outages.spoken import SPOKEN
from callcenter.outages.texts import evidence_text, fields, outage_event_kinds, outage_states, outage_steps, problems
from callcenter.tickets.choices import TICKET_CHOICES
from callcenter.tickets.form import local
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.formats import Translator
from callcenter.web.forms import LARGEST_FORM, chosen_id
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render
from callcenter.web.shield import allow_microphone

log = structlog.get_logger()
routes = web.RouteTableDef()
ONE = r"/outages/{id:\d{1,9}}"
HEARD = {"since", "until", *SPOKEN}
"""The fields that callers hear."""


@routes.get("/outages")
@needs(Permission.SEE_OUTAGES)
async def show_all(request: web.Request) -> web.Response:
    """Those that are not over, and below them what was over lately."""
    found = await request.app[OUTAGES].all(request[PERSON], only_open=False)
    going_on = [outage for outage in found if outage.state not in OVER]
    figures = await request.app[OUTAGES].figures(request[PERSON], [outage.id for outage in going_on])
    shown = [(outage, figures[outage.id]) for outage in going_on]
    past = [outage for outage in found if outage.state in OVER][:50]
    return _render(request, "outages/outages.html", shown=shown, past=past)


@routes.get("/outages/new", allow_head=False)
@needs(Permission.MANAGE_OUTAGES)
async def show_new(request: web.Request) -> web.Response:
    """The form, with what the link gives filled in: `company`, `house`, `kind`."""
    given = OutageForm(dict(request.query), [request.query["house"]] if "house" in request.query else [])
    return await _new_page(request, given)


@routes.post("/outages/new")
@needs(Permission.MANAGE_OUTAGES)
async def open_new(request: web.Request) -> web.Response:
    """Open the outage and show it, or show what is wrong."""
    person = request[PERSON]
    async with form_with_sound(request) as sent:
        companies = await request.app[TICKET_CHOICES].companies(person)
        chosen = chosen_id(str(sent.get("company", "")))
        company = next((one for one in companies if one.id == chosen), None)
        if company is None:
            form = OutageForm({name: value for name, value in sent.items() if isinstance(value, str)})
            form.problems["company"] = "missing"
            return await _new_page(request, form, 422)
        new, form = read_new(sent, company.id, company.zone)
        if new is not None:
            try:
                outage = await request.app[OUTAGE_RECORDINGS].open(person, new, await sound_in(request, sent))
            except BadSound as bad:
                form.problems["recording"] = bad.code
            except BadOutage as bad:
                form.problems[{"places": "house", "company_id": "company"}.get(bad.field, bad.field)] = bad.code
            else:
                log.info("outage opened", outage=outage.id, operator=person.id)
                raise web.HTTPSeeOther(f"/outages/{outage.id}")
    return await _new_page(request, form, 422)


@routes.get(ONE)
@needs(Permission.SEE_OUTAGES)
async def show(request: web.Request) -> web.Response:
    """Everything about one."""
    return await page(request)


@routes.post(ONE + "/step")
@needs(Permission.MANAGE_OUTAGES)
async def step(request: web.Request) -> web.Response:
    """Take a step."""
    person, sent = request[PERSON], await form_of(request)
    outage_id = int(request.match_info["id"])
    wanted = str(sent.get("step", ""))
    if wanted not in tuple(OutageStep):
        raise web.HTTPBadRequest
    comment = str(sent.get("comment", ""))[:1_000].strip()
    try:
        await request.app[OUTAGES].step(person, outage_id, OutageStep(wanted), comment=comment)
    except OutageStepRefused as refused:
        return await page(request, wrong={"comment": refused.code}, status=409)
    log.info("outage moved", outage=outage_id, step=wanted, operator=person.id)
    raise web.HTTPSeeOther(f"/outages/{outage_id}")


@routes.post(ONE + "/confirm")
@needs(Permission.MANAGE_OUTAGES)
async def confirm(request: web.Request) -> web.Response:
    """Say what is off, of one that is suspected."""
    person, outage_id = request[PERSON], int(request.match_info["id"])
    kind = str((await form_of(request)).get("kind", ""))
    await request.app[OUTAGES].confirm(person, outage_id, kind)
    log.info("outage confirmed", outage=outage_id, operator=person.id)
    return _done(request, outage_id)


@routes.post(ONE + "/dismiss")
@needs(Permission.MANAGE_OUTAGES)
async def dismiss(request: web.Request) -> web.Response:
    """Say of one that is suspected that there is none."""
    person, outage_id = request[PERSON], int(request.match_info["id"])
    before = await request.app[OUTAGES].get(person, outage_id)
    if before.state is not OutageState.SUSPECTED:
        raise OutageStepRefused("state")
    await request.app[OUTAGES].step(person, outage_id, OutageStep.CANCEL, version=before.version)
    log.info("outage dismissed", outage=outage_id, operator=person.id)
    return _done(request, outage_id)


@routes.post(ONE + "/join")
@needs(Permission.MANAGE_OUTAGES)
async def join(request: web.Request) -> web.Response:
    """Take a call to be about this outage."""
    person, outage_id = request[PERSON], int(request.match_info["id"])
    call = str((await form_of(request)).get("call", ""))
    ticket = await request.app[JOINING].join(person, outage_id, call)
    log.info("call joined", outage=outage_id, call=call, ticket=ticket, operator=person.id)
    return _done(request, outage_id)


def _done(request: web.Request, outage_id: int) -> web.Response:
    """Scripts see the change by the socket."""
    if "text/html" in request.headers.get("Accept", ""):
        raise web.HTTPSeeOther(f"/outages/{outage_id}")
    return web.Response(status=204)


@routes.post(ONE + "/edit")
@needs(Permission.MANAGE_OUTAGES)
async def edit(request: web.Request) -> web.Response:
    """Change the fields."""
    person, outage_id = request[PERSON], int(request.match_info["id"])
    before = await request.app[OUTAGES].get(person, outage_id)
    change, form = read_edit(await form_of(request.clone(client_max_size=LARGEST_FORM)), before.zone)
    if change is not None:
        try:
            await request.app[OUTAGES].edit(person, outage_id, change, version=chosen_id(form.typed.get("version", "")))
        except BadOutage as bad:
            form.problems[bad.field or "cause"] = "state" if bad.code == "over" else bad.code
        else:
            raise web.HTTPSeeOther(f"/outages/{outage_id}")
    return await page(request, form=form, wrong=form.problems, status=422)


async def page(
    request: web.Request, *, form: OutageForm | None = None, wrong: dict[str, str] | None = None, status: int = 200
) -> web.Response:
    """The page of the outage in the address, with what was wrong with a form on it, by field."""
    person, outage_id = request[PERSON], int(request.match_info["id"])
    service = request.app[OUTAGES]
    outage = await service.get(person, outage_id)
    typed = {
        "cause": outage.cause,
        "workers": outage.workers,
        "message": outage.message,
        "operator_note": outage.operator_note,
        "since": local(outage.since, outage.zone),
        "until": local(outage.until, outage.zone),
    }
    history = await service.history(person, outage_id)
    speech = announcement(replace(outage, recording=None), outage.places[:1], datetime.now(UTC))
    possible = [step for step in steps_from(outage.state) if step is not OutageStep.CONFIRM or outage.kind is not None]
    response = _render(
        request,
        "outages/outage.html",
        status,
        outage=outage,
        told=is_told(outage),
        words=" ".join(speech.sentences),
        evidence=evidence_text(language_of(request), outage),
        figures=(await service.figures(person, [outage.id]))[outage.id],
        history=history,
        changed_since=_changed_since(request, outage, history),
        unsettled=await request.app[OUTAGE_FLATS].unsettled(person, outage_id),
        possible=possible,
        kinds=await _kinds_to_choose(request, outage),
        form=form or OutageForm(typed),
        wrong=wrong or {},
    )
    allow_microphone(response)
    return response


async def _kinds_to_choose(request: web.Request, outage: Outage) -> list[tuple[str, str]]:
    suspected = outage.state is OutageState.SUSPECTED and outage.kind is None
    return await request.app[OUTAGE_CHOICES].kinds(language_of(request)) if suspected else []


async def _new_page(request: web.Request, form: OutageForm, status: int = 200) -> web.Response:
    person, choices = request[PERSON], request.app[OUTAGE_CHOICES]
    companies = await request.app[TICKET_CHOICES].companies(person)
    wanted = chosen_id(form.typed.get("company", ""))
    company = next((one for one in companies if one.id == wanted), companies[0] if len(companies) == 1 else None)
    if company is not None:
        form.typed.setdefault("since", local(datetime.now(UTC), company.zone))
    response = _render(
        request,
        "outages/outage_new.html",
        status,
        companies=companies,
        company=company,
        houses=[] if company is None else await choices.houses(person, company.id),
        kinds=await choices.kinds(language_of(request)),
        form=form,
        wrong=form.problems,
    )
    allow_microphone(response)
    return response


def _render(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    language = language_of(request)
    translator = Translator(language)
    return render(
        request,
        template,
        status,
        states=outage_states(language),
        steps=outage_steps(language),
        event_kinds=outage_event_kinds(language),
        fields=fields(translator),
        problem_texts=problems(translator),
        **values,
    )


def _changed_since(request: web.Request, outage: Outage, history: list[OutageEvent]) -> list[str]:
    """The names of the fields that callers hear, if they are changed after the recording was made."""
    recorded_at = outage.recorded_at
    if recorded_at is None:
        return []
    changed = {name for event in history if event.at > recorded_at for name in event.changes}
    names = fields(Translator(language_of(request)))
    return [text for name, text in names.items() if name in changed & HEARD]
