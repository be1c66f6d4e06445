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


async def test_a_rule_is_added_read_changed_and_asked(desk: Desk):
    await desk.pool.execute("delete from outbound_rules")
    await desk.pool.execute("update operators set endpoint = 'op-12', sip_secret = 'x' where login = 'ada'")
    async with desk.program("ada") as program:
        await program.post("/trunks", NEW)
        made = await program.post("/outbound-rules", {"purpose": "any", "prefix": "+7495", "per_hour": 30.0})
        assert made.status == 201, made.body
        rule = made.body.pop("id")
        assert made.body == {
            "purpose": "any", "prefix": "+7495", "per_operator_hour": None, "per_hour": 30, "active": True,
        }  # fmt: skip
        path = f"/outbound-rules/{rule}"
        changed = await program.ask("PATCH", path, {"per_hour": None, "per_operator_hour": 2, "prefix": "+7496"})
        assert (changed.body["per_hour"], changed.body["per_operator_hour"], changed.body["purpose"]) == (
            None,
            2,
            "any",
        )
        off = await program.ask("PATCH", path, {"active": False})
        assert (await program.get("/outbound-rules")).body["items"] == [off.body]
        why = await program.get("/call-permission", telephone="op-12", number="+74961112233")
        assert (why.body["allowed"], why.body["findings"][0]["says"]) == (False, "off")
        assert (await program.ask("PATCH", "/outbound-rules/999999", {"active": False})).status == 404
        for wrong in ({"prefix": "7495"}, {"prefix": "+٣"}, {"purpose": "friends"}, {"per_hour": -1}):
            assert (await program.post("/outbound-rules", {"purpose": "any", "prefix": "+7", **wrong})).status == 422
    noted = await desk.pool.fetch(
        "select action, details from audit_log where subject = 'outbound rule' and subject_id = $1 order by id",
        str(rule),
    )
    assert [row["action"] for row in noted] == ["added outbound rule", "changed outbound rule", "changed outbound rule"]
    assert [row["details"].get("per_operator_hour") for row in noted] == [None, 2, 2], "who loosened a limit is known"


async def test_a_password_is_in_no_answer(desk: Desk):
    """Nor in the refusal of what is wrong with it, nor in the list of what was done."""
    async with desk.program("ada") as program:
        made = await program.post("/trunks", NEW)
        path = f"/trunks/{made.body['id']}"
        answers = [
            made,
            await program.get("/trunks"),
            await program.ask("PATCH", path, {"password": "another-secret-word"}),
            await program.ask("PATCH", path, {"password": "another-secret-word;"}),
            await program.ask("PATCH", path, {"password": "another-secret-word" * 10}),
            await program.post("/trunks", {**NEW, "name": "beta", "login": ""}),
        ]
    assert [answer.status for answer in answers] == [201, 200, 200, 409, 422, 409]
    assert not [answer.body for answer in answers if "secret-word" in str(answer.body)]
    assert "secret-word" not in str(await desk.pool.fetch("select details from audit_log"))
