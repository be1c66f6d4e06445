"""A telephone as people have them: baresip of Debian, in a network namespace, told what to do through its keyboard."""

import re
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tests.e2e.asterisk_instance import wait_for
from tests.e2e.browser_operator import share

RATE = 8000
TONE = 600
"""Hertz, of what it says all the time."""
CONFIG = """
poll_method epoll
sip_listen {address}:0
sip_cafile {cafile}
audio_player aubridge,nil
audio_source ausine,{tone}
audio_alert aubridge,nil
audio_channels 1
audio_srate 8000
ausrc_srate 48000
ausrc_channels 2
auplay_srate 8000
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module srtp.so
module ausine.so
module sndfile.so
snd_path {heard}
module aubridge.so
module_tmp account.so
module_app menu.so
"""


class Baresip:
    """The telephone `account` at `address`, registered with `server`; it picks up by itself.

    `server`: `10.0.0.1:5060`, perhaps with `;transport=tls`. `more`: further parameters of its account.
    """

    def __init__(
        self,
        folder: Path,
        space: str,
        address: str,
        account: str,
        secret: str,
        server: str,
        more: str = "",
        cafile: str = "",
    ) -> None:
        folder.mkdir()
        self.account = account
        self._space = space
        self._folder = folder
        self._server = server
        self._heard = folder / "heard"
        self._heard.mkdir()
        config = CONFIG.format(address=address, heard=self._heard, tone=TONE, cafile=cafile)
        (folder / "config").write_text(config)
        (folder / "contacts").touch()
        (folder / "accounts").write_text(
            f"<sip:{account}@{server}>;auth_pass={secret};answermode=auto;regint=60;audio_codecs=pcma{more}\n"
        )

    def __enter__(self) -> Self:
        command = ["ip", "netns", "exec", self._space, "baresip", "-f", str(self._folder)]
        with (self._folder / "output").open("wb") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def wait_registered(self) -> None:
        wait_for(lambda: "200 OK" in self.output(), f"{self.account} to register", 30.0)

    def type(self, command: str) -> None:
        """A command of baresip, such as `hold`."""
        assert self._process.stdin
        self._process.stdin.write(f"/{command}\n".encode())
        self._process.stdin.flush()

    def call(self, user: str) -> None:
        """Call somebody."""
        self.type(f"dial sip:{user}@{self._server}")

    def output(self) -> str:
        """What it wrote, without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", (self._folder / "output").read_text(errors="replace"))

    def hears(self, hertz: int) -> bool:
        """Whether it has heard a second of a tone that comes and goes, since its call began or was held last."""
        files = sorted(self._heard.glob("*-dec.wav"))
        data = files[-1].read_bytes()[44:] if files else b""
        sound = np.frombuffer(data[: len(data) // 2 * 2], "<i2")[-RATE:]
        return len(sound) == RATE and share(sound, hertz, RATE) > 0.4
