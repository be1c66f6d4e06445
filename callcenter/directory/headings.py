"""What the columns of an office's register are called, in the words of whoever made it."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from callcenter.common.sheet_cells import heading
from callcenter.common.sheet_columns import Columns

HEADERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "house_key": ("House key", "Ключ дома"),
        "company": ("Company", "Управляющая компания"),
        "city": ("City", "Город"),
        "street": ("Street", "Улица"),
        "building": ("Building", "Дом"),
        "entrances": ("Entrances", "Подъездов"),
        "flat": ("Flat", "Квартира"),
        "entrance": ("Entrance", "Подъезд"),
        "account": ("Account", "Лицевой счёт"),
        "name": ("Resident", "Житель"),
        "phones": ("Phones", "Телефоны"),
    }
)
"""The columns, in the order in which they are written: English and Russian headings; both are accepted."""

APART: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "address": ("Address", "Адрес одной строкой"),
        "block": ("Block", "Корпус"),
        "surname": ("Surname", "Фамилия"),
        "given_name": ("Given name", "Имя"),
        "patronymic": ("Patronymic", "Отчество"),
    }
)
"""Columns that offices have besides, from which those above are made."""

ALL: Mapping[str, tuple[str, str]] = MappingProxyType(dict(HEADERS) | dict(APART))
REASONS = ("What to correct", "Что исправить")
"""The heading of the column that comes back with the lines that were not taken."""

_ALSO = {
    "ук": "company",
    "компания": "company",
    "управляющая организация": "company",
    "населённый пункт": "city",
    "номер дома": "building",
    "№ дома": "building",
    "building no.": "building",
    "house": "building",
    "кв.": "flat",
    "№ квартиры": "flat",
    "номер квартиры": "flat",
    "помещение": "flat",
    "количество подъездов": "entrances",
    "лс": "account",
    "л/с": "account",
    "№ лицевого счёта": "account",
    "номер лицевого счёта": "account",
    "фио": "name",
    "Ф.И.О.": "name",
    "ФИО собственника": "name",
    "собственник": "name",
    "name": "name",
    "телефон": "phones",
    "phone": "phones",
    "контактный телефон": "phones",
    "номер телефона": "phones",
    "адрес": "address",
    "адрес дома": "address",
    "адрес помещения": "address",
    "корп.": "block",
}
NAMES: Mapping[str, str] = MappingProxyType(
    {heading(text): column for column, both in ALL.items() for text in (column, *both)}
    | {heading(text): column for text, column in _ALSO.items()}
)
_UNSAID = frozenset(heading(text) for text in (*REASONS, "№", "№ п/п", "п/п", "No.", "№ пп"))
# In this order: `Домашний телефон` is no house, `Площадь квартиры` no flat, `Адрес электронной почты` no address.
_PROBABLY = tuple(
    (column, re.compile(pattern))
    for column, pattern in (
        ("phones", r"\b(?:тел|телефон\w*|моб|мобильн\w*|сотов\w*|phones?|mobile)\b"),
        (
            "",
            r"площад|дата|\bдолг|задолж|сумм|тариф|доля|паспорт|снилс|\bинн\b|кадастр|e ?mail|электрон|почт|примеч|"
            r"комнат|этаж|\bтип\b|\bвид\b|статус|назначен|домофон|серия|свидетельств|регистрац|рожден|прописа|прожива|"
            r"код\b|\bгод\b|юрид|\bрайон|област|индекс|начисл|оплат|\barea\b|\bdate\b|\bdebt\b|\bfloor\b",
        ),
        ("entrances", r"\b(?:количество|число|кол во) подъездов"),
        ("", r"количеств|\bчисло\b|\bкол во\b"),
        ("account", r"лиц\w* сч|лицев|\bл с\b|\bлс\b|\baccount\b"),
        ("address", r"\bадрес|\baddress\b"),
        (
            "name",
            r"\bфио\b|\bф и о\b|собственник|нанимател|\bжител|\bжилец|владел|абонент|плательщик|потребител|правооблад|квартиросъем|\bфамилия\b.*\b(?:имя|и о)\b|\bresident\b|\bowner\b|\btenant\b",
        ),
        ("entrance", r"подъезд|\bentrance\b"),
        ("flat", r"\bкв\b|квартир|помещени|\bflat\b|\bapartment\b"),
        ("block", r"\bкорп(?:ус\w*)?\b|\bстроени"),
        ("company", r"управляющ|\bук\b|\bcompany\b"),
        ("building", r"\bдома?\b|\bbuilding\b|\bhouse\b"),
        ("street", r"\bулиц|\bstreet\b"),
        ("city", r"\bгород|\bнаселенн\w* пункт|\bcity\b|\btown\b"),
    )
)


def guess(plain: str) -> str | None:
    """The column that a heading probably names."""
    return next((column or None for column, pattern in _PROBABLY if pattern.search(plain)), None)


def columns_of(city: str = "") -> Columns:
    """What a register may hold. `city`: that of houses which name none."""

    def missing(named: Collection[str]) -> str | None:
        """Every line names its house."""
        known = set(named) | ({"city"} if city else set())
        enough = "house_key" in known or "address" in known or {"city", "street", "building"} <= known
        return None if enough else "no house columns"

    return Columns(NAMES, lists=frozenset({"phones"}), missing=missing, guess=guess, unsaid=_UNSAID)
