"""One frozen settings object, read once from the environment and optional files.

`CALLCENTER_AMI__PORT=5038` sets `ami.port`, `CALLCENTER_AMI__EVENTS_SECRET_FILE=/run/secrets/ami` what is in that file; the
files named by `CALLCENTER_ENV_FILE`, if any, separated by colons, hold the same names, one a line. What is not set has
the default written here. There is no default for anything secret.
"""

import os
import re
import sys
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import idna
from dotenv import dotenv_values
from phonenumbers import SUPPORTED_REGIONS
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyAddress,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from callcenter import variables
from callcenter.errors import SettingsError

Port = Annotated[int, Field(ge=1, le=65535)]
Loaded = TypeVar("Loaded", bound=BaseSettings)

_VOICE = r"^[a-z][a-z0-9-]{0,39}$"
_FROM_ENVIRONMENT = SettingsConfigDict(
    env_prefix="CALLCENTER_", env_nested_delimiter="__", frozen=True, extra="ignore", env_ignore_empty=True
)


class SettingsSection(BaseModel):
    """A group of settings; an unknown name in it is an error, since it is usually a typing error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(SettingsSection):
    """PostgreSQL 15 or newer."""

    url: SecretStr = Field(description="DSN of the service, `postgresql://user:password@host:port/name`")
    owner_url: SecretStr | None = Field(
        None,
        description="DSN of the tables' owner, for `callcenter migrate` alone: give it to no other process; without it "
        "the service's own, which then may do everything",
    )
    pool_size: int = Field(8, ge=2, le=100, description="connections for reading, in addition to the writer's own")

    def of_owner(self) -> Self:
        """The same database, as the owner of its tables."""
        return self.model_copy(update={"url": self.owner_url or self.url})


class AmiSettings(SettingsSection):
    """The Asterisk Manager Interface: one account reads events, another sends actions."""

    host: str = Field("127.0.0.1", description="address of Asterisk's manager interface")
    port: Port = Field(5038, description="its TCP port")
    events_user: str = Field("callcenter-events", description="account that only reads events")
    events_secret: SecretStr = Field(description="its secret")
    actions_user: str = Field("callcenter-actions", description="account that only sends actions")
    actions_secret: SecretStr = Field(description="its secret")
    action_timeout_s: float = Field(5.0, gt=0, description="seconds an action may take before it counts as failed")
    ping_every_s: float = Field(5.0, gt=0, description="seconds between pings; two unanswered ones end the connection")
    backoff_max_s: float = Field(1.0, gt=0, description="seconds between attempts to reconnect, at most")


class AsteriskSettings(SettingsSection):
    """What the Asterisk configuration is rendered from, and where its files are seen by us."""

    spool: Path = Field(
        Path("/var/spool/asterisk/callcenter"),
        description="folder with `rec/` (being recorded) and `ready/` (complete), as this program sees it",
    )
    queue_log: Path = Field(Path("/var/log/asterisk/queue_log"), description="the ledger, as this program sees it")
    etc: Path = Field(
        Path("/etc/asterisk"),
        description="folder of Asterisk's configuration, as this program sees it; the node writes it",
    )
    shared: bool = Field(
        False,
        description="this Asterisk belongs to another PBX, such as FreePBX: only files that it includes are rendered, and "
        "its own are left alone (docs/beside-a-pbx.md)",
    )
    control: Path = Field(
        Path("/run/asterisk/asterisk.ctl"),
        description="Asterisk's control socket, as this program sees it; only for Asterisk's own user",
    )
    bind: str = Field("127.0.0.1", description="address for SIP and the TLS port of telephones in browsers")
    bind_ipv6: str | None = Field(
        None, description="IPv6 address for SIP beside that one, by which trunks with an IPv6 address are reached"
    )
    ami_bind: str = Field(
        "127.0.0.1",
        description="address on which Asterisk's manager interface listens: another than loopback only for a node on "
        "another machine",
    )
    ami_permit: tuple[str, ...] = Field(
        ("127.0.0.1/32",), description="JSON list of networks from which AMI accounts may log in"
    )
    sip_port: Port = Field(5060, description="UDP port for SIP, and TCP port where a trunk or a telephone uses TCP")
    tls_port: Port = Field(5061, description="TCP port for SIP over TLS, where a trunk or a telephone uses it")
    telephone_address: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9.:-]{1,253}$",
        description="host name or address at which telephones find Asterisk, as their links say; without it "
        "`external_address`, else `bind`",
    )
    telephone_transports: tuple[Literal["tcp", "tls"], ...] = Field(
        (), description="JSON list of how telephones may register beside UDP: `tcp`, `tls`"
    )
    telephone_srtp: Literal["no", "optional", "required"] = Field(
        "no",
        description="encrypted sound (SRTP) of telephones that are not in a browser: `optional` where a telephone offers it. "
        "Its keys are in the SIP messages, so it is worth something with TLS only",
    )
    tls_certificate: Path | None = Field(
        None,
        description="certificate of Asterisk for SIP over TLS, in PEM, as Asterisk sees it; without it Asterisk only "
        "connects to others",
    )
    tls_key: Path | None = Field(None, description="its private key")
    tls_ca: Path | None = Field(
        None,
        description="certificates by which a telephone company's is verified, in PEM, as Asterisk sees it; without it "
        "none is",
    )
    external_address: str | None = Field(
        None, description="our address on the Internet, where Asterisk is behind a router that translates addresses"
    )
    local_networks: tuple[str, ...] = Field(
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"),
        description="JSON list of networks that are reached without that router, and see our own address",
    )
    emergency_numbers: tuple[Annotated[str, Field(pattern=r"^(10[1-4]|112)$")], ...] = Field(
        ("112",),
        description="JSON list of the emergency numbers (`101` to `104`, `112`) that every telephone may call, by any trunk, "
        "whatever the rules and limits say; the others are refused with words",
    )
    ws_port: Port = Field(
        8088, description="TCP port on 127.0.0.1 for the WebSocket of telephones in browsers, without TLS: for a proxy"
    )
    wss_port: Port | None = Field(
        None, description="TCP port for the same with TLS, ended by Asterisk; without it a proxy must be in front"
    )
    wss_certificate: Path | None = Field(
        None, description="certificate for that port with its chain, in PEM, as Asterisk sees it"
    )
    wss_key: Path | None = Field(None, description="its key, in PEM, as Asterisk sees it")
    rtp_start: Port = Field(10000, description="first UDP port for audio; two are used per call leg")
    rtp_end: Port = Field(30000, description="last UDP port for audio")
    trunk_addresses: tuple[str, ...] = Field(
        ("127.0.0.2",),
        description="JSON list of addresses or networks that count as the telephone company: a first trunk beside those "
        "of the page",
    )
    trunk_codecs: tuple[Literal["alaw", "ulaw"], ...] = Field(
        ("alaw",),
        min_length=1,
        description="JSON list of the telephone company's codecs, the preferred one first: `alaw`, `ulaw`. With two, "
        "Asterisk up to 22.10.1 drops talks in which the company changes from one to the other; with one it refuses the "
        'change and the talk goes on. A company that has only `ulaw` needs `["ulaw"]`',
    )
    dialled_number_in: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z-]{0,39}$")], ...] = Field(
        ("request", "To", "Diversion"),
        min_length=1,
        description="JSON list of where the telephone company writes the number dialled: `request` is the request line, "
        "any other name a SIP header; the first that holds a company's number counts",
    )
    trust_asserted_identity: bool = Field(
        True, description="take the caller's number from the telephone company's P-Asserted-Identity before From"
    )
    probe_secret: SecretStr | None = Field(
        None, description="makes an AMI account `probe` that reads everything; for a local test stack only"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if "tls" in self.telephone_transports and not (self.tls_certificate and self.tls_key):
            raise ValueError("telephones by TLS need asterisk.tls_certificate and asterisk.tls_key")
        if self.shared and self.etc.name != "callcenter":
            raise ValueError(
                "with asterisk.shared, asterisk.etc is our own folder `callcenter` in Asterisk's: /etc/asterisk/callcenter"
            )
        return self


class BrowserTelephoneSettings(SettingsSection):
    """Telephones in browsers: how they reach Asterisk."""

    address: str | None = Field(
        None,
        pattern=r"^wss?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/{}-]*)?$",
        description="WebSocket at which browsers find Asterisk, such as `wss://desk.example.org/telephone`; `{node}` in it "
        "becomes the name of the operator's node. Without it `ws://127.0.0.1:PORT/ws`, for a browser beside Asterisk",
    )
    media_address: IPvAnyAddress | None = Field(
        None,
        description="address at which browsers reach Asterisk's audio ports, where a router in between translates it; "
        "without it that of the machine",
    )
    stun: tuple[Annotated[str, Field(pattern=r"^stuns?:[A-Za-z0-9.\[\]:-]+$")], ...] = Field(
        (), description="JSON list of STUN servers, `stun:stun.example.org:3478`, by which a browser learns its address"
    )
    turn: tuple[Annotated[str, Field(pattern=r"^turns?:[A-Za-z0-9.\[\]:-]+(\?transport=(udp|tcp))?$")], ...] = Field(
        (),
        description="JSON list of TURN servers, `turns:turn.example.org:443?transport=tcp`, for networks without UDP",
    )
    turn_secret: SecretStr | None = Field(
        None, description="the secret of these servers (coturn: `static-auth-secret`), of which browsers get passwords"
    )
    back_within_s: int = Field(
        15,
        ge=1,
        le=120,
        description="seconds that a caller waits for an operator whose telephone vanished, in the browser or not",
    )
    silent_s: int = Field(
        8,
        ge=2,
        le=60,
        description="seconds without a packet from a telephone in a browser after which its caller is taken back",
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if bool(self.turn) != (self.turn_secret is not None):
            raise ValueError(
                "browser_telephones.turn and browser_telephones.turn_secret go together: set both or neither"
            )
        return self


class QueueingSettings(SettingsSection):
    """How callers wait."""

    ring_s: int = Field(15, ge=3, le=120, description="seconds an operator's phone rings before the next one is tried")
    max_wait_s: int = Field(3600, ge=10, description="seconds a caller may wait before being let go with a message")
    music_up_to: int = Field(
        50,
        ge=0,
        description="callers on the line, waiting or talking, up to which there is music; above it announcements and silence",
    )
    answers_per_s: int = Field(
        75,
        ge=1,
        le=1000,
        description="callers answered per second when there is no music; the others hear it ring, for 20 s at most",
    )
    place_up_to: int = Field(
        500,
        ge=0,
        description="callers on the line up to which a new one hears the place in the queue and the wait; 0: nobody does",
    )
    announce_every_s: int = Field(60, ge=10, description="seconds between announcements to a waiting caller")
    missed_limit: int = Field(3, ge=1, description="calls in a row an operator may let ring out before being paused")
    wrap_up_s: int = Field(
        0,
        ge=0,
        le=600,
        description="seconds after a talk in which an operator gets no caller, to finish its ticket; the operator may end them"
        " or ask for as many again. 0: the next caller comes at once",
    )


class S3Settings(SettingsSection):
    """Any S3 API."""

    endpoint: str = Field(description="`host:port`, without a scheme")
    access_key: str = Field(description="access key")
    secret_key: SecretStr = Field(description="secret key")
    admin_access_key: str | None = Field(
        None,
        description="access key of an account that may make buckets, for `callcenter make-bucket` and `lock-bucket` alone: "
        "give it to no other process; without it the one above",
    )
    admin_secret_key: SecretStr | None = Field(None, description="its secret key")
    bucket: str = Field(
        "callcenter", pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="bucket of the recordings"
    )
    region: str = Field("us-east-1", description="region name to sign for")
    secure: bool = Field(True, description="use https")
    ca_file: Path | None = Field(None, description="certificates to trust instead of the system's, in PEM")
    uploads: int = Field(2, ge=1, le=64, description="recordings uploaded at the same time")
    lock_mode: Literal["GOVERNANCE", "COMPLIANCE", "none"] = Field(
        "GOVERNANCE",
        description="how the store keeps recordings from being removed before their company's retention is over: "
        "`GOVERNANCE` (accounts with that permission may remove them), `COMPLIANCE` (nobody can), or `none`",
    )
    grace_days: int = Field(
        7, ge=0, le=3650, description="days after the end of a recording's retention until it is deleted"
    )
    originals: Literal["wav", "flac"] = Field(
        "wav",
        description="how this node stores recordings: `wav`, as Asterisk wrote them, or `flac`, packed to a quarter or a half, "
        "from which the same WAV is had back byte by byte; what is stored already stays as it is",
    )
    hash_all_in_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="nights in which every recording is read back from the store and compared with the custody chain, a "
        "share each night; 0 turns it off",
    )
    encryption: Literal["AES256", "none"] = Field(
        "none", description="`AES256` asks the server to encrypt what it keeps, where it can"
    )
    public_endpoint: str | None = Field(
        None, description="`host:port` by which browsers reach the store; without it links name the one above"
    )
    public_secure: bool = Field(True, description="links to the public endpoint use https")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.admin_access_key is None) != (self.admin_secret_key is None):
            raise ValueError("s3.admin_access_key and s3.admin_secret_key go together: set both or neither")
        return self

    def of_admin(self) -> Self:
        """The same bucket, as the account that may make it."""
        return self.model_copy(
            update={
                "access_key": self.admin_access_key or self.access_key,
                "secret_key": self.admin_secret_key or self.secret_key,
            }
        )


class CopiesSettings(SettingsSection):
    """The copies for listening and their waveforms, made with the processor time that calls leave free."""

    at_once: int = Field(1, ge=0, le=64, description="copies made at the same time; 0 makes none on this node")
    kbps: int = Field(
        32,
        ge=12,
        le=256,
        description="kilobits a second of a copy with two voices while they speak, 12 to 256 (Opus needs 6 for a voice); silence "
        "takes less, and a recording with one voice half",
    )
    longest_hours: float = Field(12.0, gt=0, description="recordings longer than this get no copy, only the original")
    scratch: Path | None = Field(
        None, description="folder for temporary files, as large as the longest recording; without it the system's own"
    )


class WebSettings(SettingsSection):
    """The HTTP server for people and monitoring."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = Field(8080, description="TCP port to listen on")
    cookie_secure: bool = Field(
        True, description="send the session cookie over https only; false for plain http on loopback"
    )
    session_hours: int = Field(12, ge=1, le=720, description="hours after which a session ends")
    session_idle_minutes: int = Field(
        120,
        ge=5,
        le=43200,
        description="minutes after which a session ends that no page has used; an open live page does",
    )
    headers_within_s: float = Field(
        20.0,
        gt=0,
        le=75,
        description="seconds after which a new connection is closed that has sent no complete request",
    )
    body_within_s: float = Field(
        30.0,
        gt=0,
        description="seconds that the rest of a request may take, and one more for each KiB of it that arrived",
    )
    slow_client_messages: int = Field(
        256, ge=8, description="unsent messages after which a browser is disconnected instead of waited for"
    )
    public_requests_per_minute: int = Field(
        600, ge=1, description="requests that one address may make in a minute to pages that need no login"
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/\s?#]+$",
        description="where people reach the pages, such as `https://desk.example.org`; without it links in e-mails "
        "have the address and port above",
    )

    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (), description="JSON list of networks of our own proxies, whose `X-Forwarded-For` is believed"
    )

    @property
    def url(self) -> str:
        """The start of links to the pages, without a slash at the end."""
        return self.public_url or f"http://{self.host}:{self.port}"


class SmtpSettings(SettingsSection):
    """The server through which crews get their e-mail."""

    host: str | None = Field(None, description="name or address of the mail server; without it no e-mail can be sent")
    port: Port = Field(587, description="its TCP port")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`starttls`, `tls` from the first byte, or `none` on a trusted network"
    )
    user: str | None = Field(None, description="account, if the server requires one")
    password: SecretStr | None = Field(None, description="its password")
    sender: str = Field("dispatch@localhost", description="sender address of e-mails")
    ca_file: Path | None = Field(None, description="certificates to trust instead of the system's, in PEM")
    timeout_s: float = Field(20.0, gt=0, description="seconds that sending one e-mail may take")

    @field_validator("sender")
    @classmethod
    def _as_mail_servers_write_it(cls, sender: str) -> str:
        name, at, domain = sender.rpartition("@")
        return sender if domain.isascii() else f"{name}{at}{idna.encode(domain, uts46=True).decode()}"

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("smtp.user and smtp.password go together: set both or neither")
        if self.user is not None and self.security == "none":
            raise ValueError("smtp.password would be sent unencrypted: set smtp.security to starttls or tls")
        name, at, domain = self.sender.rpartition("@")
        if not (name and at and domain) or not (self.sender.isascii() and self.sender.isprintable()):
            raise ValueError("smtp.sender must be a plain address such as dispatch@example.org")
        return self


class HandoverSettings(SettingsSection):
    """How a ticket reaches its crew."""

    secret: SecretStr = Field(
        min_length=32, description="key that crews' personal links are made with, 32 characters or more"
    )
    link_days: int = Field(7, ge=1, le=365, description="days after which a crew's personal link ends")
    attempts: int = Field(10, ge=1, le=100, description="attempts to send a message before it is left to a person")
    retry_first_s: float = Field(
        15.0, gt=0, description="seconds before the second attempt; doubled for each further one"
    )
    retry_max_s: float = Field(3600.0, gt=0, description="seconds between attempts, at most")
    webhook_timeout_s: float = Field(10.0, gt=0, description="seconds a crew's webhook may take to answer")
    webhook_ca_file: Path | None = Field(
        None, description="certificates to trust for webhooks instead of the system's, in PEM"
    )
    webhook_inner_networks: tuple[IPvAnyNetwork, ...] = Field(
        (), description="JSON list of private networks to which webhooks may go all the same"
    )


class MaxSettings(SettingsSection):
    """The bot by which chats of the messenger MAX are told of outages."""

    token: SecretStr | None = Field(None, description="token of the bot; without it nothing can be sent to MAX")
    url: str = Field(
        "https://platform-api2.max.ru", pattern=r"^https?://[^\s?#]+[^/\s?#]$", description="where its interface is"
    )
    ca_file: Path | None = Field(
        None,
        description="certificates to trust for it instead of the system's, in PEM: its own is of a national authority",
    )
    timeout_s: float = Field(10.0, gt=0, description="seconds that it may take to answer")


class SharingSettings(SettingsSection):
    """Links by which somebody outside listens to and downloads recordings."""

    days: int = Field(7, ge=1, le=365, description="days a link works unless its maker says otherwise")
    longest_days: int = Field(90, ge=1, le=3650, description="days a link may work at most")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.days > self.longest_days:
            raise ValueError("sharing.days must not be more than sharing.longest_days")
        return self


class ApiSettings(SettingsSection):
    """The interface for programs."""

    requests_per_minute: int = Field(600, ge=1, description="requests a token may make in a minute")


class SecretsSettings(SettingsSection):
    """The secrets of telephones, one-time codes and webhooks, which the database keeps encrypted."""

    keys: tuple[SecretStr, ...] = Field(
        min_length=1,
        description="JSON list of keys, each 64 hexadecimal digits as `openssl rand -hex 32` makes them: the first encrypts, "
        "all decrypt. Keep a copy of it: without its key a secret cannot be read again",
    )

    @field_validator("keys")
    @classmethod
    def _are_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            _require_key(key)
        return keys

    @property
    def fernet_keys(self) -> list[bytes]:
        """The keys as Fernet takes them, in base64."""
        return [urlsafe_b64encode(bytes.fromhex(key.get_secret_value())) for key in self.keys]


class SpeechSettings(SettingsSection):
    """The voices that speak to callers; what they say is made beforehand and kept."""

    russian: Literal["festival", "rhvoice", "espeak-ng"] = Field(
        "festival", description="engine for Russian; where it is not installed, `espeak-ng` speaks"
    )
    english: Literal["espeak-ng", "rhvoice"] = Field("espeak-ng", description="engine for English")
    rhvoice_russian: str = Field("anna", pattern=_VOICE, description="RHVoice's voice for Russian")
    rhvoice_english: str = Field("alan", pattern=_VOICE, description="RHVoice's voice for English")
    timeout_s: float = Field(20.0, gt=0, description="seconds that speaking one phrase may take")
    at_once: int = Field(2, ge=1, le=64, description="phrases spoken at the same time")
    cache: Path = Field(Path("/var/cache/callcenter/speech"), description="folder in which spoken phrases are kept")
    keep_days: int = Field(90, ge=1, description="days after which a phrase that nobody used is removed from there")
    recorded: Path | None = Field(
        None, description="folder of your own recordings, `ru/greeting.wav`, which replace what would be spoken"
    )


class EvidenceSettings(SettingsSection):
    """Evidence packs."""

    key: SecretStr | None = Field(
        None,
        description="Ed25519 key that packs are signed with, 64 hexadecimal digits, as `openssl rand -hex 32` makes them; "
        "without it no pack can be made. Keep a copy of it: the packs of another key are not recognised as yours",
    )

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            _require_key(key)
        return key


def _require_key(key: SecretStr) -> None:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", key.get_secret_value()):
        raise ValueError("must be 64 hexadecimal digits, as `openssl rand -hex 32` makes them")


class _Given(BaseSettings):
    """Settings that are read from variables."""

    model_config = _FROM_ENVIRONMENT

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then the files, without what this version does not know: another one may know it."""
        for source in (env_settings, dotenv_settings):
            assert isinstance(source, EnvSettingsSource)
            source.env_vars = variables.given(source.env_vars, variable_names(Settings))
        return init_settings, env_settings, dotenv_settings


class SpeechAlone(_Given):
    """What is needed to speak phrases where nothing else is set up yet."""

    speech: SpeechSettings = SpeechSettings()


class Settings(_Given):
    """Everything that can be set."""

    node: str = Field(
        "node1", pattern=r"^[a-z][a-z0-9]{0,15}$", description="name of the Asterisk this process runs beside"
    )
    country: str = Field(
        "RU", pattern=r"^[A-Z]{2}$", description="country of telephone numbers without a country code, two letters"
    )
    language: Literal["ru", "en"] = Field("ru", description="language of pages before a person has chosen one")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="lowest level of log lines")
    ledger_delay_s: float = Field(
        2.0, ge=0, description="seconds by which reading the ledger is delayed, so that the live event comes first"
    )
    database: DatabaseSettings
    ami: AmiSettings
    asterisk: AsteriskSettings = AsteriskSettings()
    browser_telephones: BrowserTelephoneSettings = BrowserTelephoneSettings()
    queueing: QueueingSettings = QueueingSettings()
    s3: S3Settings
    copies: CopiesSettings = CopiesSettings()
    web: WebSettings = WebSettings()
    api: ApiSettings = ApiSettings()
    smtp: SmtpSettings = SmtpSettings()
    sharing: SharingSettings = SharingSettings()
    handover: HandoverSettings
    max: MaxSettings = MaxSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    secrets: SecretsSettings
    speech: SpeechSettings = SpeechSettings()

    @model_validator(mode="after")
    def _has_a_certificate(self) -> Self:
        tls = (self.asterisk.wss_port, self.asterisk.wss_certificate, self.asterisk.wss_key)
        if None in tls and any(tls):
            raise ValueError("asterisk.wss_port, asterisk.wss_certificate and asterisk.wss_key go together")
        return self

    @field_validator("country")
    @classmethod
    def _has_telephones(cls, country: str) -> str:
        if country not in SUPPORTED_REGIONS:
            raise ValueError("must be a country with telephone numbers, such as RU")
        return country

    @model_validator(mode="after")
    def _ports_make_sense(self) -> Self:
        low, high = self.asterisk.rtp_start, self.asterisk.rtp_end
        if high - low < 3:
            raise ValueError(f"asterisk.rtp_end ({high}) must be at least 3 above asterisk.rtp_start ({low})")
        udp = self.asterisk.sip_port
        if low <= udp <= high:
            raise ValueError(f"asterisk.sip_port ({udp}) is inside the audio ports {low}-{high}; change one of them")
        tcp = {"ami.port": self.ami.port, "asterisk.ws_port": self.asterisk.ws_port, "web.port": self.web.port}
        if self.asterisk.wss_port is not None:
            tcp["asterisk.wss_port"] = self.asterisk.wss_port
        if len(set(tcp.values())) < len(tcp):
            raise ValueError(f"these must be different ports: {tcp}")
        return self


def load_settings() -> Settings:
    """Read the settings once; warn on the standard error output of names that this version does not know.

    Raises `SettingsError` with one line per mistake, each naming the variable to fix.
    """
    for line in unknown_variables():
        print(f"callcenter: {line}", file=sys.stderr)
    return _load(Settings)


def load_speech_settings() -> SpeechSettings:
    """Read the settings of speech once, whether or not the others are there. Raises `SettingsError`."""
    return _load(SpeechAlone).speech


def unknown_variables() -> list[str]:
    """A line for each variable that sets nothing: a typing error, or a setting of another version. Raises `SettingsError`."""
    names = set(os.environ)
    for file in env_files():
        names |= dotenv_values(file).keys()
    return variables.unknown(names, variable_names(Settings))


def env_files() -> list[Path]:
    """The files that `CALLCENTER_ENV_FILE` names, of which the later ones win. Raises `SettingsError`."""
    files = [Path(each) for each in os.environ.get("CALLCENTER_ENV_FILE", "").split(":") if each]
    for file in files:
        if not file.is_file():
            raise SettingsError(f"CALLCENTER_ENV_FILE names {file}, which is not a file")
        if not os.access(file, os.R_OK):
            raise SettingsError(f"CALLCENTER_ENV_FILE names {file}, which this user may not read")
    return files


def variable_names(model: type[BaseModel], prefix: str = variables.PREFIX) -> frozenset[str]:
    """The variable of every setting."""
    names: set[str] = set()
    for name, field in model.model_fields.items():
        kind, variable = field.annotation, prefix + name.upper()
        if isinstance(kind, type) and issubclass(kind, SettingsSection):
            names |= variable_names(kind, f"{variable}__")
        else:
            names.add(variable)
    return frozenset(names)


def _load(kind: type[Loaded]) -> Loaded:
    try:
        return kind(_env_file=env_files())
    except ValidationError as error:
        raise SettingsError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """One line per mistake: the variable's name, what is wrong with it. Never its value: it may be a secret."""
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        name = "CALLCENTER_" + "__".join(str(part) for part in item["loc"]).upper() if item["loc"] else "settings"
        lines.append(f"{name}: {item['msg']}")
    return "\n".join(lines)
