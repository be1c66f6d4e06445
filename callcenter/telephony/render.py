"""Asterisk's configuration, rendered from the settings and the directory of numbers and telephones.

A value that could end a line, open a section or start a comment would inject configuration: every value is compared
with a pattern before it is rendered, and `RenderError` names the one that fails.
"""

import re
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callcenter.domain.ids import IN_BROWSER, OPERATORS
from callcenter.domain.phone import country_code, prefixes, rules, spellings
from callcenter.errors import RenderError
from callcenter.resources import ROOT
from callcenter.settings import Settings
from callcenter.telephony.rendered_files import write
from callcenter.telephony.shared import FOLDER, INCLUDED_IN, PREFIX, QUEUE, with_prefix
from callcenter.telephony.trunk_line import TrunkLine, require_valid

TEMPLATES = ROOT / "asterisk" / "templates"
DIALPLAN = ROOT / "dialplan"

EVENTS = (
    "FullyBooted",
    "UserEvent",
    "QueueCallerJoin",
    "QueueCallerAbandon",
    "AgentCalled",
    "AgentRingNoAnswer",
    "AttendedTransfer",
    "QueueMemberAdded",
    "QueueMemberStatus",
    "ContactStatus",
    "Hangup",
    "Registry",
)
"""The AMI events that the events account is sent; of 300 callers' 17,000 events about 2,000."""

EMERGENCY_NUMBERS = ("101", "102", "103", "104", "112")
"""What every telephone can dial: it is called, or refused with words."""

LANGUAGES = ("ru", "en")
"""Languages in which there are phrases for callers."""

ANSWER_S = 4
"""Seconds that a page which has its telephone back may take to answer by itself."""

# Paths as Asterisk sees them.
SOUNDS = "/var/lib/asterisk/sounds"
SPOOL = "/var/spool/asterisk/callcenter"
ANNOUNCEMENTS = f"{SPOOL}/announcements"

_NUMBER = re.compile(r"[0-9]{3,15}")
_ENDPOINT = re.compile(r"[a-z][a-z0-9-]{0,31}")
_FILE = re.compile(r"/[A-Za-z0-9._/-]{1,255}")
_ACCOUNT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_PATH = re.compile(r"/[A-Za-z0-9_./-]{1,200}")
_SECRET = re.compile(r"[A-Za-z0-9_.~!@%^*+=:,/?-]{1,128}")
_RESERVED_ENDPOINTS = frozenset(
    {
        "global",
        "system",
        "udp",
        "ws",
        "wss",
        "operator",
        "browser",
        "echo",
        "refused",
        "tcp",
        "tls",
        "trunk",
        "trunk-line",
        *(f"trunk-{digit}" for digit in range(10)),
        *("udp6", "tcp6", "tls6"),
    }
)
_EXTENSION = re.compile(r"[1-9][0-9]{1,4}")
_RESERVED_ACCOUNTS = frozenset({"general", "probe"})


@dataclass(frozen=True, slots=True)
class Directory:
    """What Asterisk must know of the companies and the operators.

    `numbers`: digits of each company number and the language (`ru`, `en`) its callers hear.
    `endpoints`: each operator's telephone and its SIP secret. `trunks`: in the order in which outbound calls try them; the
    settings' own is not among them. `extensions`: short numbers and the telephones that they are.
    """

    numbers: tuple[tuple[str, str], ...]
    endpoints: tuple[tuple[str, str], ...]
    trunks: tuple[TrunkLine, ...] = ()
    extensions: tuple[tuple[str, str], ...] = ()


def render(settings: Settings, directory: Directory, out: Path) -> None:
    """Write the whole configuration into `out`, which becomes /etc/asterisk.

    The same input gives the same bytes. Each file is replaced as a whole, and only when every one
    could be rendered. Raises `RenderError` for a value that is not allowed in a configuration file, and
    `ForeignFolder`.
    """
    write(out, texts(settings, directory))


def texts(settings: Settings, directory: Directory) -> dict[Path, str]:
    """The text of each file, by its path in /etc/asterisk. Raises `RenderError`."""
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, DIALPLAN]),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    dialplan = sorted(path.stem for path in DIALPLAN.glob("*.j2"))
    if settings.asterisk.shared and directory.trunks:
        raise RenderError(
            "trunks are the other PBX's here: give those of the page to another node, or put them out of use"
        )
    environment.tests["in_browser"] = lambda account: account.startswith(IN_BROWSER)
    values = {**_values(settings), **_directory_values(directory), "dialplan": dialplan}
    files = {Path(path.stem): path.name for path in TEMPLATES.glob("*.j2")}
    if settings.asterisk.shared:
        files = {path: name for path, name in files.items() if str(path) in INCLUDED_IN}
    files |= {Path("dialplan") / name: f"{name}.j2" for name in dialplan}
    made = {path: environment.get_template(name).render(values) for path, name in sorted(files.items())}
    if settings.asterisk.shared:
        made |= with_prefix({path: text for path, text in made.items() if path.parent.name})
    return made


def may_be_endpoint(name: str) -> bool:
    """Whether a telephone's account may have this name."""
    return _ENDPOINT.fullmatch(name) is not None and name not in _RESERVED_ENDPOINTS


def may_be_extension(number: str) -> bool:
    """Whether a person may have this short number: no emergency number, which every telephone can dial."""
    return _EXTENSION.fullmatch(number) is not None and number not in EMERGENCY_NUMBERS


def _values(settings: Settings) -> dict[str, object]:
    asterisk, ami = settings.asterisk, settings.ami
    bind = _address("asterisk.bind", asterisk.bind)
    ami_bind = _address("asterisk.ami_bind", asterisk.ami_bind)
    host = f"[{bind}]" if ":" in bind else bind
    accounts = {"ami.events_user": ami.events_user, "ami.actions_user": ami.actions_user}
    _unique("AMI account", tuple(accounts.values()), _RESERVED_ACCOUNTS)
    probe = asterisk.probe_secret
    return {
        "node": settings.node,
        "language": settings.language,
        **_names(settings),
        "spool": SPOOL,
        "announcements": ANNOUNCEMENTS,
        "events": EVENTS,
        "bind": bind,
        "bind_uri": host,
        "ipv6_address": asterisk.bind_ipv6 and f"[{_address('asterisk.bind_ipv6', asterisk.bind_ipv6)}]",
        "sip_port": asterisk.sip_port,
        "tls_port": asterisk.tls_port,
        "sip_address": f"{host}:{asterisk.sip_port}",
        "tls_address": f"{host}:{asterisk.tls_port}",
        **{name: _file(name, getattr(asterisk, name)) for name in ("tls_certificate", "tls_key", "tls_ca")},
        "external_address": asterisk.external_address
        and _address("asterisk.external_address", asterisk.external_address),
        "local_networks": _networks("asterisk.local_networks", asterisk.local_networks),
        "ws_port": asterisk.ws_port,
        "wss_port": asterisk.wss_port,
        "wss_certificate": _match("asterisk.wss_certificate", str(asterisk.wss_certificate or "/none"), _FILE),
        "wss_key": _match("asterisk.wss_key", str(asterisk.wss_key or "/none"), _FILE),
        "media_address": settings.browser_telephones.media_address,
        "in_browser": IN_BROWSER,
        "back_within_s": settings.browser_telephones.back_within_s,
        "answer_s": ANSWER_S,
        "languages": LANGUAGES,
        "browser_silent_s": settings.browser_telephones.silent_s,
        "rtp_start": asterisk.rtp_start,
        "rtp_end": asterisk.rtp_end,
        "telephone_transports": asterisk.telephone_transports,
        "telephone_srtp": asterisk.telephone_srtp,
        "trunk_addresses": _networks("asterisk.trunk_addresses", asterisk.trunk_addresses),
        "trunk_from_hosts": _from_hosts(asterisk.trunk_addresses),
        "trunk_codecs": asterisk.trunk_codecs,
        "dialled_number_in": asterisk.dialled_number_in,
        "trust_asserted_identity": asterisk.trust_asserted_identity,
        "country_code": country_code(settings.country),
        "number_rules": rules(settings.country),
        "emergency_numbers": asterisk.emergency_numbers,
        "all_emergency_numbers": EMERGENCY_NUMBERS,
        **dict(zip(("national_prefix", "exit_code"), prefixes(settings.country), strict=True)),
        "ami_bind": ami_bind,
        "ami_port": ami.port,
        "ami_permit": _networks("asterisk.ami_permit", asterisk.ami_permit),
        **{name.removeprefix("ami."): _match(name, value, _ACCOUNT) for name, value in accounts.items()},
        "events_secret": _match("ami.events_secret", ami.events_secret.get_secret_value(), _SECRET),
        "actions_secret": _match("ami.actions_secret", ami.actions_secret.get_secret_value(), _SECRET),
        "probe_secret": _match("asterisk.probe_secret", probe.get_secret_value(), _SECRET)
        if probe is not None
        else None,
        "ring_s": settings.queueing.ring_s,
        "max_wait_s": settings.queueing.max_wait_s,
        "music_up_to": settings.queueing.music_up_to,
        "place_up_to": settings.queueing.place_up_to,
        "turn_ms": 1000 // settings.queueing.answers_per_s,
        "wrap_up_s": settings.queueing.wrap_up_s,
        "announce_every_s": settings.queueing.announce_every_s,
    }


def _names(settings: Settings) -> dict[str, object]:
    """What is called otherwise in an Asterisk that another PBX configures, so as not to be taken for something of its own."""
    if not settings.asterisk.shared:
        own = {"prefix": "", "folder": "", "node_of_id": "", "queue": OPERATORS, "music": "music", "sounds": SOUNDS}
        return {"shared": False, **own}
    return {
        "shared": True,
        "prefix": PREFIX,
        "folder": f"{FOLDER}/",
        # Unless its administrator gave it a name, which its uniqueids begin with then.
        "node_of_id": f'${{IF($["${{SYSTEMNAME}}" = ""]?{settings.node}-)}}',
        "queue": QUEUE,
        # Every Asterisk has this class, and the other PBX its own music in it.
        "music": "default",
        "sounds": f"{SOUNDS}/{FOLDER}",
    }


def _directory_values(directory: Directory) -> dict[str, object]:
    for number, language in directory.numbers:
        _match("a company number", number, _NUMBER)
        if language not in LANGUAGES:
            raise RenderError(f"the language of {number} must be one of {', '.join(LANGUAGES)}")
    for endpoint, secret in directory.endpoints:
        _match("an endpoint", endpoint, _ENDPOINT)
        _match(f"the SIP secret of {endpoint}", secret, _SECRET)
    _unique("company number", tuple(number for number, _ in directory.numbers))
    _unique("endpoint", tuple(endpoint for endpoint, _ in directory.endpoints), _RESERVED_ENDPOINTS)
    accounts = {endpoint for endpoint, _ in directory.endpoints}
    for extension, endpoint in directory.extensions:
        _match("an extension", extension, _EXTENSION)
        if endpoint not in accounts:
            raise RenderError(f"the extension {extension} is of no telephone")
    _unique("extension", tuple(extension for extension, _ in directory.extensions), frozenset(EMERGENCY_NUMBERS))
    numbers = sorted(directory.numbers)
    # As it is written first: no other form of a number takes that of another.
    spelt = {number: number for number, _ in numbers}
    for number, _ in numbers:
        spelt = dict.fromkeys(spellings(number), number) | spelt
    require_valid(directory.trunks)
    extensions = dict(directory.extensions)
    return {
        "numbers": numbers,
        # A short number goes before one of a company that happens to be the same.
        "spelt_numbers": sorted((form, number) for form, number in spelt.items() if form not in extensions),
        "colleagues": [*((endpoint, endpoint) for endpoint in sorted(accounts)), *sorted(extensions.items())],
        "extension_of": {endpoint: extension for extension, endpoint in extensions.items()},
        "endpoints": sorted(directory.endpoints),
        "trunks": directory.trunks,
        "out_trunks": [trunk for trunk in directory.trunks if trunk.calls_out],
        "trunk_networks": sorted({network for trunk in directory.trunks for network in trunk.networks}),
        "trunk_transports": {trunk.transport.value for trunk in directory.trunks},
    }


def _match(name: str, value: str, pattern: re.Pattern[str]) -> str:
    """The value itself is not repeated in the error: it may be a secret."""
    if not pattern.fullmatch(value):
        raise RenderError(f"{name} must match {pattern.pattern}")
    return value


def _unique(kind: str, values: tuple[str, ...], reserved: frozenset[str] = frozenset()) -> None:
    for value, times in Counter(values).items():
        if times > 1 or value in reserved:
            raise RenderError(f"the {kind} {value} is {'given twice' if times > 1 else 'a reserved name'}")


def _address(name: str, value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise RenderError(f"{name} must be an IP address") from None


def _file(name: str, path: Path | None) -> str:
    return "" if path is None else _match(f"asterisk.{name}", str(path), _PATH)


def _networks(name: str, values: tuple[str, ...]) -> list[str]:
    try:
        return [str(ip_network(value)) for value in values]
    except ValueError:
        raise RenderError(f"{name} must be IP addresses or networks") from None


def _from_hosts(networks: tuple[str, ...]) -> list[str]:
    """Patterns of the addresses in those networks of IPv4 whose mask ends between two numbers."""
    found = [ip_network(each) for each in networks]
    return [
        "[.]".join(
            [*str(each.network_address).split(".")[: each.prefixlen // 8], *["[0-9]+"] * (4 - each.prefixlen // 8)]
        )
        for each in found
        if each.version == 4 and each.prefixlen % 8 == 0
    ]
