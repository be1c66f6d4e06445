"""Score cards, reviews of talks by them, and what the reports make of these."""

from tests.listening.listening_work import Tapes
from tests.site import Browser, Site

SEPARATOR = ";"
FULL = {"p0": "2", "p1": "5", "p2": "3", "p3": "5", "p4": "5"}


async def scores(site: Site) -> list[float | None]:
    rows = await site.pool.fetch("select score from reviews where replaced_at is null order by id")
    return [row["score"] for row in rows]


async def test_a_talk_is_judged_by_the_usual_card_until_the_company_has_its_own(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak")
    await vera.post(f"/listening/{leak}/begin", reason="quality")
    text = await (await vera.get(f"/listening/{leak}")).text()
    assert "Назвал номер заявки и сроки" in text
    assert (await vera.post(f"/listening/{leak}/review", card="0", **FULL)).status == 303
    assert (await vera.post(f"/listening/{leak}/review", card="0", **FULL)).status == 409
    card = str(await tapes.site.pool.fetchval("select id from score_cards"))
    # Reviewed again: the older review is kept, but no longer counts.
    assert (await vera.post(f"/listening/{leak}/review", card=card, **FULL | {"p3": "", "p1": "0"})).status == 303
    assert await scores(tapes.site) == [66.7]
    assert await tapes.site.pool.fetchval("select count(*) from reviews where replaced_at is not null") == 1
    assert await tapes.site.pool.fetchval("select distinct operator_id from reviews") == tapes.site.ids["anna"]
    text = await (await vera.get(f"/listening/{leak}")).text()
    assert "67 %" in text
    assert "67 %" in await (await vera.get("/listening?noted=reviewed")).text()


async def test_points_that_do_not_fit_are_refused_and_what_was_typed_is_kept(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak")
    await vera.post(f"/listening/{leak}/begin", reason="quality")
    for wrong in ({"p0": "3"}, {"p0": "-1"}, {"p0": "x"}, {"p0": "999"}):
        answer = await vera.post(f"/listening/{leak}/review", card="0", **FULL | wrong, review_comment="Хорошо <b>")
        assert (answer.status, "Хорошо &lt;b&gt;" in await answer.text()) == (422, True), wrong
    missing = {name: value for name, value in FULL.items() if name != "p4"}
    assert (await vera.post(f"/listening/{leak}/review", card="0", **missing)).status == 422
    assert await scores(tapes.site) == []
    gone = await tapes.record("gone", state="missing")
    assert (await vera.post(f"/listening/{gone}/review", card="0", **FULL)).status == 404


async def test_a_changed_card_leaves_older_reviews_alone(tapes: Tapes, vera: Browser):
    leak, ours = await tapes.record("leak"), tapes.ids["ours"]
    await vera.post(f"/listening/{leak}/review", card="0", **FULL)
    card = str(await tapes.site.pool.fetchval("select id from score_cards"))
    lines = {"title0": "Представился", "points0": "4", "title2": "Помог", "points2": "6", "critical2": "yes"}
    assert (await vera.post(f"/listening/cards/{ours}", card=card, **lines)).status == 303
    assert (await vera.post(f"/listening/cards/{ours}", card=card, **lines)).status == 409
    answer = await vera.get(f"/listening/cards/{ours}")
    assert 'value="Представился"' in await answer.text()
    assert await scores(tapes.site) == [100]
    # The review form that was open meanwhile shows the new card.
    await vera.post(f"/listening/{leak}/begin", reason="quality")
    answer = await vera.post(f"/listening/{leak}/review", card=card, **FULL)
    assert (answer.status, "Помог" in await answer.text()) == (409, True)
    new = str(await tapes.site.pool.fetchval("select max(id) from score_cards"))
    assert (await vera.post(f"/listening/{leak}/review", card=new, p0="4", p1="0")).status == 303
    assert await scores(tapes.site) == [0]


async def test_a_card_that_makes_no_sense_is_refused(tapes: Tapes, vera: Browser):
    ours = tapes.ids["ours"]
    for lines in ({}, {"title0": " "}, {"title0": "x", "points0": "11"}, {"title0": "x", "points0": "0"},
                  {"title0": "x" * 201, "points0": "1"}):  # fmt: skip
        answer = await vera.post(f"/listening/cards/{ours}", card="0", **lines)
        assert (answer.status, 'role="alert"' in await answer.text()) == (422, True), lines
    assert (await vera.post(f"/listening/cards/{ours}", card="x", title0="x", points0="1")).status == 400
    assert (await vera.get("/listening/cards/999999")).status == 404
    assert await tapes.site.pool.fetchval("select count(*) from score_cards") == 0


async def test_reviews_go_into_the_reports_of_those_who_may_see_the_company(tapes: Tapes, vera: Browser):
    for name, company, operator, points in (
        ("a", "ours", "anna", FULL), ("b", "ours", "boris", FULL | {"p3": "0"}), ("c", "theirs", "boris", FULL),
    ):  # fmt: skip
        recording = await tapes.record(name, company=company, operator=operator)
        kept = await tapes.site.pool.fetchval(
            "select coalesce(max(id), 0) from score_cards where company_id = $1", tapes.ids[company]
        )
        assert (await vera.post(f"/listening/{recording}/review", card=str(kept), **points)).status == 303
    text = await (await vera.get("/reports/reviews?period=year")).text()
    assert "Анна Петрова" in text
    csv = await (await vera.get("/reports/reviews.csv?period=year")).text()
    rows = [line for line in csv.splitlines() if "Волков" in line or "Петрова" in line]
    assert [row.split(SEPARATOR)[1:] for row in rows] == [["2", "50,0", "0,0", "1"], ["1", "100,0", "100,0", "0"]]
    async with tapes.site.browser("maria") as maria:
        csv = await (await maria.get("/reports/reviews.csv?period=year")).text()
    rows = [line for line in csv.splitlines() if "Волков" in line or "Петрова" in line]
    assert [row.split(SEPARATOR)[1:] for row in rows] == [["1", "0,0", "0,0", "1"], ["1", "100,0", "100,0", "0"]]


async def test_the_first_review_changes_no_card_in_the_audit_log(tapes: Tapes, vera: Browser):
    leak, ours = await tapes.record("leak"), tapes.ids["ours"]
    await vera.post(f"/listening/{leak}/review", card="0", **FULL)
    changed = "select count(*) from audit_log where action = 'changed score card'"
    assert await tapes.site.pool.fetchval(changed) == 0
    card = str(await tapes.site.pool.fetchval("select id from score_cards"))
    await vera.post(f"/listening/cards/{ours}", card=card, title0="Помог", points0="6")
    assert await tapes.site.pool.fetchval(changed) == 1


async def test_a_review_reaches_the_operator_whose_talk_it_was(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak")
    advice = "Назовите себя <b>сразу</b>"
    await vera.post(f"/listening/{leak}/review", card="0", **FULL | {"p0": "0"}, review_comment=advice)
    async with tapes.site.browser("anna") as anna, tapes.site.browser("boris") as boris:
        assert "1 новая оценка ваших разговоров" in await (await anna.get("/workplace")).text()
        assert "новая оценка" not in await (await boris.get("/workplace")).text()
        text = await (await anna.get("/reviews")).text()
        assert "Назовите себя &lt;b&gt;сразу&lt;/b&gt;" in text
        assert ">новая<" in text
        assert "Назовите себя" not in await (await boris.get("/reviews")).text()
        assert "новая оценка" not in await (await anna.get("/workplace")).text()
        assert ">новая<" not in await (await anna.get("/reviews")).text()


async def test_a_score_of_zero_says_why(tapes: Tapes, vera: Browser):
    leak, ours = await tapes.record("leak"), tapes.ids["ours"]
    lines = {"title0": "Представился", "points0": "4", "title1": "Не грубил", "points1": "6", "critical1": "yes"}
    await vera.post(f"/listening/cards/{ours}", card="0", **lines)
    card = str(await tapes.site.pool.fetchval("select id from score_cards"))
    await vera.post(f"/listening/{leak}/review", card=card, p0="4", p1="0")
    assert await scores(tapes.site) == [0]
    async with tapes.site.browser("anna") as anna:
        for text in (await (await vera.get(f"/listening/{leak}")).text(), await (await anna.get("/reviews")).text()):
            assert "Оценка ноль: ничего не получено за важную строку: Не грубил" in " ".join(text.split())
