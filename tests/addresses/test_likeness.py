import pytest

from callcenter.addresses.likeness import alike, same_person
from callcenter.addresses.street import street_key


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("Склизкова", "Склискова", True),
        ("Склизкова", "Склизова", True),
        ("Мира", "проспект Мира", True),
        ("Карла Маркса", "Маркса", True),
        ("1-я Парковая", "2-я Парковая", False),
        ("Мира", "Миру", False),
        ("Лесная", "Речная", False),
        ("8 Марта", "Марта", False),
    ],
)
def test_streets_that_are_probably_one(one: str, other: str, near: bool):
    assert bool(alike(street_key(one)) & alike(street_key(other))) == near


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Иванова Анна Петровна", "Иванова А. П.", True),
        ("Иванова Анна Петровна", "Иванова А.П.", True),
        ("Иванова Анна", "Анна Иванова", True),
        ("Королёва Анна", "Королева Анна", True),
        ("Иванова Анна", "Ивонова Анна", True),
        ("Иванова Анна Петровна", "Иванова Анна", True),
        ("Иванова Анна", "Иванова Ольга", False),
        ("Иванова А. П.", "Иванова О. П.", False),
        ("Иванова Анна", "Петрова Анна", False),
    ],
)
def test_names_that_are_probably_one(one: str, other: str, same: bool):
    assert same_person(one, other) == same
