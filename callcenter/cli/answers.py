"""What `callcenter init` must know: from its options, from the environment, or asked on the terminal."""

import getpass
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from callcenter.errors import SettingsError

SERVICE = "callcenter_service"
OWNERS = ("DATABASE__OWNER_URL", "S3__ADMIN_ACCESS_KEY", "S3__ADMIN_SECRET_KEY")
"""For setting up and upgrades alone."""
SECRET = (
    *("DATABASE__URL", "S3__ACCESS_KEY", "S3__SECRET_KEY", "AMI__EVENTS_SECRET", "AMI__ACTIONS_SECRET"),
    *("HANDOVER__SECRET", "EVIDENCE__KEY", "SECRETS__KEYS", "SMTP__PASSWORD", "MAX__TOKEN"),
    "BROWSER_TELEPHONES__TURN_SECRET",
)


@dataclass(frozen=True, slots=True)
class Question:
    """One answer: the setting that it is, without its prefix; the option that gives it; how it is asked for."""

    setting: str
    option: str
    text: str
    secret: bool = False
    default: str = ""


QUESTIONS = (
    Question(
        "DATABASE__OWNER_URL",
        "",
        "PostgreSQL, as the owner of the tables: postgresql://login:password@host:port/name",
        secret=True,
    ),
    Question("S3__ENDPOINT", "store", "S3 store: https://host:port"),
    Question("S3__ACCESS_KEY", "", "its access key"),
    Question("S3__SECRET_KEY", "", "its secret key", secret=True),
    Question("WEB__PUBLIC_URL", "url", "where people reach the pages: https://desk.example.org"),
    Question("ASTERISK__BIND", "address", "address of this machine for telephones and the telephone company"),
    Question(
        "ASTERISK__TRUNK_ADDRESSES", "trunk", "addresses or networks from which the telephone company calls, by commas"
    ),
)


def collect(options: Mapping[str, str | None], given: Mapping[str, str]) -> dict[str, str]:
    """Every setting to write, without the prefix.

    `options`: by name; `given`: what the environment sets. Raises `SettingsError` for what is missing where nobody can be asked.
    """
    ask = _ask if sys.stdin.isatty() else None
    found = dict(given)
    missing = []
    for question in QUESTIONS:
        if option := options.get(question.option):
            found[question.setting] = option
        if question.setting in found:
            continue
        if ask is not None:
            found[question.setting] = ask(question)
        else:
            or_option = f" or --{question.option}" if question.option else ""
            missing.append(f"CALLCENTER_{question.setting}{or_option}: {question.text}")
    if missing:
        raise SettingsError("\n".join(["these are needed:", *missing]))
    return _derived(found) | found


def _ask(question: Question) -> str:
    read: Callable[[str], str] = getpass.getpass if question.secret else input
    while not (answer := read(f"{question.text}: ").strip()):
        pass
    return answer


def _derived(found: dict[str, str]) -> dict[str, str]:
    """What follows from the answers, and secrets that nobody need think up. Changes answers to the form of the settings."""
    if "://" in (store := found["S3__ENDPOINT"]):
        parts = urlsplit(store)
        found["S3__ENDPOINT"] = parts.netloc
        found.setdefault("S3__SECURE", str(parts.scheme == "https").lower())
    if not found["ASTERISK__TRUNK_ADDRESSES"].startswith("["):
        networks = [each.strip() for each in found["ASTERISK__TRUNK_ADDRESSES"].split(",") if each.strip()]
        found["ASTERISK__TRUNK_ADDRESSES"] = json.dumps(networks)
    pages = urlsplit(found["WEB__PUBLIC_URL"])
    scheme = "wss" if pages.scheme == "https" else "ws"
    return {
        "DATABASE__URL": _as_service(found["DATABASE__OWNER_URL"]),
        "AMI__EVENTS_SECRET": secrets.token_urlsafe(24),
        "AMI__ACTIONS_SECRET": secrets.token_urlsafe(24),
        "HANDOVER__SECRET": secrets.token_urlsafe(32),
        "EVIDENCE__KEY": secrets.token_hex(32),
        "SECRETS__KEYS": json.dumps([secrets.token_hex(32)]),
        "BROWSER_TELEPHONES__ADDRESS": f"{scheme}://{pages.netloc}/telephone",
        "WEB__TRUSTED_PROXIES": json.dumps(["127.0.0.1/32", "::1/128"]),
    }


def _as_service(owner_url: str) -> str:
    parts = urlsplit(owner_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{SERVICE}:{quote(secrets.token_urlsafe(24))}@{host}"))


def from_environment() -> dict[str, str]:
    """The settings that the environment has, without the prefix."""
    prefix = "CALLCENTER_"
    return {
        name.removeprefix(prefix): value
        for name, value in os.environ.items()
        if name.startswith(prefix) and value and name != "CALLCENTER_ENV_FILE"
    }
