"""Words around links to recordings: their states and uses, the letter, the names of files."""

import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from callcenter.sharing.visits import SharedLink, SharedRecording
from callcenter.web.language import translations
from callcenter.web.render import environment

ENDINGS = {"audio/wav": "wav", "audio/ogg": "ogg", "audio/mpeg": "mp3"}


def link_states(language: str) -> Mapping[str, str]:
    """What a link is."""
    pgettext = _say(language)
    return {
        "open": pgettext("link", "Works"),
        "revoked": pgettext("link", "Revoked"),
        "expired": pgettext("link", "Expired"),
        "locked": pgettext("link", "Shut: wrong PIN too often"),
    }


def link_uses(language: str) -> Mapping[str, str]:
    """What was done with a link."""
    pgettext = _say(language)
    return {
        "opened": pgettext("link", "Page opened"),
        "wrong pin": pgettext("link", "Wrong PIN"),
        "right pin": pgettext("link", "Right PIN"),
        "listened": pgettext("link", "Listened"),
        "original": pgettext("link", "Original downloaded"),
        "copy": pgettext("link", "Small copy downloaded"),
        "none left": pgettext("link", "Refused: fetched as often as allowed"),
        "cut off": pgettext("link", "Cut off: the link had ended"),
    }


def _say(language: str) -> Callable[[str, str], str]:
    catalogue = translations(language)
    return lambda context, text: str(catalogue.pgettext(context, text))


def link_letter(language: str, **values: object) -> tuple[str, str]:
    """Subject and text of the letter with a link."""
    text = environment(language).get_template("sharing/letter.txt").render(**values)
    subject, _, body = text.partition("\n")
    return subject, body.lstrip("\n")


def file_name(link: SharedLink, recording: SharedRecording, media_type: str) -> str:
    """What a recording is called once it is saved: ticket, day and hour of the talk, its place. Of plain letters."""
    at = recording.at.astimezone(ZoneInfo(link.zone))
    name = f"ticket-{link.number}-{at:%Y-%m-%d-%H%M}-{recording.place}"
    return f"{re.sub('[^a-z0-9-]', '_', name)}.{ENDINGS.get(media_type, 'bin')}"
