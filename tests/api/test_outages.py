"""Outages by programs: opened once, changed with a version, moved, given other houses, found."""

from uuid import uuid4

from callcenter.domain.access import Scope
from tests.api.conftest import Desk


def new_outage(desk: Desk, company: str = "zarechye", **more: object) -> dict[str, object]:
    return {
        "company_id": desk.companies[company],
        "kind": "cold_water",
        "since": "2026-03-05T12:00:00+03:00",
        "until": "2026-03-05T18:00:00+03:00",
        "places": [{"house_id": desk.ids[f"{company} house"], "entrances": [2, 3], "flats": "1-40"}],
        **more,
    }


async def test_an_outage_goes_from_opening_to_closing(desk: Desk):
    async with desk.program("ada") as program:
        made = await program.post("/outages", new_outage(desk, cause="Прорыв трубы"))
        assert made.status == 201, made.body
        outage = made.body
        assert (outage["state"], outage["since"], outage["cause"]) == (
            "confirmed",
            "2026-03-05T09:00:00Z",
            "Прорыв трубы",
        )
        assert outage["incident_id"] is not None
        assert outage["places"][0]["entrances"] == [2, 3]
        path = f"/outages/{outage['id']}"
        moved = await program.post(f"{path}/steps", {"step": "repair", "version": outage["version"]})
        assert (moved.status, moved.body["state"]) == (200, "repairing")
        stale = await program.post(f"{path}/steps", {"step": "restore", "version": outage["version"]})
        assert stale.problem["status"] == 409
        changed = await program.ask(
            "PATCH", path, {"version": moved.body["version"], "until": "2026-03-05T19:00:00Z", "workers": "Аварийная"}
        )
        assert (changed.body["until"], changed.body["workers"]) == ("2026-03-05T19:00:00Z", "Аварийная")
        grown = await program.post(f"{path}/places", {"places": [{"house_id": desk.ids["zarechye house"]}]})
        assert grown.body["places"][0]["entrances"] == []
        for step in ({"step": "restore"}, {"step": "close", "comment": "Вода дана"}):
            assert (await program.post(f"{path}/steps", step)).status == 200
        history = (await program.get(f"{path}/history")).body["items"]
        assert [event["kind"] for event in history] == [
            "opened", "moved", "moved", "edited", "places", "moved", "moved",
        ]  # fmt: skip
        assert (await program.get(path)).body["state"] == "closed"


async def test_the_same_key_opens_one_outage(desk: Desk):
    key = str(uuid4())
    async with desk.program("ada") as program:
        first = await program.post("/outages", new_outage(desk), key)
        second = await program.post("/outages", new_outage(desk), key)
        assert (first.status, second.status, second.body) == (201, 201, first.body)
        assert second.headers["Idempotent-Replayed"] == "true"
        step, again = str(uuid4()), {"step": "cancel", "comment": "Ошибка"}
        for _ in range(2):
            assert (await program.post(f"/outages/{first.body['id']}/steps", again, step)).status == 200
    assert await desk.pool.fetchval("select count(*) from outages") == 1


async def test_what_makes_no_sense_is_refused_with_its_place(desk: Desk):
    async with desk.program("ada") as program:
        house = desk.ids["zarechye house"]
        for wrong, field, code in (
            ({"kind": "telepathy"}, "kind", "unknown"),
            ({"until": "2026-03-05T08:00:00Z"}, "until", "before start"),
            ({"company_id": 999_999}, "company_id", "unknown"),
            ({"crew_id": desk.ids["luch crew"]}, "crew_id", "unknown"),
            ({"places": [{"house_id": desk.ids["luch house"]}]}, "places", "unknown"),
            ({"places": [{"house_id": house}, {"house_id": house}]}, "places", "twice"),
        ):
            answer = await program.post("/outages", new_outage(desk, **wrong))
            assert (answer.status, answer.problem["code"]) == (409, code), wrong
            assert answer.problem["errors"][0]["at"] == f"body.{field}"
        flats = await program.post("/outages", new_outage(desk, places=[{"house_id": house, "flats": "40-1"}]))
        assert flats.problem["code"] == "order"
        for wrong in (
            {"places": []},
            {"message": "x" * 1001},
            {"cause": "a\nb"},
            {"since": "вчера"},
            {"suspected": True},
        ):
            assert (await program.post("/outages", new_outage(desk, **wrong))).status == 422, wrong
        made = (await program.post("/outages", new_outage(desk))).body
        refused = await program.post(f"/outages/{made['id']}/steps", {"step": "cancel"})
        assert (refused.status, refused.problem["code"]) == (409, "words")
        early = await program.ask(
            "PATCH", f"/outages/{made['id']}", {"version": made["version"], "until": "2026-03-05T08:00:00Z"}
        )
        assert (early.status, early.problem["code"]) == (409, "before start")
        none = await program.ask("PATCH", f"/outages/{made['id']}", {"version": made["version"], "since": None})
        assert (none.status, none.problem["code"]) == (409, "missing")
    assert await desk.pool.fetchval("select count(*) from outages") == 1


async def test_outages_are_found_page_by_page(desk: Desk):
    async with desk.program("ada") as program:
        ids = [(await program.post("/outages", new_outage(desk, company))).body["id"] for company in desk.companies]
        ids.append((await program.post("/outages", new_outage(desk, kind="gas"))).body["id"])
        await program.post(f"/outages/{ids[2]}/steps", {"step": "close"})

        async def found(**query: object) -> list[int]:
            return [item["id"] for item in (await program.get("/outages", **query)).body["items"]]

        assert await found() == ids[::-1]
        assert await found(open="true") == ids[1::-1]
        assert await found(open="false") == await found(state="closed") == [ids[2]]
        assert (
            await found(house_id=desk.ids["luch house"]) == await found(company_id=desk.companies["luch"]) == [ids[1]]
        )
        first = (await program.get("/outages", limit=2)).body
        assert await found(limit=2, cursor=first["next"]) == [ids[0]]
        kinds = (await program.get("/outage-kinds")).body["items"]
        assert {"cold_water", "gas"} <= {kind["code"] for kind in kinds}


async def test_a_company_reads_its_own_and_writes_none(desk: Desk):
    async with desk.program("ada") as program:
        ours, theirs = [
            (await program.post("/outages", new_outage(desk, company))).body["id"] for company in ("zarechye", "luch")
        ]
    async with desk.program("max") as manager:
        assert [each["id"] for each in (await manager.get("/outages")).body["items"]] == [ours]
        assert (await manager.get("/outages", company_id=desk.companies["luch"])).body["items"] == []
        assert (await manager.get(f"/outages/{ours}")).status == 200
        for path in (f"/outages/{theirs}", f"/outages/{theirs}/history"):
            assert (await manager.get(path)).status == 404
        assert (await manager.post("/outages", new_outage(desk))).status == 403
    async with desk.program("ada", Scope.OUTAGES_READ) as reader:
        assert (await reader.get("/outages")).status == 200
        assert (await reader.post("/outages", new_outage(desk))).status == 403
