"""Who gets in, and how far."""

import re
from datetime import timedelta

from callcenter.api.endpoint import API, endpoints
from callcenter.common.tokens import Tokens
from callcenter.domain.access import Scope
from tests.api.conftest import DAY, Desk


async def test_a_token_lets_its_owner_in(desk: Desk):
    async with desk.program("max") as program:
        answer = await program.get("/companies")
    assert answer.status == 200
    assert [company["name"] for company in answer.body["items"]] == ["УК «Заречье»"]


async def test_only_a_digest_of_the_token_is_kept(desk: Desk):
    token = await desk.token("max")
    kept = await desk.pool.fetchval("select token_hash from api_tokens")
    assert len(kept) == 32
    assert token.encode() not in kept


async def test_without_a_token_of_ours_nothing_is_open(desk: Desk):
    for token in (None, "", "x", "ccapi_" + "x" * 43, "a" * 3000):
        async with desk.program(None, token=token) as program:
            answer = await program.get("/tickets")
        assert answer.status == 401
        assert answer.problem["detail"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_password_or_a_cookie_is_no_token(desk: Desk):
    async with desk.program(None) as program:
        basic = await program.ask("GET", "/tickets", headers={"Authorization": "Basic bWF4OnB3"})
    async with desk.site.browser("vera") as vera:
        cookie = await vera.get("/api/v1/tickets")
    assert (basic.status, cookie.status) == (401, 401)


async def test_a_token_opens_no_page(desk: Desk):
    token = await desk.token("ada")
    async with desk.site.browser() as browser:
        assert (await browser.get("/board", Authorization=f"Bearer {token}")).status == 303


async def test_an_expired_token_is_refused(desk: Desk):
    token = await desk.token("max", lasts=timedelta(seconds=-1))
    async with desk.program(None, token=token) as program:
        assert (await program.get("/tickets")).problem["status"] == 401


async def test_a_revoked_token_is_refused_at_once(desk: Desk):
    async with desk.program("max") as program:
        assert (await program.get("/tickets")).status == 200
        await desk.pool.execute("delete from api_tokens")
        assert (await program.get("/tickets")).problem["status"] == 401


async def test_a_token_ends_with_its_owners_rights(desk: Desk):
    async with desk.program("max") as first, desk.program("lena") as second:
        await desk.pool.execute("update operators set active = false where login = 'max'")
        await desk.pool.execute("update operators set role = 'operator', company_id = null where login = 'lena'")
        assert (await first.get("/tickets")).problem["status"] == 401
        assert (await second.get("/tickets")).problem["status"] == 401


async def test_no_endpoint_opens_to_another_scope(desk: Desk):
    for scope in Scope:
        async with desk.program("ada", *(other for other in Scope if other is not scope)) as program:
            for endpoint in (each for each in endpoints.all if each.scope is scope):
                path = re.sub(r"\{\w+\}", "1", endpoint.path)
                answer = await program.ask(endpoint.method, path, {} if endpoint.body else None)
                assert answer.status == 403, path
                assert scope.value in answer.problem["detail"]
                assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


async def test_a_scope_gives_nobody_what_their_role_does_not(desk: Desk):
    ticket = await desk.ticket()
    async with desk.program("max") as program:
        created = await program.post("/tickets", {"company_id": desk.companies["zarechye"]})
        changed = await program.ask("PATCH", f"/tickets/{ticket}", {"version": 2, "subject": "x"})
        said = await program.post(f"/tickets/{ticket}/comments", {"text": "Спасибо"})
    assert (created.problem["status"], changed.problem["status"], said.status) == (403, 403, 204)


async def test_too_many_requests_are_asked_to_wait_and_others_are_not(desk: Desk):
    async with desk.program("max") as program, desk.program("lena") as other:
        await program.get("/companies")
        await desk.pool.execute("update api_tokens set requests = 600 where operator_id = $1", desk.people["max"].id)
        refused = await program.get("/companies")
        assert refused.problem["status"] == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert (await other.get("/companies")).status == 200
        await desk.pool.execute("update api_tokens set window_start = now() - interval '1 minute'")
        assert (await program.get("/companies")).status == 200


async def test_every_route_of_the_interface_names_its_permission_and_its_scope(desk: Desk):
    routes = [route for route in desk.site.server.app.router.routes() if route.resource.canonical.startswith("/api")]
    assert len(routes) == len(endpoints.all)
    for route in routes:
        assert route.resource.canonical.startswith(API)
        assert route.handler.permission is not None
        assert route.handler.scope is not None or route.resource.canonical == f"{API}/openapi.json"


async def test_making_and_revoking_a_token_is_written_down(desk: Desk):
    tokens = Tokens(desk.pool)
    await tokens.make(desk.people["max"], "1C", [Scope.CALLS_READ], DAY, address="192.0.2.1")
    (mine,) = await tokens.of(desk.people["max"])
    assert not await tokens.revoke(desk.people["lena"], mine.id)
    assert await tokens.revoke(desk.people["max"], mine.id)
    rows = await desk.pool.fetch(
        "select action, subject_id, details from audit_log where subject = 'token' order by id"
    )
    assert [row["action"] for row in rows] == ["created token", "revoked token"]
    assert rows[0]["details"] == {"name": "1C", "scopes": ["calls:read"]}
    assert {row["subject_id"] for row in rows} == {str(mine.id)}
