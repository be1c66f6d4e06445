"""Words for what became of a message to a crew, and the letter itself."""

from collections.abc import Mapping

from callcenter.common.delivery import DeliveryProblem
from callcenter.dispatch.channels import Assignment
from callcenter.web.language import translations
from callcenter.web.render import environment


def ways(language: str) -> Mapping[str, str]:
    """The ways to a crew."""
    t = translations(language)
    return {"email": t.gettext("E-mail"), "webhook": t.gettext("Webhook")}


def problems(language: str) -> Mapping[str, str]:
    """Why a message did not arrive, and what to do."""
    t = translations(language)
    return {
        DeliveryProblem.NO_WAY: t.gettext("The crew no longer has this address. Enter it in the directory."),
        DeliveryProblem.NO_MAIL_SERVER: t.gettext("No mail server is set up. Set it in the settings of the service."),
        DeliveryProblem.BAD_ADDRESS: t.gettext("The crew's address makes no sense. Mend it in the directory."),
        DeliveryProblem.UNREACHABLE: t.gettext("The server cannot be reached."),
        DeliveryProblem.TOO_SLOW: t.gettext("The server did not answer in time."),
        DeliveryProblem.CERTIFICATE: t.gettext("The server's certificate is not trusted."),
        DeliveryProblem.MAIL_REFUSED: t.gettext("The mail server refused the letter."),
        DeliveryProblem.LOGIN_REFUSED: t.gettext(
            "The mail server refused our login. Mend it in the settings of the service."
        ),
        DeliveryProblem.ANSWER: t.gettext("The crew's program answered with an error."),
        DeliveryProblem.REDIRECT: t.gettext(
            "The crew's program sent us elsewhere; that is not followed. Enter its new address."
        ),
        DeliveryProblem.INNER_ADDRESS: t.gettext("The webhook leads into an inner network; that is not allowed."),
        DeliveryProblem.OURS: t.gettext("Something broke on our side. It has been written down."),
    }


def letter(assignment: Assignment) -> tuple[str, str]:
    """Subject and text of the letter to a crew, in its language."""
    text = environment(assignment.language).get_template("dispatch/letter.txt").render(ticket=assignment)
    subject, _, body = text.partition("\n")
    return subject, body.lstrip("\n")
