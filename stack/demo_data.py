"""A made-up dispatch centre to try the product with: two companies with crews, a 900-flat house, people with telephones.

Names and numbers are generated from lists and counters and belong to nobody. Telephone numbers are in the range
+7 900 000 xx xx. Seeding twice keeps the residents and gives the logins new passwords.
"""

import argparse
import asyncio
import json
import secrets
from dataclasses import asdict, dataclass
from itertools import cycle, islice, product
from pathlib import Path

import asyncpg
from argon2 import PasswordHasher

from callcenter.common.address_keys import fill_keys
from callcenter.common.browser_telephones import secrets as closed
from callcenter.common.scope import Connection
from callcenter.common.secret_box import SecretBox
from callcenter.domain.ids import IN_BROWSER
from callcenter.onboarding.usual_crews import usual_crews
from callcenter.retention.personal_data import USUAL_MONTHS
from callcenter.settings import load_settings
from callcenter.storage import connect, queries, statements

SQL = statements(Path(__file__).with_suffix(".sql"))
IMPORT = queries("directory_import")
GENERATE = statements(Path(__file__).with_name("generate.sql"))
FLATS = 900
BROWSERS = 10
"""Operators whose telephone is in the browser."""
NEWCOMER = "newcomer"
"""Whoever tries the product: takes calls with a headset, and sees and hears what a supervisor does."""
MAIN_NUMBER = "74951234567"
COMPANIES = (("УК «Заречье»", MAIN_NUMBER), ("УК «Северный квартал»", "74957654321"))
HOUSES = (
    ("УК «Заречье»", "Москва", "Набережная ул.", "12", FLATS),
    ("УК «Северный квартал»", "Москва", "Лесная ул.", "3", 60),
)

_SURNAMES = ("Иванов", "Смирнов", "Кузнецов", "Попов", "Соколов", "Лебедев", "Новиков", "Морозов", "Волков", "Зайцев")
_MEN = ("Алексей", "Дмитрий", "Сергей", "Андрей", "Пётр", "Николай")
_WOMEN = ("Анна", "Мария", "Елена", "Ольга", "Татьяна", "Ирина")
_FATHERS = ("Иванович", "Петрович", "Сергеевич", "Андреевич"), ("Ивановна", "Петровна", "Сергеевна", "Андреевна")


@dataclass(frozen=True, slots=True)
class Login:
    """A person who can log in. `endpoint` and `sip_secret` are empty for one without a telephone that tools can play;
    `in_browser`: has one on the pages."""

    login: str
    password: str
    role: str
    endpoint: str = ""
    sip_secret: str = ""
    in_browser: bool = False


async def seed(connection: asyncpg.Connection, operators: int, box: SecretBox) -> list[Login]:
    """Fill an empty database, or renew the logins of a seeded one; return the logins with their passwords."""
    async with connection.transaction():
        if await connection.fetchval(GENERATE["is_empty"]):
            await connection.execute(await connection.fetchval(GENERATE["mark_demo"]))
        ids = {}
        for name, number in COMPANIES:
            ids[name] = await connection.fetchval(SQL["company"], name)
            await connection.execute(SQL["number"], number, ids[name])
            crews, first = usual_crews("ru"), 100 * len(ids)
            await connection.execute(
                SQL["crews"], ids[name], crews, [f"+7900999{first + place:04}" for place in range(len(crews))]
            )
            await connection.executemany(SQL["term"], [(ids[name], *term) for term in USUAL_MONTHS.items()])
        first_phone = 0
        for company, city, street, building, flats in HOUSES:
            house = await connection.fetchval(SQL["house"], ids[company], city, street, building)
            if house is not None:
                await settle(connection, house, flats, first_phone)
            first_phone += 2 * flats
        await fill_keys(connection)
        logins = [
            *(Login(role, secrets.token_urlsafe(12), role) for role in ("supervisor", "administrator", "manager")),
            *(
                Login(name, secrets.token_urlsafe(12), "operator", name, secrets.token_urlsafe(16))
                for name in (f"op-{number:02}" for number in range(1, operators + 1))
            ),
            *(
                Login(f"browser-{number:02}", secrets.token_urlsafe(12), "operator", in_browser=True)
                for number in range(1, BROWSERS + 1)
            ),
            Login(NEWCOMER, secrets.token_urlsafe(12), "supervisor", in_browser=True),
        ]
        # The passwords are random and long, so the cheapest hash that verifies is strong enough for a demo's set-up time.
        hasher = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
        for login, name in zip(logins, names(), strict=False):
            await connection.execute(
                SQL["operator"],
                login.login,
                name,
                login.role,
                hasher.hash(login.password),
                *_telephone(login, box),
                ids[COMPANIES[0][0]] if login.role == "manager" else None,
            )
        # Should PostgreSQL have counted meanwhile, it counted nobody, and would look for a caller in whole tables.
        await connection.execute(IMPORT["analyze_directory"])
    return logins


def _telephone(login: Login, box: SecretBox) -> tuple[str | None, str | None]:
    """The account and its sealed secret."""
    if login.in_browser:
        account = IN_BROWSER + login.login
        return account, box.seal(closed(box, account)[0])
    return (login.endpoint, box.seal(login.sip_secret)) if login.endpoint else (None, None)


async def settle(connection: Connection, house: int, flats: int, first_phone: int) -> None:
    """One or two residents a flat, each with a telephone; every seventh pair shares one."""
    rows = sorted(await connection.fetch(SQL["flats"], house, flats), key=lambda row: int(row["flat"]))
    homes = [row["id"] for row in rows for _ in range(1 + int(row["flat"]) % 2)]
    called = list(islice(cycle(names()), len(homes)))
    residents = [row["id"] for row in await connection.fetch(SQL["residents"], homes, called)]
    phones: list[str] = []
    for place, home in enumerate(homes):
        shared = place > 0 and homes[place - 1] == home and place % 7 == 0
        phones.append(phones[-1] if shared else f"+7900{first_phone + place:07}")
    await connection.execute(SQL["phones"], phones, residents)


def names() -> list[str]:
    """Made-up names, of a man and of a woman in turn."""
    men = [f"{surname} {name} {father}" for name, father, surname in product(_MEN, _FATHERS[0], _SURNAMES)]
    women = [f"{surname}а {name} {father}" for name, father, surname in product(_WOMEN, _FATHERS[1], _SURNAMES)]
    return [name for pair in zip(men, women, strict=True) for name in pair]


async def _main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m stack.demo_data", description="fill in a made-up dispatch centre; prints its logins as JSON"
    )
    parser.add_argument("--operators", type=int, default=40)
    options = parser.parse_args()
    settings = load_settings()
    connection = await connect(settings.database.of_owner())
    try:
        print(
            json.dumps(
                [asdict(login) for login in await seed(connection, options.operators, SecretBox(settings.secrets))]
            )
        )
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(_main())
