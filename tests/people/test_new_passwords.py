"""New passwords: what is tried first is refused."""

import time

import pytest

from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.people.new_passwords import NewPasswords
from tests.site import Site

COMMON = [
    *("Password1234", "password2026!", "P@ssw0rd2026!", "qwertyuiop12", "1q2w3e4r5t6y", "123456789012", "zaq12wsxcde3"),
    *(
        "aaaaaaaaaaaa",
        "abababababab",
        "iloveyou1234",
        "891612345678",
        "Qwerty123456",
        "admin1234567",
        "1987051219870512",
    ),
    # Russian words, in either layout of the keyboard.
    *("йцукенгшщзхъ", "пароль123456", "парольпароль", "Gfhjkm123456", "ghbdtnghbdtn", "ЙЦУКЕН123456", "приветпривет"),
    # The service, the company, the person.
    *("Заречье2026!", "заречье-2026", "pfhtxmt-2026", "диспетчер2026", "Петрова-1987", "callcenter2026"),
]
GOOD = [
    *("четыре разных слова", "correct horse battery", "kol-7-sosna-reka", "Мама мыла раму зимой", "x9!kQ2_vLm0z"),
    "стая ворон у реки",
]


@pytest.fixture
def rules(site: Site) -> NewPasswords:
    return NewPasswords(site.pool)


@pytest.fixture
def anna(site: Site) -> Person:
    return Person(OperatorId(site.ids["anna"]), "anna", "Анна Петрова", Role.OPERATOR, "ru", True, None)


@pytest.mark.parametrize("password", COMMON)
async def test_what_is_tried_first_is_refused(rules: NewPasswords, anna: Person, password: str):
    assert await rules.problem_with(anna, password, password) == "common"


@pytest.mark.parametrize("password", GOOD)
async def test_words_that_do_not_belong_together_are_accepted(rules: NewPasswords, anna: Person, password: str):
    assert await rules.problem_with(anna, password, password) is None


async def test_the_other_rules(rules: NewPasswords, anna: Person):
    good = GOOD[0]
    for password, again, problem in (
        ("x9!kQ2_vLm0", "x9!kQ2_vLm0", "short"),
        (good * 20, good * 20, "long"),
        (good + "\0", good + "\0", "long"),
        ("Anna " + good, "Anna " + good, "login"),
        (good, good + "!", "different"),
    ):
        assert await rules.problem_with(anna, password, again) == problem


async def test_the_worst_password_costs_little(rules: NewPasswords, anna: Person):
    worst = ("4@8({[<369&#!1/|0$5+7%2" * 12)[:256]
    began = time.process_time()
    assert await rules.problem_with(anna, worst, worst) is None
    # With all of its characters looked at it takes a minute.
    assert time.process_time() - began < 5
