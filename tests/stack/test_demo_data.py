from datetime import timedelta

from callcenter.common.attempts import Attempts
from callcenter.common.origin import Origin
from callcenter.common.passwords import Passwords
from callcenter.common.sessions import SessionTerm
from callcenter.people.logins import LoggedIn, Logins
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, open_pool
from stack import demo_data
from stack.demo import addresses
from tests.site import BOX

ROLES = {"supervisor": "supervisor", "administrator": "administrator", "manager": "manager", "op-01": "operator"}


async def test_the_demonstrations_people_log_in_and_get_new_passwords_when_it_is_seeded_again(
    database_url: str, owner_url: str
):
    pool = await open_pool(DatabaseSettings(url=database_url))
    logins = Logins(pool, Passwords(), Attempts(pool), SessionTerm(timedelta(hours=1), timedelta(hours=1)), BOX)
    try:
        owner = await connect(DatabaseSettings(url=owner_url))
        first = await demo_data.seed(owner, 1, BOX)
        second = await demo_data.seed(owner, 1, BOX)
        await owner.close()
        assert {login.login: login.role for login in second} == ROLES
        for old, new in zip(first, second, strict=True):
            assert await logins.log_in(old.login, old.password, Origin("192.0.2.1")) is None
            entered = await logins.log_in(new.login, new.password, Origin("192.0.2.1"))
            assert isinstance(entered, LoggedIn)
            assert entered.person.role == new.role
            assert (entered.person.company_id is not None) == (new.role == "manager")
    finally:
        await pool.close()


def test_the_demonstration_says_where_to_look_and_as_whom():
    people = [
        {"login": login, "role": role, "password": f"pass-{login}", "endpoint": login if role == "operator" else "",
         "sip_secret": "secret"}
        for login, role in ROLES.items()
    ]  # fmt: skip
    text = addresses(
        {"logins": people, "web": {"url": "http://127.0.0.1:1"}, "sip": {"host": "127.0.0.1", "port": 5060}}
    )
    for login in ROLES:
        assert f"pass-{login}" in text
