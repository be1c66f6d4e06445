"""Texts of links to recordings: their states and uses, the e-mail, the names of files."""

import re
from zoneinfo import ZoneInfo

from callcenter.domain.sharing import LinkState, LinkUseKind
from callcenter.sharing.visits import SharedLink, SharedRecording
from callcenter.web.formats import Translator
from callcenter.web.labels import labels
from callcenter.web.render import environment

ENDINGS = {"audio/wav": "wav", "audio/ogg": "ogg", "audio/mpeg": "mp3"}


@labels(LinkState)
def link_states(t: Translator) -> dict[LinkState, str]:
    """The states of a link."""
    return {
        LinkState.OPEN: t.pgettext("link", "Works"),
        LinkState.REVOKED: t.pgettext("link", "Revoked"),
        LinkState.EXPIRED: t.pgettext("link", "Expired"),
        LinkState.LOCKED: t.pgettext("link", "Blocked: wrong PIN too often"),
    }


@labels(LinkUseKind)
def link_uses(t: Translator) -> dict[LinkUseKind, str]:
    """The uses of a link."""
    return {
        LinkUseKind.OPENED: t.pgettext("link", "Page opened"),
        LinkUseKind.WRONG_PIN: t.pgettext("link", "Wrong PIN"),
        LinkUseKind.RIGHT_PIN: t.pgettext("link", "Right PIN"),
        LinkUseKind.LISTENED: t.pgettext("link", "Listened"),
        LinkUseKind.ORIGINAL: t.pgettext("link", "Original downloaded"),
        LinkUseKind.COPY: t.pgettext("link", "Small copy downloaded"),
        LinkUseKind.NONE_LEFT: t.pgettext("link", "Refused: the limit of the link is reached"),
        LinkUseKind.CUT_OFF: t.pgettext("link", "Interrupted: the link stopped working"),
    }


def link_letter(language: str, **values: object) -> tuple[str, str]:
    """Subject and text of the e-mail with a link."""
    text = environment(language).get_template("sharing/letter.txt").render(**values)
    subject, _, body = text.partition("\n")
    return subject, body.lstrip("\n")


def file_name(link: SharedLink, recording: SharedRecording, media_type: str) -> str:
    """The file name of a saved recording: ticket, day and hour of the talk, its position. ASCII only."""
    at = recording.at.astimezone(ZoneInfo(link.zone))
    name = f"ticket-{link.number}-{at:%Y-%m-%d-%H%M}-{recording.place}"
    return f"{re.sub('[^a-z0-9-]', '_', name)}.{ENDINGS.get(media_type, 'bin')}"
