"""What `callcenter migrate` does with companies' numbers that were stored by older rules."""

import asyncpg

from callcenter.directory.stored_numbers import rewrite_numbers


async def migrate_numbers(connection: asyncpg.Connection) -> None:
    """Rewrite them, and print which, and which cannot be."""
    found = await rewrite_numbers(connection)
    for each in found:
        if each.taken_by is None:
            print(f"number {each.number} of company {each.company} is stored as {each.canonical} now")
        else:
            print(
                f"number {each.number} of company {each.company} stays as it is: {each.canonical} is company"
                f" {each.taken_by}'s; remove one of them on the company's page"
            )
    if any(each.taken_by is None for each in found):
        print("the node brings them into Asterisk by itself, at the latest when it starts")
