"""An administrator adds, renames, orders and retires the reasons for pauses, in both languages."""

from tests.site import Browser, Site

SHOWN = "select name_ru, name_en, active from pause_reasons order by place"
BEFORE = [
    ("перерыв", "break", True),
    ("обед", "lunch", True),
    ("обучение", "training", True),
    ("работа с заявками", "back office", True),
]


async def rows(site: Site) -> list[tuple[str, str, bool]]:
    return [tuple(row) for row in await site.pool.fetch(SHOWN)]


def form(lines: list[tuple[str, str, bool]], places: dict[int, int] | None = None) -> dict[str, str]:
    """What the page sends when these are on it."""
    typed = {}
    for line, (russian, english, active) in enumerate(lines):
        typed |= {f"ru{line}": russian, f"en{line}": english, f"place{line}": str((places or {}).get(line, line + 1))}
        typed |= {f"active{line}": "on"} if active else {}
    return typed


async def reset(site: Site, alla: Browser) -> None:
    """The table is the database's, which the tests share."""
    await site.pool.execute("delete from pause_reasons where code not in ('break', 'lunch', 'training', 'back_office')")
    typed = dict(zip(("break", "lunch", "training", "back_office"), BEFORE, strict=True))
    for place, (code, (russian, english, active)) in enumerate(typed.items(), 101):
        await site.pool.execute(
            "update pause_reasons set place = $2, name_ru = $3, name_en = $4, active = $5 where code = $1",
            code, place, russian, english, active,
        )  # fmt: skip
    assert (await alla.get("/pauses")).status == 200


async def test_reasons_are_added_renamed_ordered_and_retired(site: Site):
    async with site.browser("alla") as alla, site.browser("anna") as anna:
        await reset(site, alla)
        try:
            lunch_first = [BEFORE[0], ("обеденный перерыв", "lunch break", True), (*BEFORE[2][:2], False), BEFORE[3]]
            new = ("у врача", "at the doctor's", True)
            answer = await alla.post("/pauses", **form([*lunch_first, new], {1: 1}))
            assert answer.status == 303
            assert await rows(site) == [lunch_first[1], lunch_first[0], *lunch_first[2:], new]
            workplace = await (await anna.get("/workplace")).text()
            assert ">обеденный перерыв</option>" in workplace
            assert ">у врача</option>" in workplace
            assert ">обучение</option>" not in workplace
            assert (
                await site.pool.fetchval("select count(*) from audit_log where action = 'changed reasons for pauses'")
                == 1
            )
        finally:
            await reset(site, alla)


async def test_what_is_wrong_is_said_and_nothing_that_was_typed_is_lost(site: Site):
    async with site.browser("alla") as alla:
        await reset(site, alla)
        for wrong, field in (
            (form([("", "break", True), *BEFORE[1:]]), "ru0"),
            (form([*BEFORE, ("только по-русски", "", True)]), "en4"),
            (form(BEFORE) | {"place2": "x"}, "place2"),
            (form([("я" * 41, "break", True), *BEFORE[1:]]), "ru0"),
        ):
            answer = await alla.post("/pauses", **wrong)
            text = await answer.text()
            assert (answer.status, f'id="{field}-problem"' in text) == (400, True), field
            assert "только по-русски" in text or field != "en4"
        assert await rows(site) == BEFORE
