"""Labels of the channels and states, and the e-mail to a crew."""

from collections.abc import Mapping

from callcenter.dispatch.channels import Assignment
from callcenter.dispatch.delivery import HandoverChannel
from callcenter.domain.ticket import TicketState
from callcenter.web.formats import Translator
from callcenter.web.labels import labels
from callcenter.web.render import environment


@labels(HandoverChannel)
def channels(t: Translator) -> dict[HandoverChannel, str]:
    """The channels to a crew."""
    return {HandoverChannel.EMAIL: t.gettext("E-mail"), HandoverChannel.WEBHOOK: t.gettext("Webhook")}


def crew_states(language: str) -> Mapping[TicketState, str]:
    """The ticket's states as its crew sees them: every state in which the link works."""
    t = Translator(language)
    elsewhere = t.gettext("Back with the dispatcher")
    return {
        TicketState.NEW: elsewhere,
        TicketState.ASSIGNED: t.pgettext("crew", "Waiting for you"),
        TicketState.ACCEPTED: t.pgettext("crew", "Accepted"),
        TicketState.IN_PROGRESS: t.pgettext("crew", "In work"),
        TicketState.DONE: t.pgettext("crew", "Done"),
        TicketState.REOPENED: elsewhere,
    }


def letter(assignment: Assignment) -> tuple[str, str]:
    """Subject and text of the e-mail to a crew, in its language."""
    text = environment(assignment.language).get_template("dispatch/letter.txt").render(ticket=assignment)
    subject, _, body = text.partition("\n")
    return subject, body.lstrip("\n")
