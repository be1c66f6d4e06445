"""A register as an office keeps it: a title, other columns, the address in one cell, cp1251, and cells that are wrong."""

from collections.abc import Iterator

ROWS, BAD = 20_000, 500
FLATS = 100
HEAD = "№ п/п;Лицевой счет;ФИО собственника;Адрес;Кв.;Площадь, м2;Контактный телефон"


def titled_register(rows: int = ROWS, bad: int = BAD) -> bytes:
    """So many lines; every `rows / bad` of them has one cell that cannot be taken."""
    lines = ["Реестр лицевых счетов ООО «УК Пример» на 01.11.2026;;;;;;", HEAD, *_lines(rows, rows // bad)]
    return "\r\n".join([*lines, f"Итого: {rows};;;;;;", ""]).encode("cp1251")


def _lines(rows: int, step: int) -> Iterator[str]:
    for number in range(rows):
        house, flat = divmod(number, FLATS)
        address = f"170100, г. Тверь, ул. {house // 20 + 1}-я Садовая, д. {house % 20 + 1}, корп. {house % 3 + 1}"
        account, phone, kind = (
            str(10_000_000 + number),
            f"8 900 {number // 10000:03}-{number // 100 % 100:02}-{number % 100:02}",
            number // step % 4,
        )
        if number % step == step - 1:
            match kind:
                case 0:
                    phone = "8 900 12"
                case 1:
                    account = "1,23457E+11"
                case 2:
                    address = "адрес уточняется"
                case _:
                    phone = "спросить у соседа"
        yield f"{number + 1};{account};Житель {number};{address};{flat + 1};45,3;{phone}"
