"""The `callcenter` command. A command imports what it needs when it runs: `verify` does without everything but `evidence`."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from callcenter.errors import CallcenterError

if TYPE_CHECKING:
    from callcenter.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "init":
        from callcenter.cli.init import init

        return init(options)
    if options.command == "verify":
        from callcenter.cli.verify import verify_pack

        return verify_pack(options.pack, options.key)
    if options.command == "speak-phrases":
        from callcenter.cli.speak import speak_phrases

        return speak_phrases(options.directory)
    return _run_with_settings(options)


def _run_with_settings(options: argparse.Namespace) -> int:
    import asyncpg
    import uvloop

    from callcenter.domain.phone import set_country
    from callcenter.settings import load_settings

    try:
        settings = load_settings()
        set_country(settings.country)
        return uvloop.run(_run(options, settings)) or 0
    except CallcenterError as problem:
        print(f"callcenter: {problem}", file=sys.stderr)
    except (OSError, asyncpg.PostgresError) as problem:
        print(f"callcenter: {problem}\n`callcenter doctor` checks every part and says what to fix", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="callcenter", description="Call centre for dispatch centres, on Asterisk")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser(
        "init", help="set up: settings, secrets, database, bucket, a first administrator; says each next step"
    )
    _add_init_options(start)
    serve = commands.add_parser("serve", help="everything on one machine: the pages and the node")
    serve.add_argument("--no-node", action="store_true", help="the pages only; nodes run elsewhere")
    commands.add_parser("node", help="beside an Asterisk: its events, its ledger, its recordings")
    commands.add_parser(
        "migrate", help="bring the database up to date: its schema, the service's rights, encrypted secrets"
    )
    commands.add_parser(
        "database-roles", help="print the SQL by which an administrator of PostgreSQL makes what `migrate` may not"
    )
    commands.add_parser("rotate-secrets", help="encrypt all secrets with the first key of CALLCENTER_SECRETS__KEYS")
    commands.add_parser("make-bucket", help="make the bucket of the recordings, unless it is there")
    kept = commands.add_parser(
        "backup", help="write database, objects, keys, settings, ledger into a folder, each object once"
    )
    kept.add_argument("place", help="a folder, or s3://bucket/prefix")
    kept.add_argument("--list-objects", action="store_true", help="list the store's objects, and do not fetch them")
    back = commands.add_parser("restore", help="bring a back-up into an empty database and a store, and compare")
    back.add_argument("place", help="a folder, or s3://bucket/prefix")
    newer = commands.add_parser(
        "upgrade", help="migrate beside the running version, then restart node and pages; calls go on meanwhile"
    )
    newer.add_argument("--check", action="store_true", help="only say what it would do, and what prevents it")
    newer.add_argument("--restart", action="append", metavar="COMMAND", help="instead of systemctl's, in this order")
    newer.add_argument(
        "--back-to", metavar="VERSION", help="let the program of that earlier release run on this database"
    )
    newer.add_argument("--asterisk", action="store_true", help="restart Asterisk as soon as nobody is on the line")
    commands.add_parser("doctor", help="try every part and say what to fix; 1 if one does not work")
    process = commands.add_parser("forget-process", help="let doctor no longer miss a process that was taken down")
    process.add_argument("name", help="as doctor names it: the node's name, or HOST:PORT of one that served pages")
    commands.add_parser(
        "lock-bucket", help="turn versions and object lock on for a bucket that was created without; cannot be undone"
    )
    administrator = commands.add_parser(
        "invite-administrator",
        help="print a one-time link by which an administrator sets a password; works for 72 hours",
    )
    administrator.add_argument("login", help="2 to 32 of a-z, 0-9, dot, hyphen and underscore, a letter first")
    administrator.add_argument("name", help="the person's name, as others see it")
    commands.add_parser(
        "setup-link",
        help="print the link by which the first administrator makes an account; 1 if there has been one",
    )
    pack = commands.add_parser(
        "verify", help="say whether an evidence pack is genuine, or what is wrong with it; offline"
    )
    pack.add_argument("pack", type=Path, metavar="PACK.zip")
    pack.add_argument("--key", metavar="FINGERPRINT", help="fingerprint that the pack must be signed by")
    commands.add_parser(
        "check-custody-chain",
        aliases=["check-ledger"],
        help="verify each company's custody chain and print what was altered in it",
    )
    commands.add_parser("evidence-key", help="print the fingerprint of the key that evidence packs are signed with")
    speak = commands.add_parser("speak-phrases", help="make the phrases that Asterisk plays; needs no other setting")
    speak.add_argument("directory", type=Path)
    asterisk = commands.add_parser("render-asterisk", help="write the Asterisk configuration into a folder of its own")
    asterisk.add_argument("directory", type=Path)
    sheet = commands.add_parser("import-directory", help="houses, flats and residents from a CSV or XLSX file")
    sheet.add_argument("file", type=Path)
    sheet.add_argument("--apply", action="store_true", help="import it, instead of only printing what would change")
    old = commands.add_parser("import-recordings", help="import a folder of a node's old recordings, each once")
    old.add_argument("directory", type=Path)
    old.add_argument(
        "--csv", type=Path, help="which file belongs to which call: columns file, call, at (ISO 8601 with zone)"
    )
    old.add_argument("--cdr", type=Path, help="call detail records of the PBX that they come from, as CSV")
    old.add_argument("--company", help="name or number of the company of calls of which no company's number is known")
    old.add_argument("--zone", type=_zone, help="time zone by which files are named that tell no other time")
    old.add_argument("--node", type=_node, help="name of the PBX that they come from; this node's unless given")
    trunks = commands.add_parser(
        "trunks", help="list the trunks and what the nodes see of them; 1 if one does not work"
    )
    trunks.add_argument("--rules", action="store_true", help="list the rules of calls out instead")
    trunks.add_argument(
        "--may",
        nargs=2,
        metavar=("TELEPHONE", "NUMBER"),
        help="say instead whether this telephone may call this number, and what each rule says; 1 if not",
    )
    trace = commands.add_parser(
        "trace", help="print every fact of one call from every source, in order of time, and what is missing"
    )
    trace.add_argument("call", help="a call's id, as logs and pages of an administrator have it, or a recording's name")
    personal = commands.add_parser(
        "personal-data", help="list how much personal data is over its company's terms, or remove it now"
    )
    personal.add_argument("--company", type=int, help="only this company's; 0 for what belongs to none")
    personal.add_argument("--remove", action="store_true", help="remove it, with a report, instead of at night")
    sweep = commands.add_parser("sweep-recordings", help="list recordings without a call and calls without a recording")
    sweep.add_argument("--node", help="only this node's")
    sweep.add_argument("--store", action="store_true", help="also compare with all objects of the store")
    return parser


def _add_init_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, default=Path("/etc/callcenter"), help="of the settings (%(default)s)")
    parser.add_argument("--store", metavar="URL", help="the S3 store, https://host:port")
    parser.add_argument("--url", help="where people reach the pages, https://desk.example.org")
    parser.add_argument("--address", help="of this machine, for telephones and the telephone company")
    parser.add_argument("--trunk", metavar="NETWORKS", help="from which the telephone company calls, by commas")
    parser.add_argument("--administrator", metavar="LOGIN", help="the first one's login; a link is printed, once")
    parser.add_argument("--name", default="", help="the first administrator's name, as others see it")
    parser.add_argument("--group", default="callcenter", help="whose members may read the secrets (%(default)s)")


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (OSError, ValueError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time zone such as Europe/Moscow") from None


def _node(text: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9]{0,15}", text):
        raise argparse.ArgumentTypeError("a node's name is a letter and up to 15 letters and digits, in lower case")
    return text


async def _run(options: argparse.Namespace, settings: "Settings") -> int | None:
    from callcenter import app
    from callcenter.cli import (
        backup,
        bucket,
        doctor,
        doctor_processes,
        evidence,
        import_directory,
        import_recordings,
        migrate,
    )
    from callcenter.logs import configure

    match options.command:
        case "serve":
            return await app.serve(settings, web=True, node=not options.no_node)
        case "node":
            return await app.serve(settings, web=False, node=True)
        case "backup":
            return await backup.backup(settings, options.place, copy=not options.list_objects)
        case "restore":
            return await backup.restore(settings, options.place)
        case "upgrade":
            return await _upgrade(options, settings)
        case "doctor":
            # What it finds is what it prints.
            configure("critical")
            return await doctor.examine(settings)
        case "forget-process":
            return await doctor_processes.forget_process(settings, options.name)
        case "migrate":
            return await migrate.migrate_all(settings)
        case "database-roles":
            print(migrate.database_roles(settings.database))
            return 0
        case "rotate-secrets":
            return await migrate.rotate_secrets(settings)
        case "make-bucket":
            return await bucket.make_bucket(settings)
        case "lock-bucket":
            return await bucket.lock_bucket(settings)
        case "evidence-key":
            return evidence.tell_key(settings.evidence)
        case "import-directory":
            return await import_directory.import_directory(settings, options.file, apply=options.apply)
        case "import-recordings":
            given = import_recordings.ImportOptions(
                options.csv, options.cdr, options.company, options.zone, options.node
            )
            return await import_recordings.import_recordings(settings, options.directory, given)
        case "sweep-recordings":
            return await import_recordings.sweep_recordings(settings, options.node, look_into_store=options.store)
        case _:
            return await _run_with_connection(options, settings)


async def _upgrade(options: argparse.Namespace, settings: "Settings") -> int:
    from callcenter.cli import upgrade

    if options.check:
        return await upgrade.check(settings)
    if options.back_to is not None:
        return await upgrade.back_to(settings, options.back_to)
    if options.asterisk:
        return await upgrade.restart_asterisk(settings)
    return await upgrade.upgrade(settings, options.restart or upgrade.RESTART)


async def _run_with_connection(options: argparse.Namespace, settings: "Settings") -> int | None:
    from callcenter import app
    from callcenter.cli import evidence, personal_data, trace, trunks
    from callcenter.cli.render_asterisk import render_asterisk
    from callcenter.common.secret_box import SecretBox
    from callcenter.domain.ids import NodeName
    from callcenter.people.first_administrator import setup_link
    from callcenter.people.invitations import invite_administrator
    from callcenter.storage import connect

    connection = await connect(settings.database)
    try:
        match options.command:
            case "check-custody-chain" | "check-ledger":
                return await evidence.check_custody_chain(connection)
            case "trace":
                return await trace.trace(connection, settings, options.call)
            case "trunks":
                if options.may is not None:
                    return await trunks.say_why(connection, settings, *options.may)
                if options.rules:
                    return await trunks.list_rules(connection)
                return await trunks.list_trunks(connection, settings)
            case "personal-data":
                return await personal_data.personal_data(connection, settings, options.company, remove=options.remove)
            case "invite-administrator":
                token = await invite_administrator(connection, options.login, options.name)
                print(f"{settings.web.url}/invite/{token}")
            case "setup-link":
                link = await setup_link(connection, SecretBox(settings.secrets), settings.web.url)
                print(link or "there is an administrator already")
                return 0 if link else 1
            case "render-asterisk":
                directory = await app.asterisk_directory(
                    connection, NodeName(settings.node), SecretBox(settings.secrets)
                )
                render_asterisk(settings, directory, options.directory)
    finally:
        await connection.close()
    return 0
