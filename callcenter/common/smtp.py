"""The mail server: e-mails without header injection, and their delivery to it."""

import asyncio
import ssl
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

import aiosmtplib
import idna
from aiohttp import web

from callcenter.common.delivery import DeliveryProblem, NotDelivered, one_line
from callcenter.common.tls import trusting
from callcenter.settings import SmtpSettings

# RFC 5321, section 4.2.1: 5yz is a permanent failure, 4yz a transient one.
_LASTING = 500
# RFC 2047. The library decodes encoded words in what it is given, whatever line breaks come out.
_ENCODED_WORD = "=?"
# It also drops the quotes of a name that it folds. So foreign text is encoded here, and left as it is.
_AS_WRITTEN = SMTP.clone(refold_source="none")
_LONGEST_LINE = 70


class MailServer:
    """The server that the settings name. Methods raise `NotDelivered`."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        secured = settings.host is not None and settings.security != "none"
        self._tls = trusting(settings.ca_file) if secured else None

    def letter(self, *, to: str, name: str, subject: str, text: str, key: str) -> EmailMessage:
        """A letter to one person. `key`: its name, the same each time it is sent."""
        letter = EmailMessage(policy=_AS_WRITTEN)
        letter.set_raw("To", f"{_encoded(name)} <{address(to).addr_spec}>" if name else address(to).addr_spec)
        letter["From"] = self._settings.sender
        letter.set_raw("Subject", _encoded(subject))
        letter["Message-ID"] = f"<{key}@{self._domain}>"
        letter["Date"] = formatdate(usegmt=True)
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text, cte="base64")
        return letter

    async def send(self, letter: EmailMessage) -> None:
        """Send the e-mail to the server."""
        await self._talk(letter)

    async def check(self) -> None:
        """Connect and log in as for an e-mail, without sending one."""
        await self._talk(None)

    async def _talk(self, letter: EmailMessage | None) -> None:
        settings, password = self._settings, self._settings.password
        if settings.host is None:
            raise NotDelivered(DeliveryProblem.NO_MAIL_SERVER, lasting=True)
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user,
            password=None if password is None else password.get_secret_value(),
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
            local_hostname=self._domain,
            timeout=settings.timeout_s,
        )
        try:
            async with asyncio.timeout(settings.timeout_s), client:
                if letter is not None:
                    await self._hand_over(client, letter)
        except (aiosmtplib.SMTPException, OSError) as problem:
            raise _explain(problem) from problem

    async def _hand_over(self, client: aiosmtplib.SMTP, letter: EmailMessage) -> None:
        # Not `send_message`, which folds the headers anew.
        sender, recipients = self._settings.sender, [to.addr_spec for to in letter["To"].addresses]
        utf8 = not "".join([sender, *recipients]).isascii()
        await client.sendmail(
            sender,
            recipients,
            letter.as_bytes(policy=_AS_WRITTEN.clone(utf8=utf8)),
            mail_options=["SMTPUTF8"] if utf8 else [],
        )

    @property
    def _domain(self) -> str:
        return self._settings.sender.rpartition("@")[2]


MAIL_SERVER = web.AppKey("mail_server", MailServer)


def header_text(text: str) -> str:
    """Foreign text as the text of a header: one line, and no encoded word for whoever decodes it once too often."""
    return one_line(text).replace(_ENCODED_WORD, "= ?")


def _encoded(text: str) -> str:
    return Header(header_text(text), "utf-8", _LONGEST_LINE, header_name="Subject").encode(linesep="\r\n")


def address(to: str) -> Address:
    """The address of one person, its domain as mail servers write it. Raises `NotDelivered` when it makes no sense."""
    try:
        if _ENCODED_WORD in to:
            raise ValueError("an encoded word is no part of an address")
        name, _, domain = to.rpartition("@")
        # RFC 5891: only the part before the @ needs a server that takes SMTPUTF8.
        return Address(addr_spec=to if domain.isascii() else f"{name}@{idna.encode(domain, uts46=True).decode()}")
    except Exception as problem:  # the parser of addresses fails in many ways
        raise NotDelivered(DeliveryProblem.BAD_ADDRESS, to, lasting=True) from problem


def _explain(problem: Exception) -> NotDelivered:
    match problem:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused, *_]):
            return _refused(refused)
        case aiosmtplib.SMTPAuthenticationError():
            return NotDelivered(DeliveryProblem.LOGIN_REFUSED, _reply_text(problem))
        case aiosmtplib.SMTPResponseException():
            return _refused(problem)
        case TimeoutError():
            return NotDelivered(DeliveryProblem.TOO_SLOW)
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotDelivered(DeliveryProblem.CERTIFICATE, cause.verify_message)
        cause = cause.__cause__ or cause.__context__
    return NotDelivered(DeliveryProblem.UNREACHABLE, str(problem))


def _refused(answer: aiosmtplib.SMTPResponseException) -> NotDelivered:
    return NotDelivered(DeliveryProblem.MAIL_REFUSED, _reply_text(answer), lasting=answer.code >= _LASTING)


def _reply_text(answer: aiosmtplib.SMTPResponseException) -> str:
    return f"{answer.code} {answer.message}"
