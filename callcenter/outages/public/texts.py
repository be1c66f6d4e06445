"""An outage's state in words for everybody."""

from callcenter.outages.public.document import PublicState
from callcenter.web.formats import Translator
from callcenter.web.labels import labels


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
