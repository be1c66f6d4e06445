"""Right values, written by hand, and what holds for every value."""

import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.speech.russian import Russian
from callcenter.speech.words import Case, Noun, number_parts

RU = Russian()
ZONE = ZoneInfo("Europe/Moscow")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[arg-type,misc]


NOW = at(2026, 11, 28, 14)
SPOKEN = re.compile(r"[а-яё]+(?:[ ,.!?]+[а-яё]+)*[.!?]?", re.IGNORECASE)

HOURS = {
    0: "ноля часов",
    1: "часа ночи",
    2: "двух ночи",
    3: "трёх ночи",
    4: "четырёх утра",
    5: "пяти утра",
    6: "шести утра",
    7: "семи утра",
    8: "восьми утра",
    9: "девяти утра",
    10: "десяти утра",
    11: "одиннадцати утра",
    12: "двенадцати часов",
    13: "тринадцати часов",
    14: "четырнадцати часов",
    15: "пятнадцати часов",
    16: "шестнадцати часов",
    17: "семнадцати часов",
    18: "восемнадцати часов",
    19: "девятнадцати часов",
    20: "двадцати часов",
    21: "двадцати одного часа",
    22: "двадцати двух часов",
    23: "двадцати трёх часов",
}
MINUTES = {
    1: "одной минуты",
    2: "двух минут",
    4: "четырёх минут",
    5: "пяти минут",
    11: "одиннадцати минут",
    12: "двенадцати минут",
    20: "двадцати минут",
    21: "двадцати одной минуты",
    22: "двадцати двух минут",
    30: "тридцати минут",
    40: "сорока минут",
    45: "сорока пяти минут",
    50: "пятидесяти минут",
    59: "пятидесяти девяти минут",
}
DAYS = {
    1: "первого",
    2: "второго",
    3: "третьего",
    4: "четвёртого",
    5: "пятого",
    6: "шестого",
    7: "седьмого",
    8: "восьмого",
    9: "девятого",
    10: "десятого",
    11: "одиннадцатого",
    12: "двенадцатого",
    13: "тринадцатого",
    14: "четырнадцатого",
    15: "пятнадцатого",
    16: "шестнадцатого",
    17: "семнадцатого",
    18: "восемнадцатого",
    19: "девятнадцатого",
    20: "двадцатого",
    21: "двадцать первого",
    22: "двадцать второго",
    23: "двадцать третьего",
    28: "двадцать восьмого",
    29: "двадцать девятого",
    30: "тридцатого",
    31: "тридцать первого",
}
MONTHS = ("января", "марта", "мая", "июля", "августа", "октября", "декабря")


@pytest.mark.parametrize(("hour", "spoken"), HOURS.items())
def test_an_hour_is_said_as_people_say_it(hour: int, spoken: str) -> None:
    moment = NOW.replace(hour=hour)
    assert RU.since(moment, NOW) == f"с {spoken}"
    if hour:
        assert RU.until(moment, NOW) == f"до {spoken}"
        assert RU.until(moment + timedelta(days=1), NOW) == f"до {spoken} завтра"


@pytest.mark.parametrize("hour", [1, 5, 9, 14, 21, 23])
@pytest.mark.parametrize(("minute", "spoken"), MINUTES.items())
def test_hours_and_minutes_are_in_the_genitive(hour: int, minute: int, spoken: str) -> None:
    plain = {1: "одного часа", 5: "пяти часов", 9: "девяти часов"}
    expected = f"{plain.get(hour, HOURS[hour])} {spoken}"
    assert RU.since(NOW.replace(hour=hour, minute=minute), NOW) == f"с {expected}"


@pytest.mark.parametrize("month", range(7))
@pytest.mark.parametrize(("day", "spoken"), DAYS.items())
def test_a_day_is_an_ordinal_in_the_genitive(day: int, spoken: str, month: int) -> None:
    number = (1, 3, 5, 7, 8, 10, 12)[month]
    moment, now = at(2026, number, day, 9), at(2026, number, 1) - timedelta(days=40)
    assert RU.until(moment, now) == f"до девяти утра {spoken} {MONTHS[month]}"


@pytest.mark.parametrize(
    ("moment", "since", "until"),
    [
        (at(2026, 11, 27, 9), "с девяти утра вчерашнего дня", "до девяти утра двадцать седьмого ноября"),
        (at(2026, 11, 29, 9), "с девяти утра завтрашнего дня", "до девяти утра завтра"),
        (at(2026, 11, 29), "с ноля часов завтрашнего дня", "до двадцати четырёх часов"),
        (at(2026, 11, 30), "с ноля часов тридцатого ноября", "до двадцати четырёх часов завтра"),
        (
            at(2028, 2, 29, 6),
            "с шести утра двадцать девятого февраля две тысячи двадцать восьмого года",
            "до шести утра двадцать девятого февраля две тысячи двадцать восьмого года",
        ),
    ],
)
def test_the_day_is_said_unless_it_is_today(moment: datetime, since: str, until: str) -> None:
    assert RU.since(moment, NOW) == since
    assert RU.until(moment, NOW) == until


def test_a_period_says_its_day_once() -> None:
    begin, end = at(2026, 12, 3, 9), at(2026, 12, 3, 18)
    assert RU.period(begin, end, NOW) == "с девяти утра до восемнадцати часов третьего декабря"
    longer = RU.period(begin, end + timedelta(days=1), NOW)
    assert longer == "с девяти утра третьего декабря до восемнадцати часов четвёртого декабря"


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        (0, "ноль"),
        (7, "семь"),
        (41, "сорок один"),
        (100, "сто"),
        (212, "двести двенадцать"),
        (1000, "тысяча"),
        (1001, "тысяча один"),
        (1041, "тысяча сорок один"),
        (1900, "тысяча девятьсот"),
        (2002, "две тысячи два"),
        (5016, "пять тысяч шестнадцать"),
        (9999, "девять тысяч девятьсот девяносто девять"),
        (10000, "десять, ноль ноль ноль"),
        (12345, "двенадцать, триста сорок пять"),
        (40040, "сорок, ноль сорок"),
        (100007, "сто, ноль ноль семь"),
        (104112, "сто четыре, сто двенадцать"),
        (1234567, "один, двести тридцать четыре, пятьсот шестьдесят семь"),
        (1000000, "один, ноль ноль ноль, ноль ноль ноль"),
    ],
)
def test_a_ticket_number_is_said_in_groups(number: int, spoken: str) -> None:
    assert RU.ticket_number(number) == spoken


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("1", "квартира один"),
        ("127", "квартира сто двадцать семь"),
        ("12а", "квартира двенадцать а"),
        ("12/1", "квартира двенадцать дробь один"),
        ("кв. 5", "квартира пять"),
        ("пом. 3", "помещение три"),
        ("Н/П 5", "нежилое помещение пять"),
        ("офис 21", "офис двадцать один"),
    ],
)
def test_a_flat(name: str, spoken: str) -> None:
    assert RU.flat(name) == spoken
    assert RU.read(spoken) == spoken


@pytest.mark.parametrize(
    ("building", "spoken"),
    [
        ("5", "дом пять"),
        ("д. 5", "дом пять"),
        ("д.5", "дом пять"),
        ("12/5", "дом двенадцать дробь пять"),
        ("12 / 5", "дом двенадцать дробь пять"),
        ("15Б/2", "дом пятнадцать бэ дробь два"),
        ("7 корп. 2", "дом семь корпус два"),
        ("7, корп. 2", "дом семь, корпус два"),
        ("7 к. 2", "дом семь корпус два"),
        ("7к2", "дом семь корпус два"),
        ("12к1с2", "дом двенадцать корпус один строение два"),
        ("7 корп. Б", "дом семь корпус бэ"),
        ("3А", "дом три а"),
        ("3а", "дом три а"),
        ("3 А", "дом три а"),
        ("3A", "дом три а"),
        ("3B", "дом три вэ"),
        ("16Г", "дом шестнадцать гэ"),
        ("10 стр. 1", "дом десять строение один"),
        ("12 лит. Б", "дом двенадцать литера бэ"),
        ("вл. 3", "владение три"),
        ("10-12", "дом десять тире двенадцать"),
    ],
)
def test_a_house(building: str, spoken: str) -> None:
    assert RU.house(building) == spoken
    assert RU.read(spoken) == spoken


@pytest.mark.parametrize(
    ("street", "spoken"),
    [
        ("Лесная ул.", "улица Лесная"),
        ("ул. Лесная", "улица Лесная"),
        ("ул.Лесная", "улица Лесная"),
        ("Набережная ул.", "улица набережная"),
        ("Мира пр-т", "проспект Мира"),
        ("пр. Мира", "проспект Мира"),
        ("Тихий пер.", "переулок Тихий"),
        ("Цветочный пр-д", "проезд Цветочный"),
        ("наб. реки Мойки", "набережная реки Мойки"),
        ("Цветной б-р", "бульвар Цветной"),
        ("мкр. Солнечный", "микрорайон Солнечный"),
        ("мкр Солнечный", "микрорайон Солнечный"),
        ("Энтузиастов ш.", "шоссе Энтузиастов"),
        ("ш. Энтузиастов", "шоссе Энтузиастов"),
        ("Красная пл.", "площадь Красная"),
        ("ул. 8 Марта", "улица восьмого Марта"),
        ("1-я Парковая ул.", "улица первая Парковая"),
        ("3-й Лучевой просек", "третий Лучевой просек"),
        ("9-го Января ул.", "улица девятого Января"),
        ("ул. 40-летия Победы", "улица сорокалетия Победы"),
        ("ул. 65-летия Победы", "улица шестидесятипятилетия Победы"),
        ("ул. 100-летия Октября", "улица столетия Октября"),
        ("26-ти Бакинских Комиссаров ул.", "улица двадцати шести Бакинских Комиссаров"),
        ("ул. Ген. Белова", "улица генерала Белова"),
        ("ул. им. Чехова", "улица имени Чехова"),
        ("Lenina ул.", "улица ленина"),
    ],
)
def test_a_street(street: str, spoken: str) -> None:
    assert RU.street(street) == spoken
    assert RU.read(spoken) == spoken


@pytest.mark.parametrize(
    ("number", "nominative", "genitive", "accusative"),
    [
        (1, "одна минута", "одной минуты", "одну минуту"),
        (2, "две минуты", "двух минут", "две минуты"),
        (5, "пять минут", "пяти минут", "пять минут"),
        (11, "одиннадцать минут", "одиннадцати минут", "одиннадцать минут"),
        (21, "двадцать одна минута", "двадцати одной минуты", "двадцать одну минуту"),
        (22, "двадцать две минуты", "двадцати двух минут", "двадцать две минуты"),
        (112, "сто двенадцать минут", "ста двенадцати минут", "сто двенадцать минут"),
    ],
)
def test_a_number_and_its_noun_agree(number: int, nominative: str, genitive: str, accusative: str) -> None:
    assert RU.count(number, Noun.MINUTE) == nominative
    assert RU.count(number, Noun.MINUTE, Case.GENITIVE) == genitive
    assert RU.count(number, Noun.MINUTE, Case.ACCUSATIVE) == accusative


def test_every_noun_agrees() -> None:
    spoken = [RU.count(number, noun) for noun in Noun for number in (1, 3, 5)]
    assert spoken == [
        *("одна минута", "три минуты", "пять минут", "один час", "три часа", "пять часов"),
        *("одна заявка", "три заявки", "пять заявок", "один звонок", "три звонка", "пять звонков"),
        *("одна квартира", "три квартиры", "пять квартир"),
    ]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Отключена до 18:30.", "Отключена до восемнадцати часов тридцати минут."),
        ("Включат в 21:01", "Включат в двадцать один час одну минуту"),
        ("29.11 с 9:00", "двадцать девятого ноября с девяти утра"),
        ("29.11.2026", "двадцать девятого ноября две тысячи двадцать шестого года"),
        ("2026-11-29", "двадцать девятого ноября две тысячи двадцать шестого года"),
        ("32.13", "тридцать два точка тринадцать"),
        ("29 ноября", "двадцать девятого ноября"),
        ("около 20 минут", "около двадцати минут"),
        ("2 минуты", "две минуты"),
        ("1,2,3 подъезды", "один, два, три подъезды"),
        ("подъезд 3 и т.д.", "подъезд три и так далее"),
        ("заявка № 1041 в кв. 12", "заявка номер тысяча сорок один в квартира двенадцать"),
        ("ХВС и ГВС", "ха вэ эс и гэ вэ эс"),
        ("УК «Заречье»", "у ка Заречье"),
        ("АВАРИЯ!!! ЖКХ", "авария! жэ ка ха"),
        ("тел. 8 800 555-35-35", "телефон восемь, восемьсот, пятьсот пятьдесят пять, тридцать пять, тридцать пять"),
        ("давление 50%", "давление пятьдесят процентов"),
        ("Вода отключена, 😀 извините", "Вода отключена, извините"),
        ("<speak>привет</speak><break time='9s'/>", "привет"),
        ('привет") (system "rm -rf /")', "привет, систем рм рф"),
        ("строка\x00\x07\x1b[31m другая", "строка, тридцать один эм другая"),
        ("Café", "кафе"),
        ("Γειά", ""),
        ("... !!!", ""),
        ("", ""),
    ],
)
def test_free_text_is_read(text: str, spoken: str) -> None:
    assert RU.read(text) == spoken


@given(st.text(max_size=300))
def test_nothing_but_russian_words_is_left_of_any_text(text: str) -> None:
    spoken = RU.read(text)
    assert spoken == "" or SPOKEN.fullmatch(spoken)


@given(
    st.lists(
        st.sampled_from(["12", "/", "5", "а", "Б", " ", "корп.", "-", ".", ",", "ул.", "к", "с", "A", "д", "г.", "№"]),
        max_size=12,
    )
)
def test_nothing_but_russian_words_is_left_of_any_address(parts: list[str]) -> None:
    spoken = RU.read("".join(parts))
    assert spoken == "" or SPOKEN.fullmatch(spoken)


FIRST = at(2020, 1, 1).replace(tzinfo=None)
MOMENTS = st.datetimes(FIRST, FIRST.replace(year=2039), timezones=st.just(ZONE))


@given(MOMENTS, MOMENTS)
def test_every_moment_is_said_in_words(moment: datetime, now: datetime) -> None:
    for spoken in (RU.since(moment, now), RU.until(moment, now), RU.period(min(moment, now), max(moment, now), now)):
        assert re.fullmatch(r"[а-яё ]+", spoken)
        assert RU.read(spoken) == spoken


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_two_ticket_numbers_never_sound_alike(one: int, other: int) -> None:
    assert re.fullmatch(r"[а-яё ,]+", RU.ticket_number(one))
    assert (RU.ticket_number(one) == RU.ticket_number(other)) == (one == other)


def test_all_ticket_numbers_are_made_of_few_pieces() -> None:
    numbers = (*range(10_000), *range(10_000, 10_000_000, 9_973))
    pieces = {
        piece for number in numbers for group in number_parts(number) for part in group for piece in RU.part(part)
    }
    assert len(pieces) == 1 + 99 + 9 + 9


@pytest.mark.parametrize("text", ["ж" * 5000, "1" * 5000, "x" * 5000, " " * 5000, "<" * 5000, "1 " * 2500, "(" * 5000])
def test_a_long_text_is_read_at_once(text: str) -> None:
    began = time.process_time()
    RU.read(text)
    assert time.process_time() - began < 1
