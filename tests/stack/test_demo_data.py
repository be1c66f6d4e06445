from datetime import timedelta

from callcenter.common.attempts import Attempts
from callcenter.common.origin import Origin
from callcenter.common.passwords import Passwords
from callcenter.common.sessions import SessionTerm
from callcenter.people.logins import LoggedIn, Logins
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, open_pool
from stack import demo_data
from tests.site import BOX

ROLES = {"supervisor": "supervisor", "administrator": "administrator", "manager": "manager", "op-01": "operator"}
ROLES |= {f"browser-{number:02}": "operator" for number in range(1, 11)} | {"newcomer": "supervisor"}


async def test_the_demonstrations_people_log_in_and_get_new_passwords_when_it_is_seeded_again(
    database_url: str, owner_url: str
):
    pool = await open_pool(DatabaseSettings(url=database_url))
    logins = Logins(pool, Passwords(), Attempts(pool), SessionTerm(timedelta(hours=1), timedelta(hours=1)), BOX)
    try:
        owner = await connect(DatabaseSettings(url=owner_url))
        first = await demo_data.seed(owner, 1, BOX)
        second = await demo_data.seed(owner, 1, BOX)
        crews = (
            "select c.name from companies c where (select count(*) from crews where company_id = c.id and active) = 5"
        )
        assert {row["name"] for row in await owner.fetch(crews)} >= {name for name, _number in demo_data.COMPANIES}
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
