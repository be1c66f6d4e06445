"""The manual page, from what `callcenter --help` knows."""

import argparse
from datetime import datetime

from callcenter.cli.main import parser

FILES = (
    ("/etc/callcenter/settings.env", "what everybody may know"),
    ("/etc/callcenter/secrets.env", "what the services must know; keep a copy elsewhere"),
    ("/etc/callcenter/owner.env", "what sets up and upgrades"),
    ("/etc/callcenter/samples", "services, proxies and so on with the names of this installation"),
)


def manual(version: str, moment: datetime) -> str:
    """Section 8, in the language of troff."""
    program = parser()
    lines = [
        f'.TH CALLCENTER 8 "{moment:%Y-%m-%d}" "callcenter {version}" "System administration"',
        ".SH NAME",
        rf"callcenter \- {_plain(program.description or '')}",
        ".SH SYNOPSIS",
        ".B callcenter",
        r".I COMMAND",
        "[options]",
        ".SH COMMANDS",
        r"Each says its options by \fB\-\-help\fR.",
    ]
    for name, text in _commands(program):
        lines += [".TP", rf"\fB{_plain(name)}\fR", _plain(text)]
    lines += [".SH FILES"]
    for name, text in FILES:
        lines += [".TP", rf"\fI{_plain(name)}\fR", _plain(text)]
    lines += [
        ".SH ENVIRONMENT",
        ".TP",
        r"\fBCALLCENTER_ENV_FILE\fR",
        "Files of settings, by colons, of which the later ones win; those above unless it is set.",
        ".TP",
        r"\fBCALLCENTER_\fIsetting\fR",
        "Each setting; /usr/share/doc/callcenter/settings.md has all.",
        ".SH SEE ALSO",
        "/usr/share/doc/callcenter/install.md, upgrades.md, backups.md",
    ]
    return "\n".join(lines) + "\n"


def _commands(program: argparse.ArgumentParser) -> list[tuple[str, str]]:
    [commands] = [each for each in program._actions if isinstance(each, argparse._SubParsersAction)]
    return [(each.dest, each.help or "") for each in commands._choices_actions]


def _plain(text: str) -> str:
    """A hyphen that is typed stays one; a dot or an apostrophe at a line's start is no request."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text
