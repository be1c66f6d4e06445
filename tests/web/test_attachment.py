import re
from urllib.parse import unquote

import pytest

from callcenter.web.attachment import attachment


@pytest.mark.parametrize(
    ("name", "plain", "whole"),
    [
        (
            "Заявки 01.11.2026–30.11.2026.xlsx",
            "Zayavki-01.11.2026-30.11.2026.xlsx",
            "Заявки 01.11.2026–30.11.2026.xlsx",
        ),
        ("houses.csv", "houses.csv", "houses.csv"),
        ('a"b\r\nX: 1/../c.csv', "a-b-X-1-..-c.csv", "a b X 1 .. c.csv"),
        ("файл", "fayl", "файл"),
        ("", "file", "file"),
        ("文.pdf", "file.pdf", "文.pdf"),
    ],
)
def test_a_file_has_its_name_in_any_letters_and_one_for_old_programs(name: str, plain: str, whole: str):
    [(header, value)] = attachment(name).items()
    found = re.fullmatch(r"attachment; filename=\"([A-Za-z0-9._-]+)\"; filename\*=UTF-8''([A-Za-z0-9%._~-]+)", value)
    assert header == "Content-Disposition"
    assert found is not None
    assert (found[1], unquote(found[2])) == (plain, whole)
