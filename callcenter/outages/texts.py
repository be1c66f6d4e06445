"""What the pages of outages say: states, steps, kinds of events, and what is wrong with a form."""

from collections.abc import Mapping

from babel.numbers import format_decimal

from callcenter.common.delivery import DeliveryProblem
from callcenter.common.sheet_problems import SheetProblem, SheetRefused
from callcenter.domain.outage import OutageEventKind, OutageState, OutageStep
from callcenter.outages.notice import Notice, NoticeEvent, NoticeWay, RecipientParty
from callcenter.outages.outage import Outage
from callcenter.outages.public import PublicState
from callcenter.web.formats import Translator
from callcenter.web.labels import delivery_problems, labels
from callcenter.web.render import environment
from callcenter.web.sheets import cell_problems, refusal


@labels(OutageState)
def outage_states(t: Translator) -> dict[OutageState, str]:
    """The states of an outage."""
    return {
        OutageState.SUSPECTED: t.pgettext("outage", "Suspected"),
        OutageState.CONFIRMED: t.pgettext("outage", "Confirmed"),
        OutageState.REPAIRING: t.pgettext("outage", "Being repaired"),
        OutageState.RESTORED: t.pgettext("outage", "Restored"),
        OutageState.CHECKED: t.pgettext("outage", "Checked"),
        OutageState.CLOSED: t.pgettext("outage", "Closed"),
        OutageState.CANCELLED: t.pgettext("outage", "There was none"),
    }


@labels(OutageStep)
def outage_steps(t: Translator) -> dict[OutageStep, str]:
    """The buttons by which an outage is moved."""
    return {
        OutageStep.CONFIRM: t.pgettext("outage", "Confirm"),
        OutageStep.REPAIR: t.pgettext("outage", "People are at work"),
        OutageStep.RESTORE: t.pgettext("outage", "It is back"),
        OutageStep.FAIL_AGAIN: t.pgettext("outage", "Off again"),
        OutageStep.CHECK: t.pgettext("outage", "Checked at the residents'"),
        OutageStep.CLOSE: t.pgettext("outage", "Close with all tickets"),
        OutageStep.CANCEL: t.pgettext("outage", "There was no outage"),
    }


@labels(OutageEventKind)
def outage_event_kinds(t: Translator) -> dict[OutageEventKind, str]:
    """What an entry of the history says."""
    return {
        OutageEventKind.OPENED: t.pgettext("outage", "Opened"),
        OutageEventKind.MOVED: t.pgettext("outage", "Moved"),
        OutageEventKind.EDITED: t.pgettext("outage", "Changed"),
        OutageEventKind.PLACES: t.pgettext("outage", "Other houses"),
        OutageEventKind.RECORDED: t.pgettext("outage", "Recorded for callers"),
        OutageEventKind.RECORDING_REMOVED: t.pgettext("outage", "Recording removed"),
    }


@labels(PublicState)
def public_states(t: Translator) -> dict[PublicState, str]:
    """An outage's state as the public reads it."""
    return {
        PublicState.PLANNED: t.pgettext("public outage", "Planned"),
        PublicState.OFF: t.pgettext("public outage", "Off now"),
        PublicState.RESTORED: t.pgettext("public outage", "Back, being checked"),
        PublicState.OVER: t.pgettext("public outage", "Over"),
        PublicState.NONE: t.pgettext("public outage", "There was none"),
    }


@labels(RecipientParty)
def parties(t: Translator) -> dict[RecipientParty, str]:
    """Whom a recipient belongs to."""
    return {
        RecipientParty.COMPANY: t.pgettext("recipient", "The company"),
        RecipientParty.MUNICIPALITY: t.pgettext("recipient", "The municipality"),
        RecipientParty.SUPPLIER: t.pgettext("recipient", "The supplier"),
    }


@labels(NoticeWay)
def notice_ways(t: Translator) -> dict[NoticeWay, str]:
    """How a recipient is reached."""
    return {
        NoticeWay.EMAIL: t.pgettext("recipient", "E-mail"),
        NoticeWay.WEBHOOK: t.pgettext("recipient", "Webhook"),
        NoticeWay.MAX: t.pgettext("recipient", "Chat in MAX"),
    }


@labels(NoticeEvent)
def notice_events(t: Translator) -> dict[NoticeEvent, str]:
    """What a message is about."""
    return {
        NoticeEvent.OPENED: t.pgettext("outage notice", "Outage"),
        NoticeEvent.CHANGED: t.pgettext("outage notice", "Outage, changed"),
        NoticeEvent.ENDED: t.pgettext("outage notice", "Outage, over"),
    }


def notice_problems(language: str) -> Mapping[str, str]:
    """Why a message was not delivered."""
    t = Translator(language)
    return {
        **{str(problem): text for problem, text in delivery_problems(language).items()},
        DeliveryProblem.NO_WAY: t.pgettext("outage notice", "The recipient has no address."),
        DeliveryProblem.ANSWER: t.pgettext("outage notice", "The recipient's server answered with an error."),
        DeliveryProblem.REDIRECT: t.pgettext(
            "outage notice", "The recipient's server answered with a redirect, which is not followed."
        ),
    }


def recipient_problems(t: Translator) -> Mapping[str, str]:
    """What is wrong with a recipient that was typed, by field."""
    choose = t.pgettext("recipient", "Choose from the list.")
    return {
        **dict.fromkeys(("party", "way", "language"), choose),
        "company": t.pgettext("recipient", "Choose a company."),
        "name": t.pgettext("recipient", "Write a name of at most 200 letters."),
        "address": t.pgettext(
            "recipient", "Write an e-mail address, an address that begins with https://, or the number of a chat."
        ),
    }


def works_problem(t: Translator, problem: SheetProblem) -> str:
    """A problem of a line of planned works, without its number."""
    texts = {
        **cell_problems(t),
        "missing": t.pgettext("planned works", "is missing"),
        "too long": t.pgettext("planned works", "longer than %(limit)s characters; shorten it"),
        "bad moment": t.pgettext(
            "planned works", "“%(value)s” is not a date with a time; write it like 05.03.2026 09:30"
        ),
        "before start": t.pgettext("planned works", "the end is not after the start"),
        "bad entrances": t.pgettext("planned works", "“%(value)s”: write numbers of entrances: 1, 2"),
        "bad flats": t.pgettext("planned works", "“%(value)s”: write flats as numbers and ranges: 1-40, 55"),
        "unknown company": t.pgettext("planned works", "there is no company “%(value)s”"),
        "unknown kind": t.pgettext("planned works", "nothing that can be off is called “%(value)s”"),
        "unknown house": t.pgettext("planned works", "there is no house “%(value)s” in the directory"),
        "several houses": t.pgettext("planned works", "several houses have the address “%(value)s”; add the city"),
        "house twice": t.pgettext("planned works", "the same house as in line %(value)s"),
        "too many houses": t.pgettext(
            "planned works", "the same works are in more than %(limit)s houses; give them two times"
        ),
        "works over": t.pgettext("planned works", "these works are over already"),
        "works known": t.pgettext("planned works", "these works have been opened already"),
    }
    return texts[problem.code] % problem.values


def works_refusal(t: Translator, refused: SheetRefused) -> str:
    """Why a file of planned works as a whole cannot be read."""
    texts = {
        "no works columns": t.pgettext("planned works", "There must be columns House, What is off, Since and Until."),
        "no headings": t.pgettext(
            "planned works", "Line %(row)s must hold the headings: House, What is off, Since, Until."
        ),
        "too many works": t.pgettext("planned works", "There are more than %(limit)s different works. Split the file."),
    }
    return texts[refused.code] % refused.values if refused.code in texts else refusal(t, refused)


def letter(notice: Notice) -> tuple[str, str]:
    """Subject and text of a message, in the recipient's language."""
    language = notice.language
    text = (
        environment(language)
        .get_template("outages/notice.txt")
        .render(notice=notice, outage=notice.outage, language=language, event=notice_events(language)[notice.event])
    )
    subject, _, body = text.partition("\n")
    return subject, body.lstrip("\n")


def fields(t: Translator) -> Mapping[str, str]:
    """The fields of an outage's form."""
    return {
        "company": t.pgettext("outage", "Company"),
        "kind": t.pgettext("outage", "What is off"),
        "house": t.pgettext("outage", "Houses"),
        "entrances": t.pgettext("outage", "Entrances"),
        "flats": t.pgettext("outage", "Flats"),
        "since": t.pgettext("outage", "Since"),
        "until": t.pgettext("outage", "Expected end"),
        "cause": t.pgettext("outage", "Cause"),
        "workers": t.pgettext("outage", "Who is at work"),
        "message": t.pgettext("outage", "Also tell callers"),
        "operator_note": t.pgettext("outage", "Note for operators"),
    }


def problems(t: Translator) -> Mapping[str, str]:
    """What is wrong with a field, by its code."""
    return {
        "missing": t.pgettext("outage", "Choose at least one."),
        "unknown": t.pgettext("outage", "This is not the company's."),
        "moment": t.pgettext("outage", "Write a date and a time."),
        "before start": t.pgettext("outage", "The end is before the start."),
        "entrances": t.pgettext("outage", "Write numbers of entrances: 1, 2."),
        "flats": t.gettext("Write flats as numbers and ranges: 1-40, 55, 57а."),
        "words": t.pgettext("outage", "Say why."),
        "state": t.pgettext("outage", "This cannot be done any more: somebody has moved the outage."),
        "no flat": t.pgettext("outage", "There is no such flat in this outage."),
        "decided": t.pgettext("outage", "Somebody has decided this already."),
        "long": t.pgettext("outage", "This is too long, or has signs that cannot be spoken."),
        "no file": t.pgettext("outage", "Record something, or choose a file."),
        "no sound": t.pgettext("outage", "This is no sound file. WAV, WebM, Ogg, MP3 and M4A can be played."),
        "silent": t.pgettext("outage", "There is nothing to hear in it."),
        "too long": t.pgettext("outage", "This lasts longer than two minutes."),
        "voice": t.pgettext("outage", "The voice does not answer. Callers hear what was said before."),
    }


def evidence_text(language: str, outage: Outage) -> str:
    """The calls by which an outage was suspected, as on the board; empty when somebody opened it."""
    found = outage.evidence
    if not found:
        return ""
    t = Translator(language)
    calls, flats, minutes = found["calls"], found["flats"], max(1, round(found["seconds"] / 60))
    usual = float(found["usual"])
    return t.pgettext("outage", "{calls} {flats}: {where} {minutes}; usual: {usual}").format(
        calls=t.npgettext("outage", "{n} call", "{n} calls", calls).format(n=calls),
        flats=t.npgettext("outage", "of {n} flat", "of {n} flats", flats).format(n=flats),
        where="; ".join(place.said for place in outage.places[:3]) or outage.company,
        minutes=t.npgettext("outage", "in {n} minute", "in {n} minutes", minutes).format(n=minutes),
        usual=format_decimal(usual, "0.##" if usual < 1 else "0", locale=language),
    )


def resident_of_flat(language: str, flat: str) -> str:
    """What a resident is called whose name nobody has asked yet."""
    return Translator(language).pgettext("outage", "Resident of flat {flat}").format(flat=flat)


def same_flat(language: str, number: int) -> str:
    """Why a ticket is cancelled that was opened before anybody knew whose it is."""
    return Translator(language).pgettext("outage", "The flat has ticket No. {number} already").format(number=number)
