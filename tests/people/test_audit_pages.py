import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import callcenter
from callcenter.common.cursors import PageCursor
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.people.audit_log import PAGE
from callcenter.people.audit_texts import action_name, subject_name
from tests.site import Browser, Site

HOSTILE = "<img src=x onerror=alert(1)>"
WRITERS = {"audit", "_note"}
NOON = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


async def write(site: Site, login: str, action: str, *, at: datetime = NOON, **fields: str) -> None:
    await site.pool.execute(
        "insert into audit_log (operator_id, action, at, subject, subject_id, address) values ($1, $2, $3, $4, $5, $6)",
        site.ids[login],
        action,
        at,
        fields.get("subject", ""),
        fields.get("subject_id", ""),
        fields.get("address", "192.0.2.1"),
    )


async def shown(alla: Browser, query: str = "") -> str:
    answer = await alla.get(f"/audit{query}")
    assert answer.status == 200, query
    return await answer.text()


def addresses(text: str) -> list[str]:
    return re.findall(r"192\.0\.2\.\d+", text)


async def test_logins_and_failures_and_log_outs_are_written_down(site: Site):
    async with site.browser() as anna, site.browser("alla") as alla:
        await anna.log_in("anna", "wrong")
        await anna.log_in("secret typed into the wrong field", "x")
        await anna.log_in("anna")
        await anna.post("/logout")
        text = await shown(alla)
        assert "secret typed" not in text
        rows = await site.pool.fetch(
            "select operator_id, action, subject_id, address, details from audit_log order by id"
        )
        anna_id = site.ids["anna"]
        assert [tuple(row)[:4] for row in rows[1:]] == [
            (None, "failed to log in", str(anna_id), "127.0.0.1"),
            (None, "failed to log in", "", "127.0.0.1"),
            (anna_id, "logged in", "", "127.0.0.1"),
            (anna_id, "logged out", "", "127.0.0.1"),
        ]
        assert [row["details"].get("wrong") for row in rows[1:3]] == ["password", "login"]
        assert text.index(">выход<") < text.index(">неудачный вход<")


async def test_each_filter_and_all_together(site: Site):
    await write(site, "anna", "viewed ticket", subject="ticket", subject_id="7", address="192.0.2.1")
    await write(site, "anna", "viewed ticket", subject="ticket", subject_id="8", address="192.0.2.2")
    await write(site, "boris", "viewed ticket", subject="ticket", subject_id="7", address="192.0.2.3")
    await write(site, "anna", "changed person", subject="person", subject_id="7", address="192.0.2.4")
    await write(
        site,
        "anna",
        "viewed ticket",
        subject="ticket",
        subject_id="7",
        address="192.0.2.5",
        at=NOON - timedelta(days=1),
    )
    anna = site.ids["anna"]
    async with site.browser("alla") as alla:
        for query, found in (
            (f"?person={anna}", "1245"),
            ("?action=viewed+ticket", "1235"),
            ("?subject=person", "4"),
            ("?subject=ticket&subject_id=7", "135"),
            ("?since=2026-03-05&until=2026-03-05", "1234"),
            ("?until=2026-03-04", "5"),
            (f"?person={anna}&action=viewed+ticket&subject=ticket&subject_id=7&since=2026-03-05", "1"),
            ("?person=999999", ""),
            ("?action=nothing+such", ""),
        ):
            text = await shown(alla, query)
            assert sorted(each[-1] for each in addresses(text)) == list(found), query
        assert "Подходящих записей нет" in text


async def test_a_day_is_one_of_the_centre(site: Site):
    await write(site, "anna", "logged in", at=datetime(2026, 3, 4, 20, 59, tzinfo=UTC), address="192.0.2.1")
    await write(site, "anna", "logged in", at=datetime(2026, 3, 4, 21, 0, tzinfo=UTC), address="192.0.2.2")
    await write(site, "anna", "logged in", at=datetime(2026, 3, 5, 20, 59, tzinfo=UTC), address="192.0.2.3")
    async with site.browser("alla") as alla:
        assert addresses(await shown(alla, "?since=2026-03-05&until=2026-03-05")) == ["192.0.2.3", "192.0.2.2"]


async def test_pages_follow_each_other_without_a_gap_and_keep_the_filter(site: Site):
    # Of the same moment, so that only the number distinguishes them.
    for number in range(2 * PAGE + 5):
        await write(site, "anna", "viewed ticket", subject="ticket", subject_id=f"n{number}")
    seen: list[str] = []
    async with site.browser("alla") as alla:
        query = "?subject=ticket"
        pages = 0
        while query:
            text = await shown(alla, query)
            seen += re.findall(r"заявка (n\d+)", text)
            following = re.search(r'href="/audit(\?[^"]+)" rel="next"', text)
            query = following[1].replace("&amp;", "&") if following else ""
            assert not query or "subject=ticket" in query
            pages += 1
    assert pages == 3
    assert seen == [f"n{number}" for number in reversed(range(2 * PAGE + 5))]


async def test_a_filter_that_makes_no_sense_is_named(site: Site):
    async with site.browser("alla") as alla:
        for query, field in (
            ("?since=yesterday", "since"),
            ("?until=2026-02-30", "until"),
            ("?since=2026-03-05&until=2026-03-04", "until"),
            ("?person=anna", "person"),
            ("?person=" + "9" * 40, "person"),
            ("?subject_id=" + "x" * 101, "subject_id"),
            ("?action=%00", "action"),
        ):
            answer = await alla.get(f"/audit{query}")
            assert answer.status == 400, query
            assert f'id="{field}-problem"' in await answer.text(), query
        for after in ("x", "1-2", "20260305093000000000-", "20261399000000000000-1", "2" * 20 + "-" + "9" * 30):
            assert (await alla.get(f"/audit?after={after}")).status == 400, after
        assert (await alla.get("/audit?since=0001-01-01&until=9999-12-31")).status == 200


async def test_what_is_written_down_is_shown_and_not_run(site: Site):
    await write(site, "anna", HOSTILE, subject=HOSTILE, subject_id=HOSTILE, address=HOSTILE)
    async with site.browser("alla") as alla:
        assert "<img src=x" not in await shown(alla)


async def test_changes_of_people_are_shown_from_what_to_what(site: Site):
    async with site.browser("alla") as alla:
        await alla.post(f"/people/{site.ids['anna']}", name="Анна Старшая", role="operator")
        text = await shown(alla, "?action=changed+person")
    assert "Анна Петрова → Анна Старшая" in text
    assert "изменён сотрудник" in text


def test_a_place_is_read_as_it_is_written():
    place = PageCursor(datetime(2026, 3, 5, 9, 30, 1, 123456, tzinfo=UTC), 7)
    assert PageCursor.parse(str(place)) == place


def test_an_action_and_a_subject_of_another_version_are_shown_as_they_are_written():
    assert action_name("ru", "logged in") == "вход"
    assert action_name("ru", "did what only a newer version knows") == "did what only a newer version knows"
    assert subject_name("ru", "ticket") == "заявка"
    assert subject_name("ru", "airship") == "airship"


def test_everything_that_is_written_down_is_a_member_of_the_enumerations():
    said: list[str] = []
    calls = 0
    for path in Path(callcenter.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in WRITERS:
                calls += 1
                said += [text for each in call.args[1:2] for text in constants(each)]
                said += [text for each in call.keywords if each.arg == "subject" for text in constants(each.value)]
    assert calls > 30
    assert said == []


@pytest.mark.parametrize("kind", ["company", "category", "crew", "responsible", "house", "premises", "resident"])
def test_each_part_of_the_directory_has_actions(kind: str):
    assert {AuditAction(f"added {kind}"), AuditAction(f"changed {kind}"), AuditSubject(kind)} <= {
        *AuditAction,
        *AuditSubject,
    }


@pytest.mark.parametrize("kind", ["house", "premises", "resident"])
def test_what_may_be_twice_can_be_merged_by_an_action(kind: str):
    assert AuditAction(f"merged {kind}") in AuditAction


def constants(node: ast.expr) -> set[str]:
    return {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
