from pathlib import Path

import asyncpg
import pytest

from callcenter.cli.import_directory import import_directory
from tests.site import settings_for

HEADINGS = "Город;Улица;Дом;Квартира;Житель;Телефоны\n"


async def test_a_sheet_from_the_command_line(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    settings = settings_for(database_url)
    file = tmp_path / "houses.csv"
    connection = await asyncpg.connect(database_url)

    async def run(text: str, *, apply: bool = False) -> tuple[int, str]:
        file.write_text(text)
        return await import_directory(settings, file, apply=apply), capsys.readouterr().out

    assert await run("") == (1, "houses.csv: The file is empty.\n")
    status, said = await run(f"{HEADINGS}Москва;Лесная;3;1;Иванова;12\n", apply=True)
    assert (status, said.splitlines()[0][:18]) == (1, "line 2, Phones: “1")
    assert said.splitlines()[-1] == "1 line; 1 left out: nothing changes; written"
    good = f"{HEADINGS}Москва;Лесная;3;1;Иванова;8 916 123-45-67\n"
    assert "add --apply" in (await run(good))[1]
    assert await connection.fetchval("select count(*) from houses") == 0
    status, said = await run(good, apply=True)
    assert (status, said.splitlines()) == (
        0,
        [
            "line 2: served by no company: Москва, Лесная, 3",
            "1 line: 1 new house, 1 new flat, 1 new resident, 1 new telephone; written",
        ],
    )
    assert "nothing changes" in (await run(good, apply=True))[1]
    assert await connection.fetchval("select count(*) from resident_phones") == 1
    await connection.close()
