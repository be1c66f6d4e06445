"""Every error of the program stands in one tree, as it is drawn, and what a person asked wrongly is answered in one place."""

import importlib
import inspect
import json
import pkgutil
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import callcenter
from callcenter import errors
from callcenter.errors import CallcenterError, LimitReached, NotFound, Refusal
from callcenter.settings import WebSettings
from callcenter.tickets.ticket import BadEdit, NoTicket
from callcenter.web.errors import show_errors, show_problems
from callcenter.web.keys import SETTINGS
from callcenter.web.language import translations
from tests.site import settings_for


def defined() -> dict[str, type[BaseException]]:
    """Every exception of the program, by name."""
    found: dict[str, type[BaseException]] = {}
    for module in pkgutil.walk_packages(callcenter.__path__, "callcenter."):
        if module.name == "callcenter.__main__":
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(value) and issubclass(value, BaseException) and value.__module__ == module.name:
                assert name not in found, f"{name} twice"
                found[name] = value
    return found


def drawn() -> dict[str, str]:
    """Parents by name, as the tree in `callcenter/errors.py` has them."""
    assert errors.__doc__ is not None
    path: list[str] = []
    parents: dict[str, str] = {}
    for line in errors.__doc__.splitlines():
        if found := re.match(r"([│├└─ ]*)(\w+)", line) if "─" in line or line == "CallcenterError" else None:
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            assert found[2] not in parents, f"{found[2]} is drawn twice"
            parents[found[2]] = path[depth - 1] if depth else "Exception"
    return parents


def test_every_exception_stands_in_the_tree_as_it_is_drawn() -> None:
    found = defined()
    outside = [name for name, each in found.items() if not issubclass(each, CallcenterError)]
    assert outside == []
    assert drawn() == {name: each.__base__.__name__ for name, each in found.items() if each.__base__}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_refusal_has_a_text_and_a_status_of_the_asker(language: str) -> None:
    refusals = [each for each in defined().values() if issubclass(each, Refusal)]
    assert len(refusals) > 20
    for each in refusals:
        assert 400 <= each.status < 500, each
        assert re.match("[А-Я]" if language == "ru" else "[A-Z]", translations(language).gettext(each.text)), each


class NotToday(Refusal):
    """What a service of this test says."""

    status = 409
    text = errors.gettext_noop("This step cannot be taken now.")

    @property
    def details(self) -> dict[str, object]:
        return {"current_version": 7}


@pytest.fixture
async def client() -> TestClient[web.Request, web.Application]:
    raised: dict[str, Refusal] = {
        "absent": NoTicket(),
        "today": NotToday("state"),
        "edit": BadEdit({"crew_id": "unknown", "subject": "zero byte"}),
        "often": LimitReached(),
    }

    async def refuse(request: web.Request) -> web.Response:
        raise raised[request.match_info["what"]]

    app = web.Application(middlewares=[show_errors, show_problems])
    settings = settings_for("postgresql://nowhere")
    app[SETTINGS] = settings.model_copy(update={"web": WebSettings(), "language": "ru"})
    app.add_routes([web.get("/api/v1/{what}", refuse), web.get("/{what}", refuse)])
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize(
    ("what", "status", "text"),
    [
        ("absent", 404, "Такой страницы нет"),
        ("today", 409, "Сейчас этот шаг сделать нельзя."),
        ("edit", 409, "Изменение противоречит справочнику."),
        ("often", 429, "Больше пока нельзя. Попробуйте позже."),
    ],
)
async def test_people_are_shown_a_page(
    client: TestClient[web.Request, web.Application], what: str, status: int, text: str
) -> None:
    answer = await client.get(f"/{what}", headers={"Accept": "text/html"})
    assert (answer.status, answer.content_type) == (status, "text/html")
    assert text in await answer.text()
    script = await client.get(f"/{what}")
    assert (script.status, await script.text()) == (status, f"{status}\n")


async def test_programs_are_told_in_a_document(client: TestClient[web.Request, web.Application]) -> None:
    told = {}
    for what in ("absent", "today", "edit", "often"):
        answer = await client.get(f"/api/v1/{what}")
        assert answer.content_type == "application/problem+json"
        told[what] = json.loads(await answer.text())
        assert told[what].pop("status") == answer.status
        assert told[what].pop("type") == "about:blank"
        del told[what]["title"]
    assert told == {
        "absent": {"detail": NotFound.text, "code": "no ticket"},
        "today": {"detail": "This step cannot be taken now.", "code": "state", "current_version": 7},
        "edit": {
            "detail": "The change contradicts the directory.",
            "code": "bad edit",
            "errors": [
                {"at": "body.crew_id", "message": "there is no such thing in this company"},
                {"at": "body.subject", "message": "zero byte"},
            ],
        },
        "often": {"detail": LimitReached.text, "code": "too many"},
    }
