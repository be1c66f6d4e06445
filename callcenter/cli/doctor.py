"""`callcenter doctor`: tries every part as the program uses it, and says how to fix what fails."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from callcenter.cli import doctor_asterisk, doctor_database, doctor_disks, doctor_processes
from callcenter.cli.bucket import examine_store
from callcenter.cli.checks import PATIENCE_S, CheckFailed, CheckWarning
from callcenter.common.delivery import NotDelivered
from callcenter.common.smtp import MailServer
from callcenter.errors import CallcenterError
from callcenter.settings import Settings
from callcenter.speech.engines import ENGINES, find_engine
from callcenter.speech.languages import WORDS

EXAMINED_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Examination:
    """One line of the report. `needs`: names of others; when one of them fails, this one says nothing new."""

    name: str
    work: Callable[[Settings], Awaitable[str]]
    needs: tuple[str, ...] = ()


async def examine(settings: Settings) -> int:
    """Print a line for each part; return 0 when none of them fails, otherwise 1."""
    failed: set[str] = set()
    for each in EXAMINATIONS:
        if lacking := [name for name in each.needs if name in failed]:
            print(f"-     {each.name}: not examined without {lacking[0]}")
            continue
        try:
            async with asyncio.timeout(EXAMINED_WITHIN_S):
                finding = await each.work(settings)
        except CheckWarning as concern:
            print(f"warn  {each.name}: {concern}")
        except (CallcenterError, OSError) as problem:
            # A TimeoutError is an OSError.
            failed.add(each.name)
            print(f"FAIL  {each.name}: {str(problem) or 'no answer'}")
        else:
            print(f"ok    {each.name}: {finding}")
    return 1 if failed else 0


async def _mail(settings: Settings) -> str:
    smtp = settings.smtp
    if smtp.host is None:
        return "no server is set, so no e-mail is sent"
    where = f"{smtp.host}:{smtp.port}"
    try:
        await MailServer(smtp).check()
    except (NotDelivered, OSError) as problem:
        raise CheckFailed(f"{where}: {problem}; are the settings CALLCENTER_SMTP__… right?") from None
    return f"{where} accepts e-mail" + ("" if smtp.user is None else ", logged in")


async def _voices(settings: Settings) -> str:
    found = []
    for language, name in (("ru", settings.speech.russian), ("en", settings.speech.english)):
        engine = await find_engine(name, settings.speech)
        await engine.speak(WORDS[language].number(1), language)
        if engine.name != name:
            raise CheckWarning(f"{engine.name} speaks {language}, since {name} is missing: {ENGINES[name].hint}")
        found.append(f"{name} for {language}")
    return ", ".join(found)


async def _web(settings: Settings) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.web.host, settings.web.port))
        except OSError:
            return await _running_web(settings)
    return f"{settings.web.host}:{settings.web.port} is free"


async def _running_web(settings: Settings) -> str:
    where = f"{settings.web.host}:{settings.web.port}"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.web.host, settings.web.host)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_S)) as http,
            http.get(f"http://{host}:{settings.web.port}/metrics", raise_for_status=True) as answer,
        ):
            families = list(text_string_to_metric_families(await answer.text()))
    except TimeoutError:
        raise CheckFailed(
            f"{where} takes connections and does not answer: what listens there hangs; restart it"
        ) from None
    except (aiohttp.ClientError, ValueError):
        return f"{where} is in use, by this program it is hoped"
    peers = sorted(
        sample.labels["peer"]
        for family in families
        for sample in family.samples
        if sample.name == "callcenter_untrusted_forwarded_total" and sample.value
    )
    if peers:
        raise CheckWarning(
            f"requests come to {where} with X-Forwarded-For from {', '.join(peers)}, which is no trusted proxy: all people"
            " behind it count as one address. If it is your proxy, name its network in CALLCENTER_WEB__TRUSTED_PROXIES"
        )
    return f"{where} is served"


_DATABASE, _AMI, _CONSOLE = "PostgreSQL", "AMI, actions", "Asterisk, control socket"

EXAMINATIONS = (
    Examination(_DATABASE, doctor_database.database),
    Examination("PostgreSQL, rights", doctor_database.rights, (_DATABASE,)),
    Examination("walls between companies", doctor_database.walls, (_DATABASE,)),
    Examination("companies", doctor_database.companies, (_DATABASE,)),
    Examination("personal data", doctor_database.personal_data, (_DATABASE,)),
    Examination("secrets", doctor_database.secrets, (_DATABASE,)),
    Examination("processes", doctor_processes.processes, (_DATABASE,)),
    Examination("AMI, events", doctor_asterisk.events_account),
    Examination(_AMI, doctor_asterisk.actions_account),
    Examination(_CONSOLE, doctor_asterisk.folder),
    Examination("Asterisk", doctor_asterisk.version, (_AMI,)),
    Examination("Asterisk, modules", doctor_asterisk.modules, (_CONSOLE,)),
    Examination("Asterisk, configuration", doctor_asterisk.configuration, (_DATABASE, _CONSOLE)),
    Examination("operators", doctor_asterisk.members, (_DATABASE, _AMI)),
    Examination("trunks", doctor_asterisk.trunks, (_DATABASE,)),
    Examination("clocks", doctor_processes.clocks, (_DATABASE, _AMI)),
    Examination("ledger", doctor_disks.ledger, (_DATABASE,)),
    Examination("spool", doctor_disks.spool),
    Examination("S3 store", examine_store),
    Examination("e-mail", _mail),
    Examination("voices", _voices),
    Examination("web port", _web),
)
