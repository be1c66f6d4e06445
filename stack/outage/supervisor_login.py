"""The supervisor who opens the outage and closes it, by the pages that people use."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

import aiohttp

from stack.errors import StackError
from stack.screens import log_in

KIND = "cold_water"
LASTS = timedelta(hours=4)


class SupervisorLogin:
    """A login at the service of `stack`, while it is entered."""

    def __init__(self, stack: Mapping[str, Any]) -> None:
        self._url: str = stack["web"]["url"]
        self._person = next(person for person in stack["logins"] if person["role"] == "supervisor")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        jar = aiohttp.CookieJar(unsafe=True)  # the service may have a bare address
        self._session = aiohttp.ClientSession(self._url, cookie_jar=jar, headers={"Origin": self._url})
        try:
            await log_in(self._session, self._person["login"], self._person["password"])
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def open(self, company: int, zone: str, house: int) -> int:
        """Open an outage of the house; its id. Raises `StackError` when refused."""
        now = datetime.now(UTC).astimezone(ZoneInfo(zone))
        since, until = (f"{at:%Y-%m-%dT%H:%M}" for at in (now, now + LASTS))
        form = {"company": company, "house": house, "kind": KIND, "since": since, "until": until}
        return int((await self._post("/outages/new", form)).rsplit("/", 1)[1])

    async def confirm(self, outage: int) -> None:
        """Say what is off, of one that was suggested."""
        await self._post(f"/outages/{outage}/confirm", {"kind": KIND})

    async def step(self, outage: int, step: str) -> None:
        """Take a step. Raises `StackError` when refused."""
        await self._post(f"/outages/{outage}/step", {"step": step})

    async def _post(self, path: str, form: Mapping[str, object]) -> str:
        """Where the answer leads to."""
        assert self._session is not None
        data = {name: str(value) for name, value in form.items()}
        headers = {"Accept": "text/html"}
        async with self._session.post(path, data=data, headers=headers, allow_redirects=False) as answer:
            if answer.status != 303:
                raise StackError(f"the service refused {path}: {answer.status} {answer.reason}")
            return answer.headers["Location"]
