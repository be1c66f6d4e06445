"""Texts of the telephone on the operator's page."""

from typing import Any

from callcenter.web.language import translations


def telephone_texts(language: str) -> dict[str, Any]:
    """The texts that its script shows."""
    t = translations(language)
    return {
        "lines": {
            "off": t.pgettext("telephone", "Off"),
            "insecure": t.pgettext("telephone", "Not possible on this address"),
            "elsewhere": t.pgettext("telephone", "In another tab"),
            "asking": t.pgettext("telephone", "Asking for the microphone"),
            "deaf": t.pgettext("telephone", "No microphone"),
            "opening": t.pgettext("telephone", "Connecting"),
            "registering": t.pgettext("telephone", "Connecting"),
            "ready": t.pgettext("telephone", "Ready"),
            "lost": t.pgettext("telephone", "No connection to the telephone server"),
            "taken": t.pgettext("telephone", "In use elsewhere"),
        },
        "hints": {
            "off": "",
            "insecure": t.pgettext("telephone", "Browsers give the microphone to pages with https only."),
            "elsewhere": t.pgettext("telephone", "It comes here when that tab is closed."),
            "asking": t.pgettext("telephone", "Allow the microphone in the browser's question."),
            "deaf": t.pgettext("telephone", "Plug it in, or allow it beside the address, and try again."),
            "opening": "",
            "registering": "",
            "ready": "",
            "lost": t.pgettext("telephone", "It is tried again and again. A talk may go on meanwhile."),
            "taken": t.pgettext("telephone", "You have logged in on another computer or browser."),
        },
        "phases": {
            "ringing": t.pgettext("telephone", "Rings"),
            "answering": t.pgettext("telephone", "Connecting the call"),
            "calling": t.pgettext("telephone", "Calling"),
            "talking": t.pgettext("telephone", "Talk"),
        },
        "notes": {
            "missed": t.pgettext("telephone", "Missed call"),
            "not_transferred": t.pgettext("telephone", "The transfer failed: you still have the caller."),
            "busy": t.pgettext("telephone", "Busy or not there: the caller is with you again."),
            "no_answer": t.pgettext("telephone", "No answer: the caller is with you again."),
            "no_microphone": t.pgettext("telephone", "The call could not be taken: the microphone does not work."),
            "failed": t.pgettext("telephone", "The call broke off before it began."),
        },
        "qualities": {
            "good": t.pgettext("telephone", "Sound is good"),
            "fair": t.pgettext("telephone", "Sound suffers a little: the network is busy"),
            "bad": t.pgettext("telephone", "Sound is bad: the network loses it or is late"),
            "silent": t.pgettext("telephone", "Nothing is heard from the other side"),
        },
        "asides": {
            "held": t.pgettext("telephone", "The caller hears music"),
            "ringing": t.pgettext("telephone", "{whom} is being called, the caller hears music"),
            "asking": t.pgettext("telephone", "You talk with {whom}, the caller hears music"),
            "conference": t.pgettext("telephone", "All three are talking"),
        },
        "on_hold": t.pgettext("telephone", "On hold: the caller hears music"),
        "muted": t.pgettext("telephone", "Microphone off: the caller does not hear you"),
        "microphone_gone": t.pgettext(
            "telephone", "The microphone is gone: the caller does not hear you. Plug one in, and the talk goes on."
        ),
        "hang_up": t.pgettext("telephone", "Hang up"),
        "reject": t.pgettext("telephone", "Reject"),
        "usual_device": t.pgettext("telephone", "The system's own"),
    }
