import json
import re

import pytest

from callcenter.web.render import lasting, telephone
from tests.conftest import by_owner
from tests.site import NOW, Site

HOSTILE = "</script><img src=x onerror=alert(1)> \"' {{ 7*191 }} & ${x}"


async def fill_calls(site: Site, resident: str = "Иванова Анна") -> None:
    company = await site.pool.fetchval("update companies set zone = 'Asia/Yekaterinburg' returning id")
    house = await site.pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, 'Москва', $2, '12') returning id",
        company,
        resident,
    )
    flat = await site.pool.fetchval("insert into premises (house_id, flat) values ($1, '417') returning id", house)
    who = await site.pool.fetchval(
        "insert into residents (premises_id, name) values ($1, $2) returning id", flat, resident
    )
    await site.pool.execute(
        "insert into calls (id, node, company_id, resident_id, did, caller, state, outcome, operator_id,"
        " arrived_at, ended_at, wait_s, talk_s)"
        " values ('c1', 'node1', $1, $2, '74951234567', '+79001234567', 'ended', 'answered', $3, $4, $4, 75.2, 3671)",
        company,
        who,
        site.ids["anna"],
        NOW,
    )
    await site.pool.execute(
        "insert into tickets (company_id, number, call_id, caller, house_id, premises_id, opened_at)"
        " values ($1, 1053, 'c1', '+79001234567', $2, $3, $4)",
        company,
        house,
        flat,
        NOW,
    )
    await site.pool.execute(
        "insert into calls (id, node, did, caller, state, arrived_at) values ('c2', 'node1', '7', '', 'arrived', $1)",
        NOW,
    )


async def test_a_call_is_shown_whole_in_its_companys_zone(site: Site):
    await fill_calls(site)
    async with site.browser("vera") as vera:
        text = await (await vera.get("/calls/list")).text()
    for shown in (
        "5 мар., 14:30:00",
        "+7\u00a0900\u00a0123\u201145\u201167",
        "Иванова Анна",
        "кв. 417",
        "Отвечен",
        "1:15",
        "1:01:11",
        "Анна Петрова",
        "1053",
        "УК «Заречье»",
        "Номер скрыт",
        "В процессе",
    ):
        assert shown in text, shown


async def test_an_empty_list_says_what_will_come(site: Site):
    async with site.browser("vera") as vera:
        assert "Звонков ещё не было" in await (await vera.get("/calls/list")).text()


@pytest.mark.parametrize("path", ["/workplace", "/board", "/calls", "/calls/list"])
async def test_hostile_names_stay_text(site: Site, path: str):
    await fill_calls(site, HOSTILE)
    await site.pool.execute("update operators set name = $1", HOSTILE)
    await site.pool.execute("update companies set name = $1", HOSTILE)
    async with site.browser("vera") as vera:
        answer = await vera.get(path)
        text = await answer.text()
    assert answer.status == 200
    assert "onerror" in text
    assert "<img src=x" not in text
    assert "</script><" not in text
    assert "1337" not in text
    for block in re.findall(r'<script type="application/json" id="place">(.*?)</script>', text):
        assert json.loads(block)["lines"]["74951234567"]["company"] == HOSTILE


async def test_the_login_form_gives_back_what_was_typed_as_text(site: Site):
    async with site.browser() as browser:
        text = await (await browser.log_in(HOSTILE.lower())).text()
    assert "onerror" in text
    assert "<img src=x" not in text


PAGES = [
    ("anna", "/workplace", "ru", "Пауза"),
    ("anna", "/workplace", "en", "Pause"),
    ("vera", "/board", "ru", "Последние звонки"),
    ("vera", "/board", "en", "Last calls"),
    (None, "/login", "ru", "Войти"),
    (None, "/login", "en", "Log in"),
    ("anna", "/nothing", "ru", "Такой страницы нет"),
    (None, "/nothing", "en", "There is no such page"),
    (None, "/static/nothing", "en", "There is no such page"),
]


@pytest.mark.parametrize(("login", "path", "language", "shown"), PAGES)
async def test_pages_speak_both_languages(site: Site, login: str | None, path: str, language: str, shown: str):
    async with site.browser(login) as browser:
        assert (await browser.post("/language", language=language, back="/login")).status == 303
        text = await (await browser.get(path)).text()
    assert f'<html lang="{language}">' in text
    assert shown in text


async def test_a_persons_language_follows_them_to_another_browser(site: Site):
    async with site.browser("anna") as anna:
        answer = await anna.post("/language", language="en", back="/")
        assert answer.headers["Location"] == "/"
        assert (await anna.post("/language", language="de")).status == 400
        away = await anna.post("/language", language="en", back="//evil.example/")
        assert away.headers["Location"] == "/"
    async with site.browser("anna") as elsewhere:
        assert '<html lang="en">' in await (await elsewhere.get("/workplace")).text()


async def test_a_failure_of_ours_is_a_page_without_its_reasons(site: Site):
    await site.pool.execute(by_owner("alter table numbers rename to names"))
    try:
        async with site.browser("anna") as anna:
            answer = await anna.get("/workplace")
            text = await answer.text()
    finally:
        await site.pool.execute(by_owner("alter table names rename to numbers"))
    assert answer.status == 500
    assert "Ошибка на нашей стороне" in text
    assert "numbers" not in text
    assert "Traceback" not in text


async def test_every_answer_carries_the_shields(site: Site):
    async with site.browser("vera") as vera:
        for path in (
            "/",
            "/workplace",
            "/board",
            "/calls",
            "/login",
            "/nothing",
            "/static/web/base.css",
            "/healthz",
            "/recordings/1",
        ):
            headers = (await vera.get(path)).headers
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == ("no-cache" if "static" in path else "no-store")


async def test_pages_hold_no_inline_script_or_style(site: Site):
    async with site.browser("vera") as vera:
        for path in ("/workplace", "/board", "/login", "/nothing"):
            text = await (await vera.get(path)).text()
            assert not re.search(r"<script(?![^>]*(?:src=|application/json))", text)
            assert not re.search(r"\s(on\w+|style)=", text)


async def test_an_unchanged_file_is_not_sent_again(site: Site):
    async with site.browser() as browser:
        first = await browser.get("/static/calls/operator.js")
        assert first.content_type == "text/javascript"
        again = await browser.get("/static/calls/operator.js", **{"If-None-Match": first.headers["ETag"]})
        assert again.status == 304
        for path in ("/static/../app.py", "/static/%2e%2e%2fapp.py", "/static/"):
            assert (await browser.get(path)).status == 404


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+79001234567", "+7 900 123‑45‑67"),
        ("74951234567", "+7 495 123‑45‑67"),
        ("+380441234567", "+380441234567"),
        ("112", "112"),
        ("", ""),
    ],
)
def test_telephone_numbers_are_grouped(number: str, shown: str):
    assert telephone(number) == shown.replace(" ", "\u00a0")


def test_durations():
    assert [lasting(s) for s in (None, 0, 0.4, 59.6, 3600)] == ["–", "0:00", "0:00", "1:00", "1:00:00"]
