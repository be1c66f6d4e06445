"""The e-mail channel to crews."""

from collections.abc import Callable

from callcenter.common.delivery import DeliveryProblem, NotDelivered
from callcenter.common.smtp import MailServer
from callcenter.dispatch.channels import Assignment
from callcenter.settings import SmtpSettings


class Mail:
    """Sends one e-mail for each assignment. `write`: the subject and the text, in the crew's language."""

    def __init__(self, settings: SmtpSettings, write: Callable[[Assignment], tuple[str, str]]) -> None:
        self._server = MailServer(settings)
        self._write = write

    async def send(self, assignment: Assignment) -> None:
        """Hand the letter to the mail server. Raises `NotDelivered`."""
        if not assignment.email:
            raise NotDelivered(DeliveryProblem.NO_WAY, lasting=True)
        subject, text = self._write(assignment)
        letter = self._server.letter(
            to=assignment.email, name=assignment.crew, subject=subject, text=text, key=assignment.key
        )
        await self._server.send(letter)
