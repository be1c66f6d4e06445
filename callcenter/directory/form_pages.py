"""The directory's forms: shown, checked, shown again with what was wrong beside each field, or saved."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import asyncpg
from aiohttp import web
from pydantic import ValidationError

from callcenter.directory.book import DirectoryConflict
from callcenter.directory.forms import DirectoryForm
from callcenter.directory.texts import form_problem
from callcenter.web.body import form_of
from callcenter.web.language import language_of, translations
from callcenter.web.render import render

T = TypeVar("T", bound=DirectoryForm)
Row = TypeVar("Row")


async def serve_form(
    request: web.Request,
    template: str,
    model: type[T],
    known: Mapping[str, object],
    save: Callable[[T], Awaitable[str]],
    *,
    city_code: str = "",
    **values: Any,
) -> web.Response:
    """A GET shows what is `known`; a POST saves the form and redirects to the address that `save` returns.

    Names with a dot, such as `tell.minutes`, are fields of a nested form. `city_code`: of telephones that lack one.
    """
    if request.method != "POST":
        return render(request, template, typed=_texts(known), problems={}, **values)
    typed = {name: str(value) for name, value in (await form_of(request)).items()}
    t = translations(language_of(request))
    problems: dict[str, str] = {}
    try:
        raise web.HTTPSeeOther(await save(model.model_validate(_nested(typed), context={"city_code": city_code})))
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False, include_input=False):
            name = ".".join(str(part) for part in error["loc"])
            problems.setdefault(name, form_problem(t, error["type"], error.get("ctx", {})))
    except DirectoryConflict as taken:
        problems[taken.field] = form_problem(t, f"taken_{taken.field}", {})
    return render(request, template, 422, typed=typed, problems=problems, **values)


def known_of(row: asyncpg.Record | None, fields: str, **others: object) -> dict[str, object]:
    """The fields of a row by name, for a form; empty for a new row."""
    return ({} if row is None else {name: row[name] for name in fields.split()}) | others


def number_in(request: web.Request, name: str = "id") -> int:
    """A number in the page's address."""
    return int(request.match_info[name])


def there(row: Row | None) -> Row:
    """The row; raises 404 when it is None."""
    if row is None:
        raise web.HTTPNotFound
    return row


def _texts(known: Mapping[str, object]) -> dict[str, str]:
    return {
        name: "on" if value is True else "" if value in (None, False) else str(value) for name, value in known.items()
    }


def _nested(typed: Mapping[str, str]) -> dict[str, object]:
    made: dict[str, object] = {}
    inner: dict[str, dict[str, str]] = {}
    for name, value in typed.items():
        outer, dot, rest = name.partition(".")
        if dot:
            inner.setdefault(outer, {})[rest] = value
        else:
            made[name] = value
    return made | inner
