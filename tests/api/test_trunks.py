"""Trunks by programs: added, changed, read; and whether a number may be called."""

from tests.api.conftest import Desk

NEW = {
    "name": "alpha",
    "server": "203.0.113.5",
    "registers": True,
    "login": "4951234567",
    "password": "very-secret-word",
    "calls_out": True,
    "hosts": ["203.0.113.6"],
}


async def test_a_trunk_is_added_read_and_changed(desk: Desk):
    async with desk.program("ada") as program:
        made = await program.post("/trunks", NEW)
        assert made.status == 201, made.body
        assert (made.body["hosts"], made.body["codecs"], made.body["states"]) == (["203.0.113.6"], ["alaw"], [])
        assert "password" not in made.body
        path = f"/trunks/{made.body['id']}"
        changed = await program.ask("PATCH", path, {"calls_at_once": 30, "transport": "tcp"})
        assert (changed.status, changed.body["calls_at_once"], changed.body["transport"]) == (200, 30, "tcp")
        kept = await desk.pool.fetchval("select password from trunks where name = 'alpha'")
        free = await program.ask("PATCH", path, {"calls_at_once": None})
        assert free.body["calls_at_once"] is None
        assert await desk.pool.fetchval("select password from trunks where name = 'alpha'") == kept
        (only,) = (await program.get("/trunks")).body["items"]
        assert only == free.body


async def test_what_cannot_be_is_refused_with_its_field(desk: Desk):
    async with desk.program("ada") as program:
        for more, code, field in (
            ({"srtp": True}, "wrong", "srtp"),
            ({"server": "", "hosts": []}, "wrong", "calls_out"),
            ({"hosts": ["a;b"]}, "wrong", "hosts"),
            ({"node": "nowhere"}, "unknown", "node"),
        ):
            answer = await program.post("/trunks", {**NEW, "name": "beta", **more})
            assert answer.problem["status"] == 409
            assert (answer.problem["code"], answer.problem["errors"][0]["at"]) == (code, f"body.{field}")
        assert (await program.post("/trunks", NEW)).status == 201
        assert (await program.post("/trunks", NEW)).problem["code"] == "taken"
        assert (await program.ask("PATCH", "/trunks/999999", {"active": False})).status == 404


async def test_a_program_asks_who_may_call_whom(desk: Desk):
    await desk.pool.execute("update operators set endpoint = 'op-12', sip_secret = 'x' where login = 'ada'")
    await desk.pool.execute("insert into outbound_rules (purpose, prefix) values ('any', '+7495')")
    async with desk.program("ada") as program:
        await program.post("/trunks", NEW)
        yes = await program.get("/call-permission", telephone="op-12", number="+74951112233")
        assert (yes.status, yes.body["allowed"], yes.body["reason"]) == (200, True, "allowed"), yes.body
        no = await program.get("/call-permission", telephone="op-12", number="+79160000001")
        assert (no.body["allowed"], no.body["reason"], no.body["findings"][0]["says"]) == (False, "no_rule", "prefix")
        assert (await program.get("/call-permission", telephone="nobody", number="+79160000001")).status == 404
