"""The directory's pages: input, messages, and permissions."""

import io
import re

import aiohttp
import pytest

from callcenter.common.sheet_problems import MAX_BYTES
from tests.conftest import by_owner
from tests.site import BOX, Browser, Site

HOSTILE = "<script>alert(1)</script> {{ 7*191 }}"
SHEET = "Город;Улица;Дом;Квартира;Житель;Телефоны\nМосква;Новая ул.;5;1;Петров Пётр;8 916 111-22-33\n".encode()


async def new_row(browser: Browser, path: str, **form: str) -> str:
    answer = await browser.post(path, **form)
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"]


async def a_house(vera: Browser, site: Site, **form: str) -> str:
    company = str(await site.pool.fetchval("select min(id) from companies"))
    known = {"city": "Москва", "street": "Лесная ул.", "building": "3", "entrances": "4", "company_id": company}
    return await new_row(vera, "/directory/houses/new", **(known | form))


async def a_resident(vera: Browser, site: Site, **form: str) -> str:
    flat = await new_row(vera, f"{await a_house(vera, site)}/flats/new", flat="12", entrance="1")
    known = {"name": "Иванова Анна", "account": "100", "phones": "8 916 123-45-67\n+49 30 123456"}
    return await new_row(vera, f"{flat}/residents/new", **(known | form))


async def upload(browser: Browser, body: bytes, name: str = "дома.csv") -> tuple[int, str]:
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(body), filename=name)
    answer = await browser.http.post("/directory/import", data=form, headers={"Origin": browser.origin})
    return answer.status, await answer.text()


@pytest.mark.parametrize(
    "query",
    [
        "9161234567",
        "+7 (916) 123-45-67",
        "+8 916 1234567",
        "8107 916 123 45 67",
        "9161234567#1",
        "4567",
        "лесная 3 кв. 12",
        "ИВАНОВА",
        "100",
    ],
)
async def test_a_resident_is_found_by_whatever_is_known(site: Site, query: str):
    async with site.browser("vera") as vera:
        await a_resident(vera, site)
        answer = await vera.http.get("/directory", params={"q": query})
        assert "Иванова Анна" in await answer.text()
        answer = await vera.http.get("/directory", params={"q": "Сидоров"})
        assert "Ничего не найдено" in await answer.text()


async def test_who_looked_at_a_resident_is_written_down(site: Site):
    async with site.browser("vera") as vera, site.browser("anna") as anna:
        path = await a_resident(vera, site)
        text = await (await anna.get(path)).text()
        assert "+7\u00a0916\u00a0123\u201145\u201167" in text
        assert "/edit" not in text
        row = await site.pool.fetchrow(
            "select * from audit_log where operator_id = $1 and action = 'viewed resident'", site.ids["anna"]
        )
        assert row["subject_id"] == path.rsplit("/", 1)[1]


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(site: Site):
    async with site.browser("vera") as vera:
        answer = await vera.post(
            "/directory/houses/new", city=HOSTILE, street="", building="3", entrances="сто", company_id="999999"
        )
        text = await answer.text()
        assert answer.status == 422
        assert 'id="street-problem"' in text
        assert 'id="entrances-problem"' in text
        assert "&lt;script&gt;" in text
        assert "<script>alert" not in text
        assert 'value="сто"' in text
        assert await site.pool.fetchval("select count(*) from houses") == 0
        answer = await vera.post("/directory/houses/new", city="М", street="Л", building="3", company_id="999999")
        assert 'id="company_id-problem"' in await answer.text()


async def test_a_conflict_is_reported(site: Site):
    async with site.browser("vera") as vera:
        resident = await a_resident(vera, site)
        answer = await vera.post("/directory/houses/new", city="Москва", street="Лесная ул.", building="3")
        assert 'id="building-problem"' in await answer.text()
        flat = f"/directory/flats/{await site.pool.fetchval('select id from premises')}"
        answer = await vera.post(f"{flat}/residents/new", name="Другой", account="100", phones="12")
        assert 'id="phones-problem"' in await answer.text()
        answer = await vera.post(f"{flat}/residents/new", name="Другой", account="100", phones="")
        assert 'id="account-problem"' in await answer.text()
        await new_row(vera, f"{resident}/edit", name="Иванова", account="", phones="8 (916) 123 45 67")
        assert await site.pool.fetchval("select array_agg(phone) from resident_phones") == ["+79161234567"]


async def test_a_house_that_changes_hands_keeps_its_history(site: Site):
    async with site.browser("vera") as vera:
        house = await a_house(vera, site)
        other = await new_row(
            vera, "/directory/companies/new", name="УК «Юг»", zone="Asia/Omsk", language="ru", numbers="8 800 100-20-30"
        )
        company = other.rsplit("/", 1)[1]
        await new_row(vera, f"{house}/edit", city="Москва", street="Лесная ул.", building="3", company_id=company)
        text = await (await vera.get(house)).text()
        assert "УК «Заречье»" in text
        assert "УК «Юг»" in text
        assert (
            await site.pool.fetchval("select number from numbers where company_id = $1", int(company)) == "78001002030"
        )
        answer = await vera.post(
            "/directory/companies/new", name="УК «Юг»", zone="Mars/Crater", language="ru", numbers="74951234567"
        )
        assert 'id="zone-problem"' in await answer.text()
        answer = await vera.post(
            "/directory/companies/new", name="УК «Запад»", zone="Asia/Omsk", language="ru", numbers="74951234567"
        )
        assert 'id="numbers-problem"' in await answer.text()


async def test_a_companys_public_page_has_the_name_given_or_one_that_cannot_be_guessed(site: Site):
    known = {"zone": "Asia/Omsk", "language": "ru", "numbers": ""}
    async with site.browser("vera") as vera:
        first = await new_row(vera, "/directory/companies/new", name="УК «Юг»", public="on", outage_page="yug", **known)
        assert "/public/outages/yug" in await (await vera.get(first)).text()
        taken = await vera.post("/directory/companies/new", name="Запад", public="on", outage_page="yug", **known)
        assert (taken.status, "Так называется страница другой компании." in await taken.text()) == (422, True)
        for wrong in ("-yug", "ЮГ", "a", "x" * 49, "a.json", "../x"):
            answer = await vera.post("/directory/companies/new", name="Запад", public="on", outage_page=wrong, **known)
            assert answer.status == 422, wrong
        unnamed = await new_row(vera, "/directory/companies/new", name="Запад", public="on", outage_page="", **known)
        assert re.search(r"/public/outages/[0-9a-f]{24}\b", await (await vera.get(unnamed)).text())
        form = await (await vera.get(first + "/edit")).text()
        assert re.search(r'name="public"[^>]* checked', form)
        await new_row(vera, first + "/edit", name="УК «Юг»", outage_page="yug", **known)
        assert "/public/outages" not in await (await vera.get(first)).text()


async def test_a_crews_hours_and_its_secret_shown_once(site: Site):
    async with site.browser("vera") as vera:
        company = await site.pool.fetchval("select min(id) from companies")
        path = f"/directory/companies/{company}/crews/new"
        form = {"name": "Ночные", "language": "ru", "email": "a@example.org", "webhook_url": "https://example.org/h"}
        answer = await vera.post(path, **form, day1="22:00-06:00", day2="8-12, 11-15", day3="25:00-26:00", active="on")
        text = await answer.text()
        assert [f'id="day{day}-problem"' in text for day in (1, 2, 3, 4)] == [True, True, True, False]
        bad = await (await vera.post(path, **(form | {"webhook_url": "http://example.org"}), active="on")).text()
        assert 'id="webhook_url-problem"' in bad
        answer = await vera.post(path, **form, day1="8-12, 13:00-24:00", active="on")
        crew = await site.pool.fetchrow("select * from crews where name = 'Ночные'")
        first = BOX.open(crew["webhook_secret"])
        assert first != crew["webhook_secret"]
        assert first in await answer.text()
        again = await vera.post(f"/directory/crews/{crew['id']}", **form, day1="08:00–12:00, 13:00–23:59", active="on")
        assert again.status == 303
        assert first not in await (await vera.get(again.headers["Location"])).text()
        assert await site.pool.fetchval("select count(*) from crew_hours where crew_id = $1", crew["id"]) == 2
        renewed = await (await vera.post(f"/directory/crews/{crew['id']}/secret")).text()
        secret = await site.pool.fetchval("select webhook_secret from crews where id = $1", crew["id"])
        assert BOX.open(secret) != first
        assert BOX.open(secret) in renewed


async def test_the_limits_of_a_category(site: Site):
    async with site.browser("vera") as vera:
        chute = await site.pool.fetchrow("select * from categories where code = 'chute'")
        path = f"/directory/categories/{chute['id']}"
        form = {"code": "chute", "kind": "emergency", "name_ru": "Мусоропровод", "name_en": "Chute", "active": "on"}
        wrong = {"tell.minutes": "30", "tell.warn_before": "30", "clear.opens": "08:00", "repair.minutes": "0"}
        text = await (await vera.post(path, **form, **wrong)).text()
        assert [f'id="{name}-problem"' in text for name in ("tell", "clear", "repair.minutes")] == [True, True, True]
        right = {"clear.minutes": "90", "clear.warn_before": "", "clear.opens": "08:00", "clear.closes": "22:30"}
        await new_row(vera, path, **form, **right)
        [limit] = await site.pool.fetch("select * from limits where category_id = $1", chute["id"])
        assert (limit["step"], limit["minutes"], limit["warn_before"], str(limit["closes"])) == (
            "clear",
            90,
            0,
            "22:30:00",
        )


async def test_a_responsible_person(site: Site):
    async with site.browser("vera") as vera:
        company = await site.pool.fetchval("select min(id) from companies")
        path = f"/directory/companies/{company}/responsibles/new"
        assert 'id="phone-problem"' in await (await vera.post(path, name="Ким", phone="1", active="on")).text()
        await new_row(vera, path, name="Ким Олег", phone="8 916 000-00-01", crew_id="", active="on")
        row = await site.pool.fetchrow("select * from responsibles where name = 'Ким Олег'")
        assert (row["phone"], row["active"]) == ("+79160000001", True)
        await new_row(vera, f"/directory/responsibles/{row['id']}", name="Ким Олег", phone="")
        assert await site.pool.fetchval("select active from responsibles where id = $1", row["id"]) is False


async def test_a_resident_whom_calls_name_stays(site: Site):
    async with site.browser("vera") as vera:
        path = await a_resident(vera, site)
        await site.pool.execute(
            "insert into calls (id, node, resident_id, did, caller, state, arrived_at)"
            " select 'c', 'node1', id, '7', '', 'arrived', now() from residents"
        )
        assert (await vera.post(f"{path}/remove")).status == 409
        assert await site.pool.fetchval("select count(*) from resident_phones") == 2
        await site.pool.execute(by_owner("delete from calls"))
        await new_row(vera, f"{path}/remove")
        assert (await vera.get(path)).status == 404


async def test_a_sheet_is_looked_through_then_imported(site: Site):
    async with site.browser("vera") as vera, site.browser("anna") as anna:
        status, text = await upload(vera, SHEET)
        assert status == 200
        assert "пока ничего не записано" in text
        assert await site.pool.fetchval("select count(*) from houses") == 0
        kept = f"/directory/import/{await site.pool.fetchval('select max(id) from directory_uploads')}"
        assert (await anna.post(kept)).status == 403
        answer = await vera.post(kept)
        assert "импортирован" in await answer.text()
        assert await site.pool.fetchval("select phone from resident_phones") == "+79161112233"
        assert (await vera.post(kept)).status == 422
        assert "ничего не изменится" in (await upload(vera, SHEET))[1]
        for kind in ("csv", "xlsx"):
            exported = await (await vera.get(f"/directory/export.{kind}")).read()
            assert "ничего не изменится" in (await upload(vera, exported, f"a.{kind}"))[1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Файл пуст"),
        (b"\x89PNG\r\n\x1a\n\0\0", "не CSV и не XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
    ],
)
async def test_a_bad_sheet_is_refused_in_words(site: Site, body: bytes, said: str):
    async with site.browser("vera") as vera:
        status, text = await upload(vera, body)
        assert status == 422
        assert said in text
        assert "<script>alert" not in text
        assert await site.pool.fetchval("select count(*) from directory_uploads") == 0


async def test_what_a_stranger_wrote_into_a_sheet_is_only_shown(site: Site):
    head, line = SHEET.decode().splitlines()
    async with site.browser("vera") as vera:
        status, text = await upload(vera, f"{head};{HOSTILE}\n{line};\n{HOSTILE};{HOSTILE};;;;\n".encode())
        assert status == 200
        assert "&lt;script&gt;" in text
        assert "<script>alert" not in text
        assert "1357" not in text


async def test_only_the_import_takes_large_requests(site: Site):
    async with site.browser("vera") as vera:
        large = SHEET + b"\n" * 100_000
        assert (await upload(vera, large))[0] == 200
        status, text = await upload(vera, bytes(MAX_BYTES + 100_000))
        assert status == 422
        assert "больше 20 МБ" in text
        assert (await vera.post("/directory/houses/new", city="x" * 100_000)).status == 413
        assert (await vera.post("/directory/import")).status == 422


async def test_a_manager_sees_one_company_and_changes_nothing(site: Site):
    async with site.browser("vera") as vera:
        resident = await a_resident(vera, site)
        other = await new_row(
            vera, "/directory/companies/new", name="Чужая", zone="Asia/Omsk", language="ru", numbers=""
        )
    company = int(other.rsplit("/", 1)[1])
    await site.pool.execute(
        "update operators set role = 'manager', company_id = $1, endpoint = null, sip_secret = null where login = 'anna'",
        company,
    )
    async with site.browser("anna") as anna:
        assert "Лесная ул." not in await (await anna.get("/directory?q=Лесная")).text()
        assert (await anna.get(resident)).status == 404
        assert "УК «Заречье»" not in await (await anna.get("/directory/companies")).text()
        assert "Чужая" in await (await anna.get(other)).text()
        assert (await anna.get("/directory/export.csv")).status == 403
        assert (await anna.post(f"{other}/edit", name="x")).status == 403
        await site.pool.execute("update houses set company_id = $1", company)
        assert "Иванова" in await (await anna.get(resident)).text()


async def test_numbers_dialled_that_reached_no_company_are_shown_by_their_digits_shape(site: Site):
    call = """
        insert into calls (id, node, did, caller, state, outcome, arrived_at, ended_at)
        values ($1, 'node1', $2, '+79001234567', 'ended', $3, now() - $4 * interval '1 hour', now())"""
    calls = [("84951110001", 1), ("84951110002", 1), ("0042000001", 2), ("", 3), ("79990000000", 30)]
    for place, (did, hours) in enumerate(calls):
        await site.pool.execute(call, f"node1-1.{place}", did, "no_such_number", hours)
    await site.pool.execute(call, "node1-1.99", "83330000000", "abandoned", 1)
    async with site.browser("vera") as vera, site.browser("anna") as anna:
        text = await (await vera.get("/directory/companies")).text()
        rows = re.findall(
            r"<td>(?:<span[^>]*>)?([^<]*)(?:</span>)?</td>\s*<td[^>]*>(\d+)</td><td[^>]*>(\d+)</td>", text
        )
        assert [row for row in rows if row[0] != ""][-3:] == [
            ("8495…", "11", "2"),
            ("без цифр", "0", "1"),
            ("0042…", "10", "1"),
        ]
        assert "7999" not in text
        assert "8333" not in text
        assert "8495…" not in await (await anna.get("/directory/companies")).text()


LOCAL = "234-56-78"
COMPANY = {"name": "УК «Юг»", "zone": "Europe/Moscow", "language": "ru"}


async def test_a_local_number_is_completed_by_the_city_code_of_the_company(site: Site):
    async with site.browser("vera") as vera:
        company = await new_row(vera, "/directory/companies/new", **COMPANY, city_code="8 (495)", numbers=LOCAL)
        number = company.rsplit("/", 1)[1]
        text = await (await vera.get(company)).text()
        assert "<dd>495</dd>" in text
        assert 'value="495"' in await (await vera.get(f"{company}/edit")).text()
        for kind in ("crews", "responsibles"):
            await new_row(vera, f"{company}/{kind}/new", name="Вера", language="ru", phone=LOCAL)
            row = await site.pool.fetchrow(f"select id, phone from {kind} where company_id = $1", int(number))
            assert row["phone"] == "+74952345678"
            await new_row(vera, f"/directory/{kind}/{row['id']}", name="Вера", language="ru", phone="234-56-79")
            assert await site.pool.fetchval(f"select phone from {kind} where id = $1", row["id"]) == "+74952345679"
        flat = await new_row(vera, f"{await a_house(vera, site, company_id=number)}/flats/new", flat="12")
        resident = await new_row(vera, f"{flat}/residents/new", name="Анна", phones=LOCAL)
        await new_row(vera, f"{resident}/edit", name="Анна", phones=f"{LOCAL}\n234-56-79")
    phones = await site.pool.fetch("select phone from resident_phones order by phone")
    assert [row["phone"] for row in phones] == ["+74952345678", "+74952345679"]


async def test_a_local_number_without_a_city_code_is_refused_with_the_reason(site: Site):
    async with site.browser("vera") as vera:
        flat = await new_row(vera, f"{await a_house(vera, site)}/flats/new", flat="12")
        for path, form in (
            (f"{flat}/residents/new", {"name": "Анна", "phones": LOCAL}),
            ("/directory/companies/new", {**COMPANY, "numbers": LOCAL}),
        ):
            answer = await vera.post(path, **form)
            assert answer.status == 422
            assert "Напишите код города или укажите его у компании." in await answer.text()


@pytest.mark.parametrize("code", ["0495", "4", "495000", "код"])
async def test_what_is_no_city_code_is_refused(site: Site, code: str):
    async with site.browser("vera") as vera:
        answer = await vera.post("/directory/companies/new", **COMPANY, city_code=code, numbers="")
        assert answer.status == 422
        assert 'id="city_code-problem"' in await answer.text()


async def test_a_companys_number_is_shown_in_its_one_form_and_as_it_was_typed(site: Site):
    shown = "+7\u00a0495\u00a0234\u201156\u201178"
    async with site.browser("vera") as vera:
        company = await new_row(vera, "/directory/companies/new", **COMPANY, city_code="495", numbers=f"{LOCAL}, 0511")
        number = company.rsplit("/", 1)[1]
        stored = "select number, typed from numbers where company_id = $1 order by number"
        written = [tuple(row) for row in await site.pool.fetch(stored, int(number))]
        assert written == [("0511", "0511"), ("74952345678", LOCAL)]
        for path in (company, "/directory/companies"):
            text = await (await vera.get(path)).text()
            assert re.search(rf"{re.escape(shown)}[^0-9]*набрано как[^0-9]*{LOCAL}", text)
            assert text.count("набрано как") == 1
        form = await (await vera.get(f"{company}/edit")).text()
        assert shown in form
        # Saved again as the form shows it, with another code, it is the number that it was.
        again = f"{shown}\n0511"
        assert (await vera.post(f"{company}/edit", **COMPANY, city_code="499", numbers=again)).status == 303
        assert [tuple(row) for row in await site.pool.fetch(stored, int(number))] == written


async def test_the_page_of_a_company_says_since_when_asterisk_knows_its_numbers(site: Site) -> None:
    company = await site.pool.fetchval("select id from companies")
    path = f"/directory/companies/{company}"
    async with site.browser("vera") as vera, site.browser("maria") as maria:
        assert "нет ни одного узла" in await (await vera.get(path)).text()
        await site.pool.execute("insert into node_configurations (node) values ('node1')")
        text = await (await vera.get(path)).text()
        assert "передаётся в Asterisk" in text
        assert "data-working" in text
        assert "3 изменения ещё не в Asterisk" in await (await vera.get("/directory/companies")).text()
        await site.pool.execute(
            "insert into asterisk_entries (node, kind, name, value) select 'node1', kind, name, value"
            " from asterisk_wanted('node1')"
        )
        text = await (await vera.get(path)).text()
        assert "в Asterisk с" in text
        assert "data-working" not in text
        assert "изменени" not in await (await vera.get("/directory/companies")).text()
        # What a number has changed to must be brought in again.
        await site.pool.execute("update companies set language = 'en'")
        assert "передаётся в Asterisk" in await (await vera.get(path)).text()
        for page in (path, "/directory/companies"):
            answer = await maria.get(page)
            assert answer.status == 200
            assert "Asterisk" not in await answer.text()


async def test_a_resident_moves_out_and_is_back_when_the_register_says_so(site: Site) -> None:
    left = "select left_at from residents"
    async with site.browser("vera") as vera, site.browser("maria") as maria:
        path = await a_resident(vera, site)
        assert (await maria.post(f"{path}/out")).status == 403
        await new_row(vera, f"{path}/out")
        first = await site.pool.fetchval(left)
        assert "Выехал(а)" in await (await vera.get(path)).text()
        await new_row(vera, f"{path}/out")
        assert await site.pool.fetchval(left) == first is not None
        await new_row(vera, f"{path}/back")
        assert await site.pool.fetchval(left) is None
        await new_row(vera, f"{path}/out")
        line = "Управляющая компания;Город;Улица;Дом;Квартира;Лицевой счёт;Житель\nУК «Заречье»;Москва;Лесная ул.;3;12;100;Иванова Анна\n"
        await upload(vera, line.encode())
        kept = f"/directory/import/{await site.pool.fetchval('select max(id) from directory_uploads')}"
        assert "импортирован" in await (await vera.post(kept)).text()
    assert await site.pool.fetchval(left) is None
    assert await site.pool.fetchval(
        "select array_agg(action order by id) from audit_log where action like 'noted%'"
    ) == [
        "noted that resident moved out",
        "noted that resident moved out",
        "noted that resident lives there",
        "noted that resident moved out",
    ]
