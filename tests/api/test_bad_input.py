"""Whatever is sent gets a clear problem, and changes nothing."""

import aiohttp

from callcenter.api.reading import LONGEST_BODY
from tests.api.conftest import API, Desk, Program
from tests.conftest import by_owner


async def send(program: Program, method: str, path: str, body: bytes | str, kind: str = "application/json") -> dict:
    answer = await program.ask(method, path, headers={"Content-Type": kind}, data=body)
    return answer.problem


async def test_what_is_no_json_is_refused(desk: Desk):
    async with desk.program("ada") as program:
        for body in (b"", b"{", b"{'a': 1}", b"\xff\xfe", b'{"a": NaN', b"[" * 100_000, '{"subject": "\\ud800"}'):
            problem = await send(program, "POST", "/tickets", body)
            assert problem["status"] in (400, 422), body[:20]
            assert problem["detail"]
        assert (await send(program, "POST", "/tickets", b"{"))["status"] == 400
        assert (await send(program, "POST", "/tickets", b"{}", "text/plain"))["status"] == 415
        assert (await send(program, "POST", "/tickets", b"{}", "application/json; charset=cp1251"))["status"] == 415
    assert await desk.pool.fetchval("select count(*) from tickets") == 0


async def test_a_huge_body_is_refused_before_it_has_all_come(desk: Desk):
    async def endless():
        for _ in range(10 * LONGEST_BODY // 65536):
            yield b" " * 65536

    async with desk.program("ada") as program:
        headers = {"Authorization": f"Bearer {program.token}", "Content-Type": "application/json"}
        try:
            async with program.http.post(f"{API}/tickets", data=endless(), headers=headers) as answer:
                assert answer.status == 413
                assert (await answer.json(content_type=None))["status"] == 413
        except aiohttp.ClientConnectionError:
            # The server has closed the connection while the rest was being sent.
            pass
        assert (await send(program, "POST", "/tickets", b" " * (LONGEST_BODY + 1)))["status"] == 413


async def test_the_longest_ticket_fits_in(desk: Desk):
    company = desk.companies["zarechye"]
    text = "\\ud83d\\ude00"
    body = f'{{"company_id": {company}, "description": "{text * 10_000}", "subject": "{text * 200}"}}'
    async with desk.program("ada") as program:
        answer = await program.ask("POST", "/tickets", headers={"Content-Type": "application/json"}, data=body)
    assert answer.status == 201
    assert answer.body["description"] == "😀" * 10_000


async def test_unknown_fields_and_wrong_types_are_named(desk: Desk):
    company = desk.companies["zarechye"]
    wrong: dict[str, object] = {
        "colour": "red",
        "company_id": "1",
        "category_id": 0,
        "house_id": 2**31,
        "subject": "x" * 201,
        "description": "zero\0byte",
        "contact_phone": "8 916 123-45-67",
        "common_property": "yes",
        "price": 10.5,
        "payment": "later",
        "planned_from": "2026-03-05",
        "access_at": "2026-02-30T10:00:00Z",
        "parent_id": True,
        "version": 1,
    }
    async with desk.program("ada") as program:
        for name, value in wrong.items():
            problem = (await program.post("/tickets", {"company_id": company, name: value})).problem
            assert problem["status"] == 422
            assert problem["errors"][0]["at"].split(".")[:2] == ["body", name]
        for price in ("-1", "1e5", "1.001", "99999999999"):
            assert (await program.post("/tickets", {"company_id": company, "price": price})).problem["status"] == 422
        assert (await program.post("/tickets", [])).problem["status"] == 422
    assert await desk.pool.fetchval("select count(*) from tickets") == 0


async def test_a_query_that_is_not_understood_is_refused_and_not_ignored(desk: Desk):
    wrong = [
        "limit=0", "limit=201", "limit=1.0", "limit=+1", "limit=", "colour=red", "state=lost", "state=new&state=closed",
        "since=2026-03-05T10:00:00", "since=0001-01-01T00:00:00Z", "phone=9161234567", "cursor=-1", "cursor=9" + "9" * 30,
        "company_id=1%00",
    ]  # fmt: skip
    async with desk.program("ada") as program:
        for query in wrong:
            answer = await program.ask("GET", f"/tickets?{query}")
            assert answer.problem["status"] == 422, query
            assert answer.problem["errors"][0]["at"].startswith("query.")
        assert (await program.ask("GET", "/companies?x=1")).problem["status"] == 422


async def test_another_companys_things_are_not_there(desk: Desk):
    theirs = await desk.ticket("luch")
    mine = await desk.ticket()
    await desk.pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, arrived_at)"
        " values ('node1-1.1', 'node1', $1, '7', '+7999', 'waiting', now())",
        desk.companies["luch"],
    )
    recording = await desk.pool.fetchval(
        "insert into recordings (name, node, call_id, ticket_id, state)"
        " values ('a', 'node1', 'node1-1.1', $1, 'expected') returning id",
        theirs,
    )
    delivery = await desk.pool.fetchval(
        "insert into deliveries (ticket_id, crew_id, way, key) values ($1, $2, 'email', 'k') returning id",
        theirs,
        desk.ids["luch crew"],
    )
    paths = [f"/tickets/{theirs}", f"/tickets/{theirs}/history", f"/houses/{desk.ids['luch house']}"]
    paths += [f"/houses/{desk.ids['luch house']}/premises", "/calls/node1-1.1", f"/recordings/{recording}"]
    paths += [f"/deliveries/{delivery}"]
    lists = ("/tickets", "/houses", "/calls", "/recordings", "/deliveries", "/categories", "/crews", "/companies")
    async with desk.program("max") as program, desk.program("lena") as owner, desk.program("ada") as staff:
        for path in paths:
            assert (await program.get(path)).problem["status"] == 404, path
            assert (await owner.get(path)).status == 200, path
            assert (await staff.get(path)).status == 200, path
        assert (await program.post(f"/tickets/{theirs}/comments", {"text": "x"})).problem["status"] == 404
        for path in lists:
            items = (await program.get(path)).body["items"]
            assert {item.get("company_id", desk.companies["zarechye"]) for item in items} <= {
                desk.companies["zarechye"]
            }
            assert (await staff.get(path)).body["items"], path
        assert [item["id"] for item in (await program.get("/tickets")).body["items"]] == [mine]
        assert (await program.get("/tickets", company_id=desk.companies["luch"])).body["items"] == []
        assert (await program.get("/tickets", cursor=theirs)).status == 200
        assert (await program.get("/recordings")).body["items"] == []
        assert (await program.get("/deliveries")).body["items"] == []
        foreign = {"company_id": desk.companies["zarechye"], "category_id": desk.ids["luch category"]}
        assert (await staff.post("/tickets", foreign)).problem["status"] == 409
        assert (await staff.post("/tickets", {"company_id": 999})).problem["status"] == 409


async def test_what_is_not_there_and_what_cannot_be_done_are_problems_too(desk: Desk):
    async with desk.program("ada") as program:
        for path in (
            "/tickets/0",
            "/tickets/x",
            "/tickets/99999999999999999999",
            "/tickets/12",
            "/nothing",
            "/calls/a%20b",
        ):
            assert (await program.get(path)).problem["status"] == 404, path
        answer = await program.ask("DELETE", "/tickets/1")
        assert answer.problem["status"] == 405
        assert set(answer.headers["Allow"].split(",")) == {"GET", "PATCH"}
        assert (await program.post("/tickets", {"company_id": 1}, "short")).problem["errors"][0][
            "at"
        ] == "header.Idempotency-Key"


async def test_when_the_database_fails_it_says_so_without_a_word_about_it(desk: Desk):
    async with desk.program("ada") as program:
        await desk.pool.execute(by_owner("alter table houses rename to homes"))
        try:
            answer = await program.get("/houses")
        finally:
            await desk.pool.execute(by_owner("alter table homes rename to houses"))
        assert answer.problem["status"] == 500
        assert "houses" not in str(answer.body)
        desk.pool.terminate()
        assert (await program.get("/houses")).problem["status"] == 503
