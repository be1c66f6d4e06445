"""Telephones in browsers, for tests and tools: who has one, and a microphone that says a tone."""

import math
import re
import struct
import wave
from pathlib import Path
from typing import Any

import aiohttp

from stack.errors import StackError

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
OPERATORS_TONE = 800
"""Hertz."""


def bursts(hertz: int, seconds: float, rate: int) -> bytes:
    """A tone that comes and goes, since a steady one is noise to a browser, which takes it away; 16 bits."""
    samples = (
        int(9000 * math.sin(2 * math.pi * hertz * n / rate)) if n % rate < 0.6 * rate else 0
        for n in range(int(seconds * rate))
    )
    return b"".join(struct.pack("<h", each) for each in samples)


def microphone(folder: Path) -> list[str]:
    """Arguments of a browser in which the operator says a tone."""
    path = folder / "microphone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(bursts(OPERATORS_TONE, 3, 48000))
    return [
        *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
        *("--autoplay-policy=no-user-gesture-required", f"--use-file-for-fake-audio-capture={path}"),
    ]


async def give_browser_telephone(description: dict[str, Any], *logins: str) -> None:
    """Let these operators have the telephone in the browser, by the pages as an administrator does.

    Each account is `web-` and the login. Raises `StackError` when a page answers otherwise.
    """
    url = description["web"]["url"]
    passwords = {person["login"]: person["password"] for person in description["logins"]}
    async with aiohttp.ClientSession(base_url=url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:

        async def post(path: str, **form: str) -> str:
            async with http.post(path, data=form, headers={"Origin": url}) as answer:
                if answer.status != 200:
                    raise StackError(f"{path} answers {answer.status}")
                return await answer.text()

        await post("/login", login="administrator", password=passwords["administrator"])
        async with http.get("/people") as answer:
            people = await answer.text()
        for login in logins:
            found = re.search(rf'/people/(\d+)"(?:(?!/people/\d).)*?\b{login}\b', people, re.DOTALL)
            if found is None:
                raise StackError(f"{login} is not among the people")
            await post(f"/people/{found[1]}/telephone/take")
            page = await post(f"/people/{found[1]}/telephone", endpoint=login, kind="browser")
            if f"<code>web-{login}</code>" not in page:
                raise StackError(f"{login} got no telephone in the browser")
