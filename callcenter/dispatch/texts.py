"""How a crew is reached, and the letter to it."""

from callcenter.dispatch.channels import Assignment
from callcenter.domain.handover import HandoverChannel
from callcenter.web.formats import Speech
from callcenter.web.labels import labels
from callcenter.web.render import environment


@labels(HandoverChannel)
def channels(t: Speech) -> dict[HandoverChannel, str]:
    """The channels to a crew."""
    return {HandoverChannel.EMAIL: t.gettext("E-mail"), HandoverChannel.WEBHOOK: t.gettext("Webhook")}


def letter(assignment: Assignment) -> tuple[str, str]:
    """Subject and text of the letter to a crew, in its language."""
    text = environment(assignment.language).get_template("dispatch/letter.txt").render(ticket=assignment)
    subject, _, body = text.partition("\n")
    return subject, body.lstrip("\n")
