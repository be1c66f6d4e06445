"""The public page of outages on a real PostgreSQL: what is on it, what never is, from memory, in anybody's frame."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.outage import OutageStep
from callcenter.domain.person import Person
from callcenter.outages.outage import NewOutage, PlaceEdit
from callcenter.outages.public import board as public_board
from callcenter.outages.public import pages as public_pages
from callcenter.outages.public.board import PUBLIC_BOARD
from callcenter.outages.service import OUTAGES
from callcenter.web.throttle import Throttle
from tests.site import Site, put_in_place

PAGE = "/public/outages/zarechye"
SECRETS = ("слесарь Иванов", "не говорить жителям", "57а", "стояк у лифта")


@pytest.fixture
async def houses(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two houses of a company with a page; what is shown is read anew for each request."""
    monkeypatch.setattr(public_board, "FRESH_S", 0.0)
    company = await site.pool.fetchval("update companies set outage_page = 'zarechye' returning id")
    return [
        await site.pool.fetchval(
            "insert into houses (company_id, city, street, building) values ($1, 'Заречный', 'ул. Мира', $2) returning id",
            company,
            building,
        )
        for building in ("7", "9")
    ]


async def off(site: Site, house: int, **changes: object) -> int:
    company = await site.pool.fetchval("select company_id from houses where id = $1", house)
    now = datetime.now(UTC)
    known: dict[str, object] = {
        "company_id": company, "kind": "cold_water", "since": now - timedelta(hours=1), "until": now + timedelta(hours=4),
        "cause": "Прорыв трубы", "workers": SECRETS[0], "operator_note": SECRETS[1],
        "places": (PlaceEdit(house_id=house, flats="1-40, 57а", riser=SECRETS[3]),),
    }  # fmt: skip
    opened = await site.server.app[OUTAGES].open(vera(site), NewOutage.model_validate({**known, **changes}))
    return opened.id


def vera(site: Site) -> Person:
    return Person(OperatorId(site.ids["vera"]), "vera", "Вера", Role.SUPERVISOR, "ru", False)


async def test_everybody_sees_what_is_off_and_what_will_be(site: Site, houses: list[int]) -> None:
    now = datetime.now(UTC)
    await off(site, houses[0])
    await off(
        site,
        houses[1],
        kind="power",
        planned=True,
        since=now + timedelta(days=2),
        until=now + timedelta(days=2, hours=3),
    )
    async with site.browser() as anybody:
        page = await (await anybody.get(PAGE)).text()
        english = await (await anybody.get(PAGE + "?lang=en")).text()
        document = json.loads(await (await anybody.get(PAGE + ".json")).text())
    assert "Прорыв трубы" in page
    assert page.index("Холодная вода") < page.index("Плановые работы") < page.index("Электричество")
    assert ('lang="en"' in english, "Planned works" in english, "Cold water" in english) == (True, True, True)
    assert [(each["kind"], each["state"]) for each in document["outages"]] == [
        ("cold_water", "off"),
        ("power", "planned"),
    ]
    assert document["outages"][0]["places"] == [
        {"house_id": houses[0], "address": "Заречный, ул. Мира, 7", "entrances": [], "part": True}
    ]


async def test_nothing_of_residents_and_operators_is_on_it(site: Site, houses: list[int]) -> None:
    await off(site, houses[0])
    async with site.browser() as anybody:
        for path in (PAGE, PAGE + ".json", f"{PAGE}/house/{houses[0]}"):
            text = await (await anybody.get(path)).text()
            assert "Прорыв трубы" in text
            assert [secret for secret in (*SECRETS, "Вера") if secret in text] == []
    names = set(document_of(await public_text(site)))
    assert names == {
        "id", "kind", "names", "planned", "state", "since", "until", "cause", "message", "places",
    }  # fmt: skip


async def public_text(site: Site) -> str:
    async with site.browser() as anybody:
        return await (await anybody.get(PAGE + ".json")).text()


def document_of(text: str) -> dict[str, object]:
    return dict(json.loads(text)["outages"][0])


async def test_a_link_to_a_house_shows_that_house_alone(site: Site, houses: list[int]) -> None:
    await off(site, houses[0])
    other = await site.pool.fetchval("insert into companies (name) values ('Другая') returning id")
    foreign = await site.pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, '', 'Чужая', '1') returning id", other
    )
    async with site.browser() as anybody:
        ours = await (await anybody.get(f"{PAGE}/house/{houses[0]}")).text()
        same = await (await anybody.get(f"{PAGE}?house={houses[0]}")).text()
        quiet = await (await anybody.get(f"{PAGE}/house/{houses[1]}")).text()
        statuses = [
            (await anybody.get(f"{PAGE}{rest}")).status
            for rest in (f"/house/{foreign}", "/house/999999999", "?house=", "?house=x", "?house=" + "9" * 400, "x")
        ]
    assert ours == same
    assert "<h1>Заречный, ул. Мира, 7</h1>" in ours
    assert ("Прорыв трубы" in ours, "Прорыв трубы" in quiet) == (True, False)
    assert "Заречный, ул. Мира, 9" in quiet
    assert statuses == [404, 404, 404, 404, 404, 404]


async def test_what_is_suspected_cancelled_or_over_is_not_shown(site: Site, houses: list[int]) -> None:
    outages = site.server.app[OUTAGES]
    now = datetime.now(UTC)
    for step in (OutageStep.CANCEL, OutageStep.CLOSE):
        await outages.step(vera(site), await off(site, houses[0]), step, comment="Ошибка")
    await off(site, houses[0], planned=True, since=now - timedelta(hours=3), until=now - timedelta(hours=1))
    suspected = NewOutage.model_validate(
        {
            "company_id": await site.pool.fetchval("select min(id) from companies"),
            "kind": "gas",
            "since": now,
            "places": (PlaceEdit(house_id=houses[0]),),
        }
    )
    await outages.open(vera(site), suspected, suspected=True)
    assert json.loads(await public_text(site))["outages"] == []
    restored = await off(site, houses[0])
    await outages.step(vera(site), restored, OutageStep.RESTORE)
    assert [each["state"] for each in json.loads(await public_text(site))["outages"]] == ["restored"]


async def test_a_company_without_a_page_has_none(site: Site, houses: list[int]) -> None:
    async with site.browser() as anybody:
        assert (await anybody.get(PAGE)).status == 200
        await site.pool.execute("update companies set outage_page = null")
        assert (await anybody.get(PAGE)).status == 404
        assert (await anybody.get(PAGE + ".json")).status == 404


async def test_it_may_be_framed_and_kept_and_nothing_else_may(site: Site, houses: list[int]) -> None:
    await off(site, houses[0])
    async with site.browser() as anybody:
        for path in (PAGE, PAGE + ".json"):
            answer = await anybody.get(path)
            assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "X-Frame-Options" not in answer.headers
            assert answer.headers["Cache-Control"] == "public, max-age=10"
            assert "Set-Cookie" not in answer.headers
            tag = answer.headers["ETag"]
            for known in (tag, f'"other", W/{tag}'):
                again = await anybody.get(path, **{"If-None-Match": known})
                assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag)
        closed = await anybody.get("/login")
        assert "frame-ancestors 'none'" in closed.headers["Content-Security-Policy"]
        assert (closed.headers["X-Frame-Options"], closed.headers["Cache-Control"]) == ("DENY", "no-store")


async def test_a_change_gives_another_tag(site: Site, houses: list[int]) -> None:
    async with site.browser() as anybody:
        before = (await anybody.get(PAGE)).headers["ETag"]
        await off(site, houses[0])
        after = await anybody.get(PAGE, **{"If-None-Match": before})
        assert (after.status, after.headers["ETag"] == before) == (200, False)


async def test_postgresql_is_asked_once_however_many_ask(
    site: Site, houses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_board, "FRESH_S", 3600.0)
    async with site.browser() as anybody:
        first = await (await anybody.get(PAGE)).text()
        await off(site, houses[0])
        site.server.app[PUBLIC_BOARD]._pool = None
        assert {await (await anybody.get(PAGE)).text() for _ in range(20)} == {first}
        assert {(await anybody.get(f"/public/outages/{guess}")).status for guess in ("luch", "none", "x-y-z")} == {404}


async def test_one_address_that_asks_too_often_is_told_to_wait(site: Site, houses: list[int]) -> None:
    now = 0.0
    throttle = Throttle(3, clock=lambda: now)
    put_in_place(site.server.app, public_pages.THROTTLE, throttle)
    for _ in range(3):
        throttle.take("8.8.8.8")
    async with site.browser() as anybody:
        # Loopback, as every address that is not public, may be a proxy's, and so everybody's.
        assert {(await anybody.get(PAGE)).status for _ in range(10)} == {200}
        limited = throttle.take
        throttle.take = lambda _address: limited("8.8.8.8")  # type: ignore[method-assign]
        refused = await anybody.get(PAGE)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "20")
