"""The ways to those who are told of outages: e-mail, webhook, a chat of MAX."""

from callcenter.common.max_bot import MaxBot
from callcenter.common.smtp import MailServer
from callcenter.common.webhook import SignedPost
from callcenter.outages.notices.notice import Notice
from callcenter.outages.notices.texts import letter


class NoticeMail:
    """An e-mail."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, notice: Notice) -> None:
        """Hand the letter to the mail server. Raises `NotDelivered`."""
        subject, text = letter(notice)
        await self._server.send(
            self._server.letter(to=notice.address, name=notice.recipient, subject=subject, text=text, key=notice.key)
        )


class NoticeWebhook(SignedPost):
    """A signed POST."""

    async def send(self, notice: Notice) -> None:
        """Post it. Raises `NotDelivered`."""
        document = {"event": f"outage.{notice.event}", "key": notice.key, "outage": notice.outage}
        await self.post(notice.address, notice.secret, notice.key, document)


class NoticeMax:
    """A message in a chat of MAX."""

    def __init__(self, bot: MaxBot) -> None:
        self._bot = bot

    async def send(self, notice: Notice) -> None:
        """Send it. Raises `NotDelivered`."""
        subject, text = letter(notice)
        await self._bot.send(notice.address, f"{subject}\n\n{text}")
