"""Texts of the scripts of the workplace and the board."""

from typing import Any

from callcenter.web.labels import limit_steps, operator_statuses, outcomes, presence_reasons, refusal_reasons
from callcenter.web.language import translations

# One number of each plural category of Intl.PluralRules.
SAMPLES = {"ru": {"one": 1, "few": 2, "many": 5, "other": 2}, "en": {"one": 1, "other": 2}}


def script_texts(language: str) -> dict[str, Any]:
    """The texts; the scripts fill in `{…}`."""
    t = translations(language)
    return {
        "outcomes": dict(outcomes(language)),
        "states": dict(operator_statuses(language)),
        "reasons": dict(presence_reasons(language)),
        "wanted": {
            "available": t.gettext("Available"),
            "paused": t.gettext("Pause"),
            "offline": t.gettext("Offline"),
        },
        "waiting": {
            category: t.ngettext("caller waiting", "callers waiting", n) for category, n in SAMPLES[language].items()
        },
        "others": {
            category: t.ngettext("{n} more resident on this number", "{n} more residents on this number", n)
            for category, n in SAMPLES[language].items()
        },
        "limits": dict(limit_steps(language)),
        "due_at": t.gettext("by {at}"),
        "due_at_passed": t.gettext("since {at}"),
        "nothing_due": t.gettext("Nothing is due soon, nothing is overdue"),
        "trunks_down": t.gettext("Trunks that do not work: {names}"),
        "recordings_safe": t.gettext("Every talk that is over has its recording"),
        "recordings_altered": t.gettext("altered or gone: {n}"),
        "recordings_late": t.gettext("late: {n}"),
        "recordings_missing": t.gettext("missing: {n}"),
        "disk_filling": t.gettext("The disk of {node} is filling up"),
        "log_disk_filling": t.gettext("The disk with the call log of {node} is filling up: calls may be lost"),
        "recordings_unsafe": t.gettext("Recordings are at risk: see Completeness of recordings"),
        "limit_passed": t.gettext("A deadline has passed: see Deadlines"),
        "crew_answers": {
            category: t.ngettext("{n} answer of a crew", "{n} answers of crews", n)
            for category, n in SAMPLES[language].items()
        },
        "crew_said": {
            "done": t.pgettext("crew answer", "the crew is done"),
            "refused": t.pgettext("crew answer", "the crew refused"),
            "absent": t.pgettext("crew answer", "nobody at home"),
            "comment": t.pgettext("crew answer", "the crew wrote"),
        },
        "wrap_up_left": t.gettext("{left} left"),
        "phone_reachable": t.gettext("Phone connected"),
        "phone_unreachable": t.gettext("Phone not connected"),
        "no_number": t.gettext("Number withheld"),
        "unknown": t.gettext("Unknown caller"),
        "no_address": t.gettext("Ask for the address: this number is not in the directory"),
        "flat": t.gettext("flat {flat}"),
        "ticket": t.gettext("Ticket No. {number}"),
        "ticket_opened": t.gettext("Ticket No. {number} opened"),
        "no_ticket": t.gettext("No ticket: the number dialled belongs to no company"),
        "no_subject": t.gettext("No subject yet"),
        "open_tickets": t.gettext("Open tickets"),
        "past_calls": t.gettext("Last calls"),
        "no_open_tickets": t.gettext("No other open tickets"),
        "no_past_calls": t.gettext("First call from this number"),
        "talking_for": t.gettext("Talking"),
        "pause_recording": t.gettext("Pause recording"),
        "resume_recording": t.gettext("Resume recording"),
        "recording_paused": t.gettext("Recording paused"),
        "talk_ended": t.gettext("Talk ended"),
        "ringing_title": t.gettext("Call: {number}"),
        "empty_available": t.gettext("Ready for calls"),
        "empty_available_hint": t.gettext("Pick up your phone when it rings. The caller's card opens here by itself."),
        "empty_wrap_up": t.gettext("Finish the ticket"),
        "empty_wrap_up_hint": t.gettext("The next call comes when the time is over, or when you press “Available”."),
        "empty_paused": t.gettext("You are on pause"),
        "empty_paused_hint": t.gettext("Calls go to others. Press “Available” when you are ready."),
        "empty_offline": t.gettext("You are offline"),
        "empty_offline_hint": t.gettext("Press “Available” at the top of the page to start taking calls."),
        "empty_unreachable": t.gettext("Your phone is not connected"),
        "empty_unreachable_hint": t.gettext(
            "Start the phone and check its network; calls cannot reach you until then."
        ),
        "empty_no_phone": t.gettext("No phone belongs to this login"),
        "empty_no_phone_hint": t.gettext("You can watch the queue here. An administrator can give you a phone."),
        "not_saved": t.gettext("This could not be saved. Try again."),
        "handed_by": t.gettext("From {name}:"),
        "not_possible": t.gettext("This cannot be done any more: the ticket or the directory has changed."),
        "request_waiting": t.gettext("Waiting for the telephone server…"),
        "request_expired": t.gettext("The telephone server did not answer in time: this was not done."),
        "request_refused": dict(refusal_reasons(language)),
        **_outage_texts(language),
        "no_operators": t.gettext("No operators yet"),
        "no_queues": t.gettext("No calls yet"),
    }


def _outage_texts(language: str) -> dict[str, Any]:
    t = translations(language)

    samples = SAMPLES[language].items()
    return {
        "outage_suspected": t.pgettext("outage", "Possible outage"),
        "outage_news": t.pgettext("outage", "A possible outage: see Outages"),
        "outage_evidence": t.pgettext("outage", "{calls} {flats}: {where} {minutes}; usual: {usual}"),
        "outage_calls": {each: t.npgettext("outage", "{n} call", "{n} calls", n) for each, n in samples},
        "outage_flats": {each: t.npgettext("outage", "of {n} flat", "of {n} flats", n) for each, n in samples},
        "outage_minutes": {each: t.npgettext("outage", "in {n} minute", "in {n} minutes", n) for each, n in samples},
        "outage_houses": {
            each: t.npgettext("outage", "and {n} more house", "and {n} more houses", n) for each, n in samples
        },
        "outage_more": {each: t.npgettext("outage", "{n} more outage", "{n} more outages", n) for each, n in samples},
        "outage_since": t.pgettext("outage", "since {at}"),
        "outage_until": t.pgettext("outage", "off until {at}"),
        "outage_off": t.pgettext("outage", "off"),
        "outage_hearing": t.pgettext("outage", "hear it now"),
        "outage_helped": t.pgettext("outage", "heard it to the end"),
        "outage_waiting": t.pgettext("outage", "wait for an operator"),
        "outage_tickets": t.pgettext("outage", "tickets"),
        "outage_kind": t.pgettext("outage", "What is off"),
        "outage_dismiss": t.pgettext("outage", "No outage"),
        "outage_open": t.pgettext("outage", "Open an outage"),
        "outage_none": t.pgettext("outage", "Nothing is off."),
        "outage_ticket": t.pgettext("outage", "ticket No. {number} of this flat is open already"),
        "outage_join": t.pgettext("outage", "Attach this call"),
        "outage_unspoken": t.pgettext(
            "outage", "The voice failed: callers hear what was said before, or nothing of this"
        ),
        "outage_moved": t.pgettext("outage", "This cannot be done any more: somebody has moved the outage."),
    }
