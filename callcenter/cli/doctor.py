"""`callcenter doctor`: checks every part as the program would use it, and says how to fix what fails."""

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryFile

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from callcenter.common.delivery import NotDelivered
from callcenter.common.smtp import MailServer
from callcenter.errors import CallcenterError, TelephonyError
from callcenter.recordings.spool import being_written
from callcenter.recordings.store import Store
from callcenter.settings import Settings
from callcenter.speech.engines import ENGINES, find_engine
from callcenter.speech.languages import WORDS
from callcenter.storage import AWAY, connect, require_schema
from callcenter.telephony.connection import Account, AmiConnection
from callcenter.telephony.console import Console

PATIENCE_S = 5.0
FREE_BYTES = 2 * 1024**3


class CheckFailed(CallcenterError):
    """What is wrong, and how to fix it."""


class CheckWarning(CallcenterError):
    """What works but is not as it should be, and how to fix it."""


async def examine(settings: Settings) -> int:
    """Print a line for each part; return 0 when none of them fails, otherwise 1."""
    examinations: Mapping[str, Callable[[Settings], Awaitable[str]]] = {
        "PostgreSQL": _database,
        "AMI, events": lambda settings: _ami(settings, Account.EVENTS),
        "AMI, actions": lambda settings: _ami(settings, Account.ACTIONS),
        "Asterisk, configuration": _configuration,
        "ledger": _ledger,
        "spool": _spool,
        "S3 store": _store,
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


async def lock_bucket(settings: Settings) -> int:
    """Turn object lock on for the bucket of the recordings; return 0."""
    store = Store(settings.s3)
    try:
        await store.turn_locks_on()
    finally:
        store.close()
    print(f"bucket {settings.s3.bucket} can lock its objects")
    return 0


async def _database(settings: Settings) -> str:
    try:
        connection = await asyncio.wait_for(connect(settings.database), PATIENCE_S)
    except AWAY as problem:
        raise CheckFailed(f"{problem}; is the server up, and is CALLCENTER_DATABASE__URL right?") from None
    try:
        await require_schema(connection)
        queues = await connection.fetchval("select count(*) from numbers")
        if queues == 0:
            raise CheckFailed("there are no companies yet; enter one, on the page Directory")
        return f"answers, schema up to date, {queues} company numbers"
    finally:
        connection.terminate()


async def _ami(settings: Settings, account: Account) -> str:
    where = f"{settings.ami.host}:{settings.ami.port}"
    # Without an answer the connection would retry for ever.
    _reader, writer = await _dial(settings.ami.host, settings.ami.port, where)
    writer.close()
    connection = AmiConnection(account, settings.ami)
    running = asyncio.create_task(connection.run())
    try:
        await asyncio.wait_for(connection.wait_connected(), PATIENCE_S)
        await connection.action("Ping")
    except TimeoutError:
        raise CheckFailed(
            f"{where} answers but refuses the account for {account}: its secret in CALLCENTER_AMI__… is not"
            " the one in manager.conf (`callcenter render-asterisk`, then restart Asterisk), or our address is not in"
            " CALLCENTER_ASTERISK__AMI_PERMIT"
        ) from None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return f"logged in at {where}"


async def _dial(host: str, port: int, where: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.wait_for(asyncio.open_connection(host, port), PATIENCE_S)
    except (OSError, TimeoutError) as problem:
        raise CheckFailed(f"nothing at {where} ({problem}); is Asterisk up, and CALLCENTER_AMI__PORT right?") from None


async def _configuration(settings: Settings) -> str:
    etc, control = settings.asterisk.etc, settings.asterisk.control
    try:
        with TemporaryFile(dir=etc):
            pass
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


async def _store(settings: Settings) -> str:
    store = Store(settings.s3)
    try:
        await store.check()
        locks = await store.locks()
    finally:
        store.close()
    where = f"bucket {settings.s3.bucket} at {settings.s3.endpoint}"
    if settings.s3.lock_mode == "none":
        return f"{where}; CALLCENTER_S3__LOCK_MODE=none: anybody who has its keys can remove recordings"
    if not locks:
        raise CheckWarning(
            f"{where} was made without object lock, so anybody who has its keys can remove recordings. Turn on"
            " its versions and object lock (`callcenter lock-bucket`); existing objects are then locked too"
        )
    return f"{where}, {settings.s3.lock_mode} object lock"


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
