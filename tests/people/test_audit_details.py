"""Whatever the code writes into the audit log can be read in words, in both languages."""

import ast
from datetime import UTC, datetime

import pytest

from callcenter.domain.access import Role
from callcenter.domain.audit import AuditAction
from callcenter.people.audit_details import detail_names, words
from callcenter.people.audit_log import AuditEntry, Names
from callcenter.people.staff import PersonEdit
from stack.parts import ROOT
from tests.site import Site

WRITERS = {"audit", "_note"}
NAMES = Names({"7": "УК «Заречье»"}, {"3": "Сантехники"})
WITH_COUNTS = {f"{kind}s {what}" for kind in ("house", "flat", "resident") for what in ("added", "changed")}


def keys_written() -> set[str]:
    """The keys of every dictionary that goes into the log: given to a writer, or called `details`."""
    found = set[str]()
    for file in (ROOT / "callcenter").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in WRITERS:
                given = [*node.args, *(word.value for word in node.keywords if word.arg == "details")]
            elif isinstance(node, ast.Assign) and [getattr(each, "id", "") for each in node.targets] == ["details"]:
                given = [node.value]
            else:
                continue
            for value in given:
                for part in ast.walk(value):
                    if isinstance(part, ast.Dict):
                        found |= {key.value for key in part.keys if isinstance(key, ast.Constant)}
    return found


def entry(action: AuditAction, **details: object) -> AuditEntry:
    return AuditEntry(1, datetime.now(UTC), None, None, None, None, action, "", "", "", details, None)


def test_every_detail_that_the_code_writes_has_a_name():
    written = keys_written()
    assert {"score", "wrong", "login", "telephone", "link", "party"} <= written
    # What is not written out where it is written: fields of forms, and counts by kind.
    written |= WITH_COUNTS | {"phones added"} | set(PersonEdit.model_fields)
    written |= {"purpose", "prefix", "active", "per_operator_hour", "per_hour"}
    for language in ("ru", "en"):
        assert written - detail_names(language).keys() == set()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            entry(AuditAction.CHANGED_PERSON, role=["operator", "manager"], company_id=[None, 7]),
            [("роль", "Оператор → Управляющий"), ("компания", "– → УК «Заречье»")],
        ),
        (entry(AuditAction.LISTENED_TO_RECORDING, reason="quality"), [("причина", "Оценка качества")]),
        (entry(AuditAction.SHARED_RECORDINGS, link=4, recordings=[5, 6], pin=True), None),
        (entry(AuditAction.FAILED_TO_LOG_IN, wrong="recovery code"), [("что неверно", "код восстановления")]),
        (entry(AuditAction.SET_OPERATORS_STATE, state="paused"), [("статус", "На паузе")]),
        (entry(AuditAction.REVIEWED_TALK, score=66.7), [("оценка, %", "66,7")]),
        (entry(AuditAction.OPENED_LINK, crew=3), [("бригада", "Сантехники")]),
        (entry(AuditAction.ADDED_PERSON, role=Role.CREW.value), [("роль", "Бригада")]),
    ],
)
def test_details_are_said_in_words(made: AuditEntry, said: list[tuple[str, str]] | None):
    shown = words(made, "ru", NAMES)
    # Several are a list, not a change from the first to the second.
    assert shown == (said or [("ссылка №", "4"), ("записи №", "5, 6"), ("с ПИН-кодом", "да")])


async def test_the_page_of_the_log_shows_them(site: Site):
    async with site.browser("alla") as alla:
        company = str(await site.pool.fetchval("select id from companies"))
        person = site.ids["anna"]
        answer = await alla.post(f"/people/{person}", name="Анна Петрова", role="manager", company_id=company)
        assert answer.status == 303
        text = await (await alla.get("/audit")).text()
        assert "Оператор → Управляющий" in text
        assert "– → УК «Заречье»" in text
