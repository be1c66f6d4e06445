"""What callers hear, in the browser: as it is, as it would be, and recorded by somebody instead."""

import base64

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.errors import NotFound, SpeechError
from callcenter.outages.announcing.preview import PREVIEWS, Preview
from callcenter.outages.announcing.recordings import OUTAGE_RECORDINGS
from callcenter.outages.announcing.sound_file import BadSound
from callcenter.outages.announcing.sound_form import form_with_sound, sound_in
from callcenter.outages.announcing.wording import is_told
from callcenter.outages.form import read_edit, read_new
from callcenter.outages.outage import BadOutage
from callcenter.outages.pages import ONE, page
from callcenter.outages.service import OUTAGES
from callcenter.outages.texts import problems
from callcenter.tickets.choices import TICKET_CHOICES
from callcenter.web.auth import needs
from callcenter.web.formats import Translator
from callcenter.web.forms import chosen_id
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of

log = structlog.get_logger()
routes = web.RouteTableDef()


@routes.post("/outages/preview")
@needs(Permission.MANAGE_OUTAGES)
async def preview_new(request: web.Request) -> web.Response:
    """What callers would hear of the outage in the form of a new one."""
    async with form_with_sound(request) as sent:
        companies = await request.app[TICKET_CHOICES].companies(request[PERSON])
        chosen = chosen_id(str(sent.get("company", "")))
        company = next((one for one in companies if one.id == chosen), None)
        if company is None:
            return _refused(request, "missing")
        new, form = read_new(sent, company.id, company.zone)
        if new is None:
            return _refused(request, next(iter(form.problems.values())))
        try:
            found = await request.app[PREVIEWS].of_new(request[PERSON], new)
            return await _answer(request, found, await sound_in(request, sent))
        except (BadOutage, BadSound) as bad:
            return _refused(request, bad.code)


@routes.post(ONE + "/preview")
@needs(Permission.MANAGE_OUTAGES)
async def preview(request: web.Request) -> web.Response:
    """What callers would hear of this outage, changed as in the form."""
    outage = await request.app[OUTAGES].get(request[PERSON], int(request.match_info["id"]))
    async with form_with_sound(request) as sent:
        edit, form = read_edit(sent, outage.zone)
        if edit is None or not is_told(outage):
            return _refused(request, next(iter(form.problems.values()), "state"))
        try:
            return await _answer(request, await request.app[PREVIEWS].of(outage, edit), await sound_in(request, sent))
        except (BadOutage, BadSound) as bad:
            return _refused(request, bad.code)


@routes.get(ONE + "/heard.wav", allow_head=False)
@needs(Permission.SEE_OUTAGES)
async def hear(request: web.Request) -> web.Response:
    """What callers hear of this outage now."""
    outage = await request.app[OUTAGES].get(request[PERSON], int(request.match_info["id"]))
    if not is_told(outage):
        raise NotFound
    previews = request.app[PREVIEWS]
    try:
        return web.Response(body=await previews.sound(await previews.of(outage)), content_type="audio/wav")
    except SpeechError as problem:
        log.warning("preview not spoken", outage=outage.id, reason=type(problem).__name__)
        raise web.HTTPServiceUnavailable from None


@routes.post(ONE + "/recording")
@needs(Permission.MANAGE_OUTAGES)
async def record(request: web.Request) -> web.Response:
    """Let callers hear the sound in the form instead of the text."""
    person, outage_id = request[PERSON], int(request.match_info["id"])
    await request.app[OUTAGES].get(person, outage_id)
    try:
        async with form_with_sound(request) as sent:
            alaw = await sound_in(request, sent)
    except BadSound as bad:
        return await page(request, wrong={"recording": bad.code}, status=bad.status)
    if alaw is None:
        return await page(request, wrong={"recording": "no file"}, status=422)
    await request.app[OUTAGE_RECORDINGS].keep(person, outage_id, alaw)
    log.info("outage recorded", outage=outage_id, operator=person.id)
    raise web.HTTPSeeOther(f"/outages/{outage_id}#heard")


@routes.post(ONE + "/recording/remove")
@needs(Permission.MANAGE_OUTAGES)
async def remove(request: web.Request) -> web.Response:
    """Let callers hear the text again."""
    person, outage_id = request[PERSON], int(request.match_info["id"])
    await request.app[OUTAGE_RECORDINGS].remove(person, outage_id)
    log.info("outage recording removed", outage=outage_id, operator=person.id)
    raise web.HTTPSeeOther(f"/outages/{outage_id}#heard")


async def _answer(request: web.Request, found: Preview, recorded: bytes | None) -> web.Response:
    """The words, and the sound as a data URL; without a sound when the voice fails."""
    words = "" if recorded else " ".join(found.speech.sentences)
    try:
        wav = await request.app[PREVIEWS].sound(found, recorded)
    except SpeechError as problem:
        log.warning("preview not spoken", reason=type(problem).__name__)
        return web.json_response({"words": words, "problem": problems(Translator(language_of(request)))["voice"]})
    return web.json_response({"words": words, "sound": f"data:audio/wav;base64,{base64.b64encode(wav).decode()}"})


def _refused(request: web.Request, code: str) -> web.Response:
    return web.json_response({"problem": problems(Translator(language_of(request)))[code]}, status=422)
