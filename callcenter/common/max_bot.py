"""Messages to chats of the messenger MAX, by a bot: https://dev.max.ru/docs-api."""

import asyncio

import aiohttp

from callcenter.common.delivery import DeliveryProblem, NotDelivered
from callcenter.common.tls import trusting
from callcenter.settings import MaxSettings

LONGEST = 4_000
"""Characters of a message."""
# It may answer otherwise another time.
_MAY_PASS = (408, 425, 429)


class MaxBot:
    """The bot that the settings name."""

    def __init__(self, settings: MaxSettings) -> None:
        self._settings = settings
        self._tls = trusting(settings.ca_file)

    async def send(self, chat: str, text: str) -> None:
        """Send a message to a chat, by its id; what is too long is cut. Raises `NotDelivered`."""
        settings = self._settings
        if settings.token is None:
            raise NotDelivered(DeliveryProblem.NO_BOT, lasting=True)
        body = {"text": text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"}
        headers = {"Authorization": settings.token.get_secret_value(), "User-Agent": "callcenter"}
        try:
            async with (
                asyncio.timeout(settings.timeout_s),
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(ssl=self._tls, force_close=True), cookie_jar=aiohttp.DummyCookieJar()
                ) as http,
                http.post(
                    f"{settings.url}/messages",
                    params={"chat_id": chat},
                    json=body,
                    headers=headers,
                    allow_redirects=False,
                ) as answer,
            ):
                status = answer.status
        except TimeoutError:
            raise NotDelivered(DeliveryProblem.TOO_SLOW) from None
        except aiohttp.ClientConnectorCertificateError as problem:
            raise NotDelivered(DeliveryProblem.CERTIFICATE, str(problem.certificate_error)) from problem
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            raise NotDelivered(DeliveryProblem.UNREACHABLE, str(problem)) from problem
        if status == 401:
            raise NotDelivered(DeliveryProblem.LOGIN_REFUSED, str(status))
        if not 200 <= status < 300:
            raise NotDelivered(DeliveryProblem.ANSWER, str(status), lasting=status < 500 and status not in _MAY_PASS)
