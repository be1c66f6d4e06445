"""To a crew by e-mail."""

import asyncio
import ssl
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

import aiosmtplib

from callcenter.desk.handover_ways import Assignment, NotDelivered, Problem, one_line
from callcenter.settings import Smtp

# RFC 5321, section 4.2.1: 5yz will not be otherwise the next time, 4yz may be.
_LASTING = 500


class Mail:
    """Sends one letter for each assignment. `write`: the subject and the text, in the crew's language."""

    def __init__(self, settings: Smtp, write: Callable[[Assignment], tuple[str, str]]) -> None:
        self._settings = settings
        self._write = write
        secured = settings.host is not None and settings.security != "none"
        self._tls = ssl.create_default_context(cafile=settings.ca_file) if secured else None

    async def send(self, assignment: Assignment) -> None:
        """Hand the letter to the mail server. Raises `NotDelivered`."""
        settings = self._settings
        if not assignment.email:
            raise NotDelivered(Problem.NO_WAY, lasting=True)
        if settings.host is None:
            raise NotDelivered(Problem.NO_MAIL_SERVER, lasting=True)
        letter = self._letter(assignment, assignment.email)
        password = settings.password
        try:
            async with asyncio.timeout(settings.timeout_s):
                await aiosmtplib.send(
                    letter,
                    hostname=settings.host,
                    port=settings.port,
                    username=settings.user,
                    password=None if password is None else password.get_secret_value(),
                    use_tls=settings.security == "tls",
                    start_tls=settings.security == "starttls",
                    tls_context=self._tls,
                    local_hostname=settings.sender.rpartition("@")[2],
                    timeout=settings.timeout_s,
                )
        except (aiosmtplib.SMTPException, OSError) as problem:
            raise _explain(problem) from problem

    def _letter(self, assignment: Assignment, to: str) -> EmailMessage:
        subject, text = self._write(assignment)
        letter = EmailMessage(policy=SMTP)
        try:
            letter["To"] = Address(one_line(assignment.crew), addr_spec=to)
        except Exception as problem:  # the parser of addresses fails in many ways
            raise NotDelivered(Problem.BAD_ADDRESS, to, lasting=True) from problem
        letter["From"] = self._settings.sender
        letter["Subject"] = one_line(subject)
        letter["Message-ID"] = f"<{assignment.key}@{self._settings.sender.rpartition('@')[2]}>"
        letter["Date"] = formatdate(usegmt=True)
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text, cte="base64")
        return letter


def _explain(problem: Exception) -> NotDelivered:
    match problem:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused, *_]):
            return _refused(refused)
        case aiosmtplib.SMTPAuthenticationError():
            return NotDelivered(Problem.LOGIN_REFUSED, _said(problem))
        case aiosmtplib.SMTPResponseException():
            return _refused(problem)
        case TimeoutError():
            return NotDelivered(Problem.TOO_SLOW)
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotDelivered(Problem.CERTIFICATE, cause.verify_message)
        cause = cause.__cause__ or cause.__context__
    return NotDelivered(Problem.UNREACHABLE, str(problem))


def _refused(answer: aiosmtplib.SMTPResponseException) -> NotDelivered:
    return NotDelivered(Problem.MAIL_REFUSED, _said(answer), lasting=answer.code >= _LASTING)


def _said(answer: aiosmtplib.SMTPResponseException) -> str:
    return f"{answer.code} {answer.message}"
