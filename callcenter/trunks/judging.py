"""What is known about a number that somebody wants to call, and the decision, over PostgreSQL."""

import asyncpg

from callcenter.common.scope import Connection
from callcenter.storage import queries
from callcenter.trunks.outbound import Facts, OutboundRule, Purpose, RuleUse, Verdict, decide

SQL = queries("outbound")


def rule_of(row: asyncpg.Record) -> OutboundRule:
    """The rule of a row."""
    return OutboundRule(**{**row, "purpose": Purpose(row["purpose"])})


async def judge(
    connection: Connection, node: str, operator: int | None, number: str, did: str = ""
) -> tuple[Verdict, str]:
    """The decision about a call of this operator now, and the company's number that it would show.

    `number`: E.164, or what is none. `did`: the company's number of the call that it is about.
    """
    rules = [rule_of(row) for row in await connection.fetch(SQL["rules"])]
    (row,) = await connection.fetch(SQL["facts"], number, node, did, operator)
    purposes = {Purpose.RESIDENT: row["resident"], Purpose.CREW: row["crew"]}
    facts = Facts(
        number=number,
        purposes=frozenset(purpose for purpose, holds in purposes.items() if holds),
        shown=row["shown"],
        trunk=row["trunk"],
        uses={
            use["rule_id"]: RuleUse(by_operator=use["by_operator"], by_all=use["by_all"])
            for use in await connection.fetch(SQL["uses"], operator)
        },
    )
    return decide(rules, facts), facts.shown or ""


async def judge_and_count(
    connection: Connection, node: str, interface: str, number: str, did: str
) -> tuple[Verdict, str]:
    """The same, counted as an attempt, in a transaction of the connection's own."""
    async with connection.transaction():
        await connection.execute(SQL["lock"])
        operator = await connection.fetchval(SQL["operator"], interface)
        verdict, shown = await judge(connection, node, operator, number, did)
        rule = None if verdict.rule is None else verdict.rule.id
        await connection.execute(SQL["add_attempt"], operator, number, verdict.reason, rule)
        await connection.execute(SQL["forget_attempts"])
    return verdict, shown
