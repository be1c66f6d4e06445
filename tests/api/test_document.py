"""The description matches the routes, all of them and nothing else."""

import re

import aiohttp
from jsonschema_rs import Draft202012Validator

from callcenter.api.document import describe
from callcenter.api.endpoint import API, endpoints
from callcenter.storage import ROOT
from tests.api.conftest import Desk


async def test_every_route_is_described_and_everything_described_is_a_route(desk: Desk):
    async with desk.program(None) as program:
        document = (await program.get("/openapi.json")).body
    described = {(method.upper(), API + path) for path, item in document["paths"].items() for method in item}
    routes = {
        (route.method, route.resource.canonical)
        for route in desk.site.server.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api")
    }
    assert described == routes
    assert len(described) >= 18


def test_it_says_who_may_and_what_is_sent():
    document = describe(endpoints.all)
    create = document["paths"]["/tickets"]["post"]
    assert create["security"] == [{"token": ["tickets:write"]}]
    assert {parameter["name"] for parameter in create["parameters"]} == {"Idempotency-Key"}
    assert create["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/Ticket")
    assert {"400", "401", "403", "409", "413", "415", "422", "429", "500"} <= create["responses"].keys()
    assert document["paths"]["/openapi.json"]["get"]["security"] == []


def test_every_operation_has_a_name_of_its_own_and_words():
    operations = [operation for item in describe(endpoints.all)["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        assert re.fullmatch(r"[A-Z].+\.", operation["summary"])


def test_every_reference_leads_somewhere():
    document = describe(endpoints.all)
    references = set(re.findall(r"#/components/schemas/([\w.-]+)", repr(document)))
    assert references == document["components"]["schemas"].keys()


def test_its_schemas_are_schemas():
    components = describe(endpoints.all)["components"]
    for name in components["schemas"]:
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})


async def test_it_needs_no_token_and_says_so_to_browsers_too(desk: Desk):
    async with (
        aiohttp.ClientSession() as http,
        http.get(desk.site.server.make_url("/api/v1/openapi.json"), headers={"Accept": "text/html"}) as answer,
    ):
        assert answer.status == 200
        assert answer.content_type == "application/json"


def test_the_page_about_it_names_every_endpoint():
    page = (ROOT / "docs" / "api.md").read_text()
    for endpoint in endpoints.all:
        assert f"| `{endpoint.method} {endpoint.path}` | `{endpoint.scope}`".replace("`None`", "none") in page
