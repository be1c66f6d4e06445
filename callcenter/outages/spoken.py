"""Whether callers can be told what somebody writes of an outage."""

from collections.abc import Mapping

from callcenter.errors import TextRefused
from callcenter.outages.outage import BadOutage
from callcenter.speech.engines import speakable

SPOKEN = ("cause", "workers", "message")


def check_spoken(texts: Mapping[str, object], language: str) -> None:
    """Raise `BadOutage` for a text, by its field, that no voice can say: all callers would go without an announcement."""
    for name in SPOKEN:
        if text := str(texts.get(name) or "").strip():
            try:
                speakable(text, language)
            except TextRefused:
                raise BadOutage("unspoken", name) from None
