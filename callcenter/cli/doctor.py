"""`callcenter doctor`: checks every part as the program would use it, and says how to fix what fails."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryFile

import aiohttp
import asyncpg
from panoramisk.message import Message
from prometheus_client.parser import text_string_to_metric_families

from callcenter.cli.bucket import examine_store
from callcenter.cli.checks import CheckFailed, CheckWarning
from callcenter.cli.trunks import examine_trunks
from callcenter.common.delivery import NotDelivered
from callcenter.common.secret_box import SecretBox, require_readable
from callcenter.common.smtp import MailServer
from callcenter.errors import CallcenterError, TelephonyError
from callcenter.pooler import require_own_session
from callcenter.recordings.spool import being_written
from callcenter.settings import Settings
from callcenter.speech.engines import ENGINES, find_engine
from callcenter.speech.languages import WORDS
from callcenter.storage import AWAY, connect, queries, require_schema
from callcenter.telephony.connection import Account, AmiConnection
from callcenter.telephony.console import Console
from callcenter.telephony.framing import text
from callcenter.telephony.owned_folder import ForeignFolder, refuse_foreign
from callcenter.telephony.version import OLDEST, new_enough

PATIENCE_S = 5.0
FREE_BYTES = 2 * 1024**3
EXCESS = {
    "is_superuser": "is a superuser",
    "bypasses": "bypasses row-level security",
    "makes_roles": "can make roles",
    "is_owner": "owns the tables",
}


async def examine(settings: Settings) -> int:
    """Print a line for each part; return 0 when none of them fails, otherwise 1."""
    examinations: Mapping[str, Callable[[Settings], Awaitable[str]]] = {
        "PostgreSQL": _database,
        "PostgreSQL, rights": _rights,
        "secrets": _secrets,
        "AMI, events": lambda settings: _ami(settings, Account.EVENTS),
        "AMI, actions": lambda settings: _ami(settings, Account.ACTIONS),
        "Asterisk, configuration": _configuration,
        "Asterisk": _asterisk,
        "trunks": _trunks,
        "ledger": _ledger,
        "spool": _spool,
        "S3 store": examine_store,
        "e-mail": _mail,
        "voices": _voices,
        "web port": _web,
    }
    failed = 0
    for name, examination in examinations.items():
        try:
            async with asyncio.timeout(4 * PATIENCE_S):
                finding = await examination(settings)
        except CheckWarning as concern:
            print(f"warn  {name}: {concern}")
        except (CallcenterError, TimeoutError) as problem:
            failed += 1
            print(f"FAIL  {name}: {problem or 'no answer'}")
        else:
            print(f"ok    {name}: {finding}")
    return 1 if failed else 0


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncio.wait_for(connect(settings.database), PATIENCE_S)
    except AWAY as problem:
        raise CheckFailed(f"{problem}; is the server up, and is CALLCENTER_DATABASE__URL right?") from None
    try:
        yield connection
    finally:
        connection.terminate()


async def _database(settings: Settings) -> str:
    async with _connected(settings) as connection:
        await require_schema(connection)
        queues = await connection.fetchval("select count(*) from numbers")
        if queues == 0:
            raise CheckFailed("there are no companies yet; enter one, on the page Directory")
    await require_own_session(lambda: connect(settings.database))
    return f"answers, schema up to date, {queues} company numbers"


async def _rights(settings: Settings) -> str:
    async with _connected(settings) as connection:
        row = await connection.fetchrow(queries("roles")["excess"])
    assert row is not None
    excess = [words for column, words in EXCESS.items() if row[column]]
    if excess:
        raise CheckWarning(
            f"the service's login {row['login']} {' and '.join(excess)}. Name a login of its own in"
            " CALLCENTER_DATABASE__URL, and this one in CALLCENTER_DATABASE__OWNER_URL for `callcenter migrate`, which makes"
            " the other (docs/access.md)"
        )
    return f"the service's login {row['login']} can read and write rows, and change nothing else"


async def _secrets(settings: Settings) -> str:
    async with _connected(settings) as connection:
        await require_schema(connection)
        old = await require_readable(connection, SecretBox(settings.secrets))
    if old:
        raise CheckWarning(
            f"{old} secrets are not encrypted with the first key of CALLCENTER_SECRETS__KEYS: `callcenter rotate-secrets`"
        )
    return "all are encrypted with the first key of CALLCENTER_SECRETS__KEYS"


async def _ami(settings: Settings, account: Account) -> str:
    await _action(settings, account, "Ping")
    return f"logged in at {settings.ami.host}:{settings.ami.port}"


async def _asterisk(settings: Settings) -> str:
    version = text(await _action(settings, Account.ACTIONS, "CoreSettings"), "AsteriskVersion")
    enough = new_enough(version)
    oldest = ", ".join(f"{branch}.{release}" for branch, release in OLDEST.items())
    if enough is None:
        raise CheckWarning(f"its version, {version[:40]}, has no numbers; {oldest} or newer is needed")
    if not enough:
        raise CheckFailed(
            f"version {version[:40]} does not know the event filters of manager.conf, so the service is sent every event;"
            f" install {oldest} or newer"
        )
    return f"version {version[:40]}"


async def _action(settings: Settings, account: Account, name: str) -> Message:
    where = f"{settings.ami.host}:{settings.ami.port}"
    # Without an answer the connection would retry for ever.
    _reader, writer = await _dial(settings.ami.host, settings.ami.port, where)
    writer.close()
    connection = AmiConnection(account, settings.ami)
    running = asyncio.create_task(connection.run())
    try:
        await asyncio.wait_for(connection.wait_connected(), PATIENCE_S)
        return await connection.action(name)
    except TimeoutError:
        raise CheckFailed(
            f"{where} answers but refuses the account for {account}: its secret in CALLCENTER_AMI__… is not"
            " the one in manager.conf (`callcenter render-asterisk`, then restart Asterisk), or our address is not in"
            " CALLCENTER_ASTERISK__AMI_PERMIT"
        ) from None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _dial(host: str, port: int, where: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.wait_for(asyncio.open_connection(host, port), PATIENCE_S)
    except (OSError, TimeoutError) as problem:
        raise CheckFailed(f"nothing at {where} ({problem}); is Asterisk up, and CALLCENTER_AMI__PORT right?") from None


async def _configuration(settings: Settings) -> str:
    etc, control = settings.asterisk.etc, settings.asterisk.control
    try:
        refuse_foreign(etc)
        with TemporaryFile(dir=etc):
            pass
    except ForeignFolder as problem:
        raise CheckFailed(str(problem)) from None
    except OSError as problem:
        raise CheckFailed(
            f"{problem}; run this as Asterisk's user, and let CALLCENTER_ASTERISK__ETC name the folder of its configuration"
        ) from None
    try:
        await Console(control, PATIENCE_S).command("core show version")
    except TelephonyError as problem:
        raise CheckFailed(
            f"{problem}; is Asterisk up, is this its user, and CALLCENTER_ASTERISK__CONTROL right?"
        ) from None
    return f"{etc} can be written, {control} answers"


async def _trunks(settings: Settings) -> str:
    async with _connected(settings) as connection:
        await require_schema(connection)
        return await examine_trunks(connection, settings.node)


async def _ledger(settings: Settings) -> str:
    path = settings.asterisk.queue_log
    if not path.exists():
        raise CheckFailed(
            f"{path} does not exist; Asterisk creates it at its first start; is CALLCENTER_ASTERISK__QUEUE_LOG right?"
        )
    try:
        with path.open("rb"):
            return f"{path} can be read"
    except OSError as problem:
        raise CheckFailed(f"{problem}; this program must be allowed to read it") from None


async def _spool(settings: Settings) -> str:
    root = settings.asterisk.spool
    for folder in (root / "rec", root / "ready"):
        if not folder.is_dir():
            raise CheckFailed(
                f"{folder} does not exist; CALLCENTER_ASTERISK__SPOOL must name Asterisk's recording folder"
            )
        _try_writing(folder)
    free = shutil.disk_usage(root).free
    if free < FREE_BYTES:
        raise CheckFailed(f"only {free // 2**20} MB free below {root}; a thousand minutes of talk need about 1,000 MB")
    return f"{root} can be written, {free // 2**30} GB free"


def _try_writing(folder: Path) -> None:
    probe = folder / ".doctor"
    try:
        probe.touch()
        being_written(probe)
        probe.unlink()
    except OSError as problem:
        raise CheckFailed(
            f"{problem}; this program must be allowed to remove recordings once they are stored,"
            " and the folder must be on a local disk"
        ) from None


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
    except (aiohttp.ClientError, TimeoutError, ValueError):
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
