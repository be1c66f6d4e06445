"""What the pages of outages say: states, steps, kinds of events, and what is wrong with a form."""

from collections.abc import Mapping

from babel.numbers import format_decimal

from callcenter.domain.outage import OutageEventKind, OutageState, OutageStep
from callcenter.outages.outage import Outage
from callcenter.web.formats import Translator
from callcenter.web.labels import labels


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


def fields(t: Translator) -> Mapping[str, str]:
    """The fields of an outage's form."""
    return {
        "company": t.pgettext("outage", "Company"),
        "kind": t.pgettext("outage", "What is off"),
        "house": t.pgettext("outage", "Houses"),
        "entrances": t.pgettext("outage", "Entrances"),
        "flats": t.pgettext("outage", "Flats"),
        "riser": t.pgettext("outage", "Riser"),
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
        "unspoken": t.pgettext(
            "outage", "Callers cannot be told this: it has no word, a word that is too long, or too many digits."
        ),
        "long": t.pgettext("outage", "This is too long, or has characters that cannot be spoken."),
        "no file": t.pgettext("outage", "Record something, or choose a file."),
        "no sound": t.pgettext("outage", "This is not a sound file. WAV, WebM, Ogg, MP3 and M4A can be played."),
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
