"""The configuration of one running Asterisk: files replaced, what reads them reloaded, and looked whether it took."""

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from callcenter.errors import ActionTimeout, NotConnected, TelephonyError
from callcenter.settings import Settings
from callcenter.telephony import trunk_line
from callcenter.telephony.console import Console
from callcenter.telephony.render import Directory, texts
from callcenter.telephony.rendered_files import differing, write
from callcenter.telephony.shared import PREFIX, refuse_taken

TAKES_EFFECT_WITHIN_S = 5.0
LOOK_AGAIN_S = 0.1

PJSIP, QUEUES, NUMBERS, MODULES, MANAGER = (
    Path(name) for name in ("pjsip.conf", "queues.conf", "dialplan/numbers.conf", "modules.conf", "manager.conf")
)
RELOAD_PJSIP, RELOAD_QUEUES, RELOAD_DIALPLAN = (
    "module reload res_pjsip.so",
    "module reload app_queue.so",
    "dialplan reload",
)
RELOAD_MANAGER = "manager reload"
RELOAD_ALL = "core reload"
# The dialplan last: a number that it has must have its queue, and an operator their telephone.
ORDER = (RELOAD_ALL, RELOAD_MANAGER, RELOAD_PJSIP, RELOAD_QUEUES, RELOAD_DIALPLAN)

_LOADED = re.compile(r"^load = (\S+)$", re.MULTILINE)
_EXTENSION = re.compile(r"^exten => d(\d+),1,(.+)$", re.MULTILINE)
_SHOWN_EXTENSION = re.compile(r"'d(\d+)' => +1\. (.+?) +\[")
_SHOWN_SECRET = re.compile(r"^ password +: (.*)$", re.MULTILINE)
_SHOWN_TRUNK = re.compile(rf"^ Endpoint: +({trunk_line.PREFIX}[a-z0-9-]+)", re.MULTILINE)
_CONTACT = re.compile(r"^/registrar/(contact/([a-z0-9-]+);@[0-9a-f]+) *:", re.MULTILINE)


class ConfigurationRefused(TelephonyError):
    """Asterisk does not have what it was given, and has what it had before; the text names what is missing."""


class RunningConfiguration:
    """Of the Asterisk whose files and control socket the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._etc = settings.asterisk.etc
        self.shared = settings.asterisk.shared
        self._numbers = f"{PREFIX}numbers" if self.shared else "numbers"
        self._console = Console(settings.asterisk.control)
        # Whether Asterisk has read the files as they are.
        self._read = False

    async def apply(self, directory: Directory, ended: Collection[str]) -> None:
        """Make Asterisk know this directory. Doing it again changes nothing.

        `ended`: telephones whose account was taken away, or got another secret: where they registered is forgotten.
        Raises `RenderError`, or `OSError` or `ForeignFolder` when the files cannot be written, before anything is
        changed; `ConfigurationRefused`; `NotConnected` or `ActionTimeout` when Asterisk is away, which finds the new files when
        it starts.
        """
        wanted = await asyncio.to_thread(texts, self._settings, directory)
        if self.shared:
            names = [endpoint for endpoint, _ in directory.endpoints]
            await asyncio.to_thread(refuse_taken, self._etc.parent, names)
        try:
            await self._console.command("core waitfullybooted")
            await self._end_registrations(directory, ended)
        except (NotConnected, ActionTimeout):
            self._read = False
            write(self._etc, {path: wanted[path] for path in differing(self._etc, wanted)})
            raise
        before = differing(self._etc, wanted)
        write(self._etc, {path: wanted[path] for path in before})
        try:
            await self._reload(before, wanted)
            await self._require(directory, ended, wanted)
        except ConfigurationRefused:
            await self._restore(before)
            raise
        except (NotConnected, ActionTimeout):
            self._read = False
            raise

    async def missing(self, directory: Directory, wanted: Mapping[Path, str]) -> list[str]:
        """The numbers, telephones and trunks that Asterisk knows otherwise than these files, texts by path, say.

        Raises `NotConnected` or `ActionTimeout`.
        """
        return await self._missing(directory, (), wanted)

    async def _end_registrations(self, directory: Directory, ended: Collection[str]) -> None:
        """Forget where a telephone registered whose account is over.

        Asterisk notices only when the account is away for a moment: else it would go on ringing nobody there.
        """
        kept = {endpoint for endpoint, _ in directory.endpoints} - set(ended)
        registered = _CONTACT.findall(await self._console.command("database show registrar"))
        # Others that are registered with a shared Asterisk are its own telephones.
        over = [
            contact
            for contact, endpoint in registered
            if endpoint not in kept and (endpoint in ended or not self.shared)
        ]
        if not over:
            return
        without = replace(directory, endpoints=tuple(each for each in directory.endpoints if each[0] in kept))
        write(self._etc, {PJSIP: (await asyncio.to_thread(texts, self._settings, without))[PJSIP]})
        await self._console.command(RELOAD_PJSIP)
        for contact in over:
            await self._console.command(f"database del registrar {contact}")

    async def _reload(self, before: Mapping[Path, str | None], wanted: Mapping[Path, str]) -> None:
        due = {reload_of(path) for path in before}
        if not self._read:
            due |= {RELOAD_PJSIP, RELOAD_QUEUES, RELOAD_DIALPLAN}
        if MODULES in before:
            # A reload loads none, and the dialplan may need them.
            for module in sorted(loaded(wanted[MODULES]) - loaded(before[MODULES] or "")):
                await self._console.command(f"module load {module}")
        for reload in ORDER:
            if reload in due:
                await self._console.command(reload)
        self._read = True

    async def _require(self, directory: Directory, ended: Collection[str], wanted: Mapping[Path, str]) -> None:
        deadline = asyncio.get_running_loop().time() + TAKES_EFFECT_WITHIN_S
        while missing := await self._missing(directory, ended, wanted):
            if asyncio.get_running_loop().time() > deadline:
                raise ConfigurationRefused(", ".join(missing))
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _missing(self, directory: Directory, ended: Collection[str], wanted: Mapping[Path, str]) -> list[str]:
        """The numbers, telephones and trunks that Asterisk knows otherwise than it should."""
        shown = _SHOWN_EXTENSION.findall(await self._console.command(f"dialplan show {self._numbers}"))
        numbers = {number for number, _ in {*shown} ^ {*_EXTENSION.findall(wanted[NUMBERS])}}
        known = {number for number, _ in directory.numbers}
        numbers |= known ^ {number for number, _ in shown}
        secrets: dict[str, str | None] = {**dict.fromkeys(ended), **dict(directory.endpoints)}
        telephones = [endpoint for endpoint, secret in secrets.items() if await self._secret(endpoint) != secret]
        return [*sorted(numbers), *sorted(telephones), *await self._missing_trunks(directory)]

    async def _missing_trunks(self, directory: Directory) -> list[str]:
        lines = {trunk.section: trunk for trunk in directory.trunks}
        known = set(_SHOWN_TRUNK.findall(await self._console.command("pjsip show endpoints")))
        wrong = known ^ set(lines)
        for section, trunk in lines.items():
            if trunk.password and await self._secret(section) != trunk.password:
                wrong.add(section)
        return sorted(section.removeprefix(trunk_line.PREFIX) for section in wrong)

    async def _secret(self, endpoint: str) -> str | None:
        shown = _SHOWN_SECRET.search(await self._console.command(f"pjsip show auth {endpoint}"))
        return None if shown is None else shown[1]

    async def _restore(self, before: Mapping[Path, str | None]) -> None:
        """What Asterisk had before."""
        write(self._etc, {path: text for path, text in before.items() if text is not None})
        for path, text in before.items():
            if text is None:
                (self._etc / path).unlink(missing_ok=True)
        for reload in ORDER:
            if reload in {reload_of(path) for path in before}:
                await self._console.command(reload)


def loaded(modules: str) -> set[str]:
    """The modules that this text of modules.conf loads."""
    return {*_LOADED.findall(modules)}


def reload_of(path: Path) -> str:
    """The command after which Asterisk has read this file."""
    if path.parts[0] in ("dialplan", "extensions.conf"):
        return RELOAD_DIALPLAN
    return {PJSIP: RELOAD_PJSIP, QUEUES: RELOAD_QUEUES, MANAGER: RELOAD_MANAGER}.get(path, RELOAD_ALL)
