"""`callcenter doctor`: Asterisk, its version, configuration, modules, queue members and telephones."""

import re
from tempfile import TemporaryFile

import asyncpg

from callcenter import app
from callcenter.calls import startup
from callcenter.cli.checks import PATIENCE_S, CheckFailed, CheckWarning, connected, logged_in
from callcenter.cli.trunks import examine_trunks
from callcenter.common.secret_box import SecretBox
from callcenter.domain.events import Presence
from callcenter.domain.ids import OPERATORS, Interface, NodeName
from callcenter.domain.operator import Operator
from callcenter.errors import TelephonyError
from callcenter.settings import Settings
from callcenter.storage import require_schema
from callcenter.telephony import render
from callcenter.telephony.configuration import MODULES, RunningConfiguration, loaded
from callcenter.telephony.connection import Account
from callcenter.telephony.console import Console
from callcenter.telephony.framing import text
from callcenter.telephony.owned_folder import ForeignFolder, refuse_foreign
from callcenter.telephony.parse import REACHABLE
from callcenter.telephony.rendered_files import differing
from callcenter.telephony.shared import QUEUE
from callcenter.telephony.version import OLDEST, known_fault, new_enough

MOST_NAMED = 8
"""Files, numbers or telephones that a finding names."""
_RUNNING = re.compile(r"^(\S+\.so)\s.*\sRunning\s", re.MULTILINE)


async def events_account(settings: Settings) -> str:
    """Whether the account that hears events is let in."""
    return await _account(settings, Account.EVENTS)


async def actions_account(settings: Settings) -> str:
    """Whether the account that commands is let in."""
    return await _account(settings, Account.ACTIONS)


async def _account(settings: Settings, account: Account) -> str:
    async with logged_in(settings, account) as ami:
        await ami.action("Ping")
    return f"logged in at {settings.ami.host}:{settings.ami.port}"


async def version(settings: Settings) -> str:
    """Whether this Asterisk does what is needed, and is none of which a fault is known."""
    async with logged_in(settings) as ami:
        found = text(await ami.action("CoreSettings"), "AsteriskVersion")
    enough = new_enough(found)
    oldest = ", ".join(f"{branch}.{release}" for branch, release in OLDEST.items())
    if enough is None:
        raise CheckWarning(f"its version, {found[:40]}, has no numbers; {oldest} or newer is needed")
    if not enough:
        raise CheckFailed(
            f"version {found[:40]} does not know the event filters of manager.conf, so the service is sent every event;"
            f" install {oldest} or newer"
        )
    if fault := known_fault(found):
        raise CheckWarning(f"version {found[:40]}: {fault}")
    return f"version {found[:40]}"


async def folder(settings: Settings) -> str:
    """Whether the node can write the configuration and reach the control socket."""
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


async def configuration(settings: Settings) -> str:
    """Whether the files are what the settings and the pages make of them, and Asterisk knows what is in them."""
    async with connected(settings) as connection:
        await require_schema(connection)
        directory = await _directory(connection, settings)
    wanted = render.texts(settings, directory)
    if other := sorted(map(str, differing(settings.asterisk.etc, wanted))):
        raise CheckFailed(
            f"{_some(other)} in {settings.asterisk.etc} are not what the settings and the pages make of them: somebody"
            " edited them, or the node did not start with these settings. Restart the node, which writes them again"
        )
    if missing := await RunningConfiguration(settings).missing(directory, wanted):
        raise CheckFailed(
            f"Asterisk does not know, or knows otherwise: {_some(missing)}. It has not read its files: `asterisk -rx 'core"
            " reload'`, and look into its log for what it refuses"
        )
    return f"{len(wanted)} files as they should be, {len(directory.numbers)} numbers and {len(directory.endpoints)} telephones known"


async def modules(settings: Settings) -> str:
    """Whether every module runs that the configuration loads."""
    try:
        wanted = loaded((settings.asterisk.etc / MODULES).read_text())
    except FileNotFoundError:
        return "those of the PBX that Asterisk belongs to" if settings.asterisk.shared else "no modules.conf"
    running = set(_RUNNING.findall(await Console(settings.asterisk.control, PATIENCE_S).command("module show")))
    if missing := sorted(wanted - running):
        raise CheckFailed(
            f"not running: {_some(missing)}. `asterisk -rx 'module load {missing[0]}'` says why; if there is no such file,"
            " install the package of Asterisk that has it, then restart Asterisk"
        )
    return f"all {len(wanted)} run"


async def trunks(settings: Settings) -> str:
    """Whether the trunks work at this node."""
    async with connected(settings) as connection:
        await require_schema(connection)
        return await examine_trunks(connection, settings.node)


async def members(settings: Settings) -> str:
    """Whether Asterisk rings those who want calls, and nobody else; and whether their telephones can be reached."""
    async with connected(settings) as connection:
        await require_schema(connection)
        wanted = {each.interface: each for each in await startup.operators(connection, NodeName(settings.node))}
    queue = QUEUE if settings.asterisk.shared else OPERATORS
    async with logged_in(settings) as ami:
        rows = [row for row in await ami.listing("QueueStatus", Queue=queue) if text(row, "Event") == "QueueMember"]
    paused = {Interface(text(row, "Location")): text(row, "Paused") == "1" for row in rows}
    may_wrap_up = settings.queueing.wrap_up_s > 0
    if wrong := _unlike(wanted, paused, may_wrap_up):
        raise CheckFailed(
            f"{_some(wrong)}. The node sets the queue's members when it connects: restart it, and look into its log for"
            " commands that Asterisk refused"
        )
    takers = [each for each in wanted.values() if each.wanted is Presence.AVAILABLE]
    there = {Interface(text(row, "Location")) for row in rows if text(row, "Status") in REACHABLE}
    away = sorted(_account_of(each) for each in takers if each.interface not in there)
    said = f"{len(takers)} operators take calls, as many does Asterisk ring"
    if away and len(away) == len(takers):
        raise CheckFailed(
            f"no telephone of the {len(takers)} who take calls is registered: {_some(away)}. Are they on, and does"
            f" SIP reach {settings.asterisk.bind}:{settings.asterisk.sip_port}? See `pjsip show contacts` in Asterisk"
        )
    if away:
        raise CheckWarning(f"{said}; not registered are the telephones {_some(away)}, which get no call")
    return said


def _unlike(wanted: dict[Interface, Operator], paused: dict[Interface, bool], may_wrap_up: bool) -> list[str]:
    """Who is in the queue and should not be, or the other way round. Of a wrap-up only the node knows."""
    found = []
    for interface, operator in sorted(wanted.items()):
        name = _account_of(operator)
        there = interface in paused
        if operator.wanted is Presence.OFFLINE:
            if there:
                found.append(f"{name} is offline and Asterisk rings it")
        elif not there:
            found.append(f"{name} is {operator.wanted} and is not in Asterisk's queue")
        elif operator.wanted is Presence.PAUSED and not paused[interface]:
            found.append(f"{name} is paused and Asterisk rings it")
        elif operator.wanted is Presence.AVAILABLE and paused[interface] and not may_wrap_up:
            found.append(f"{name} takes calls and Asterisk has it on pause")
    found += [
        f"{interface} is nobody's telephone and in Asterisk's queue" for interface in sorted(paused.keys() - wanted)
    ]
    return found


async def _directory(connection: asyncpg.Connection, settings: Settings) -> render.Directory:
    return await app.asterisk_directory(connection, NodeName(settings.node), SecretBox(settings.secrets))


def _account_of(operator: Operator) -> str:
    return operator.interface.partition("/")[2]


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
