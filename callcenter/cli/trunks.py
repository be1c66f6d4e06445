"""`callcenter trunks`: the trunks, what the nodes see of them, and whether a number may be called; and the doctor's check."""

import asyncpg

from callcenter.cli.checks import CheckFailed
from callcenter.common.scope import Connection
from callcenter.domain.phone import e164
from callcenter.settings import Settings
from callcenter.storage import queries
from callcenter.trunks.judging import SQL as OUTBOUND
from callcenter.trunks.judging import judge, rule_of
from callcenter.trunks.trunk import BAD, TrunkState, trunk_of

SQL = queries("trunks")


async def list_trunks(connection: Connection, settings: Settings) -> int:
    """Print a line for each; returns 1 when one of them does not work."""
    seen = await connection.fetch(SQL["states"])
    for network in settings.asterisk.trunk_addresses:
        print(f"settings\t{network}\tudp\tin")
    for trunk in (trunk_of(row) for row in await connection.fetch(SQL["all"])):
        line = trunk.line
        ways = "in, out" if line.calls_out else "in"
        states = ", ".join(_state(row) for row in seen if row["trunk"] == line.name)
        shown = states if trunk.active else "off"
        print(f"{line.name}\t{' '.join(line.sources)}\t{line.transport}\t{ways}\t{shown or 'not seen yet'}")
    return 1 if any(TrunkState(row["state"]) in BAD for row in seen) else 0


async def list_rules(connection: Connection) -> int:
    """Print a line for each rule of calls out."""
    for rule in (rule_of(row) for row in await connection.fetch(OUTBOUND["rules"])):
        limits = [
            f"{limit} an hour{of}"
            for limit, of in ((rule.per_operator_hour, " of one operator"), (rule.per_hour, ""))
            if limit is not None
        ]
        print(
            "\t".join(
                [str(rule.id), rule.prefix, rule.purpose, ", ".join(limits) or "no limit", "" if rule.active else "off"]
            )
        )
    return 0


async def say_why(connection: Connection, settings: Settings, endpoint: str, asked: str) -> int:
    """Print whether this telephone may call this number, and what each rule says; returns 1 when it may not."""
    number = e164(asked)
    if number in settings.asterisk.emergency_numbers:
        print(f"{endpoint} {number}: allowed, an emergency number")
        return 0
    operator = await connection.fetchval(OUTBOUND["operator"], f"PJSIP/{endpoint}")
    if operator is None:
        print(f"{endpoint}: no such telephone")
        return 1
    verdict, shown = await judge(connection, settings.node, operator, number)
    by = "" if verdict.rule is None else f", rule {verdict.rule.id}"
    print(f"{endpoint} {number}: {verdict.reason}{by}" + (f", shows +{shown}" if verdict.allowed else ""))
    for each in verdict.findings:
        print(f"  rule {each.rule.id}\t{each.rule.prefix}\t{each.rule.purpose}\t{each.says}")
    return 0 if verdict.allowed else 1


async def examine_trunks(connection: Connection, node: str) -> str:
    """For the doctor: whether the trunks work at this node."""
    rows = [row for row in await connection.fetch(SQL["states"]) if row["node"] == node]
    bad = [f"{row['trunk']} {_state(row)}" for row in rows if TrunkState(row["state"]) in BAD]
    lost = [row for row in await connection.fetch(SQL["name_states"], node) if row["failing_since"] is not None]
    bad += [
        f"the name {row['name']} not found since {row['failing_since']:%Y-%m-%d %H:%M} UTC, {_known(row)}"
        for row in lost
    ]
    if bad:
        raise CheckFailed(
            f"{'; '.join(bad)}. Down: nothing answers at its server, or the registration was lost; refused: its login or"
            " password is wrong, or the account is blocked; nameless: no name server answers, or none knows its name"
        )
    return f"{len(rows)} trunks of the page, none of which is down" if rows else "none but the settings'"


def _known(row: asyncpg.Record) -> str:
    count = len(row["addresses"])
    return f"calls in come from the {count} addresses found before" if count else "no call in from there is taken"


def _state(row: asyncpg.Record) -> str:
    return f"{row['state']} at {row['node']} since {row['since']:%Y-%m-%d %H:%M} UTC"
