"""The directory's companies: numbers, categories with limits, crews with hours, responsible persons."""

from functools import partial
from typing import Any

import asyncpg
from aiohttp import web
from babel.dates import get_day_names

from callcenter.directory.form_pages import known_of, number_in, serve_form, there
from callcenter.directory.forms import ZONES, CategoryForm, CompanyForm, CrewForm, DefaultLimitsForm, ResponsibleForm
from callcenter.directory.offices import OFFICES
from callcenter.directory.texts import span
from callcenter.domain.access import Permission
from callcenter.domain.deadlines import LimitStep
from callcenter.telephony.asterisk_entries import ASTERISK_ENTRIES
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON
from callcenter.web.labels import limit_steps, ticket_classes
from callcenter.web.language import language_of
from callcenter.web.render import render, telephone

routes = web.RouteTableDef()


def _names(request: web.Request) -> dict[str, Any]:
    language = language_of(request)
    return {"step_names": limit_steps(language), "class_names": ticket_classes(language)}


def _days(request: web.Request) -> dict[int, str]:
    """Short names of the weekdays, 1 being Monday."""
    return {day + 1: name for day, name in get_day_names("abbreviated", locale=language_of(request)).items()}


@routes.get("/directory/companies")
@needs(Permission.SEE_DIRECTORY)
async def companies(request: web.Request) -> web.Response:
    """All companies, and for who can put it right the numbers dialled that are none of theirs."""
    offices, person = request.app[OFFICES], request[PERSON]
    edits = person.may(Permission.EDIT_DIRECTORY)
    unreached = await offices.unreached(person) if edits else ()
    behind = await request.app[ASTERISK_ENTRIES].behind() if edits else ()
    rows = await offices.companies(person)
    return render(request, "directory/companies.html", companies=rows, unreached=unreached, behind=behind)


@routes.get("/directory/companies/new")
@routes.post("/directory/companies/new")
@needs(Permission.EDIT_DIRECTORY)
async def add_company(request: web.Request) -> web.Response:
    return await _company_form(request, None, {"zone": "Europe/Moscow", "language": "ru", "retention_days": 1096})


@routes.get(r"/directory/companies/{id:\d{1,9}}")
@needs(Permission.SEE_DIRECTORY)
async def company(request: web.Request) -> web.Response:
    """A company with everything that belongs to it."""
    return await _company_page(request, number_in(request))


async def _company_page(request: web.Request, company: int, secret: str | None = None, of: str = "") -> web.Response:
    offices, person, asterisk = request.app[OFFICES], request[PERSON], request.app[ASTERISK_ENTRIES]
    edits = person.may(Permission.EDIT_DIRECTORY)
    row = there(await offices.company(person, company))
    entries = await asterisk.numbers(company) if edits else {}
    return render(
        request,
        "directory/company.html",
        company=row,
        entries=entries,
        ready=all(number in entries and entries[number].since for number in row["numbers"]),
        behind=await asterisk.behind() if edits else (),
        categories=await offices.categories(person, company),
        default_limits=await offices.default_limits(person, company),
        crews=await offices.crews(person, company),
        responsibles=await offices.responsibles(person, company),
        steps=tuple(LimitStep),
        secret=secret,
        secret_of=of,
        days=_days(request),
        span=partial(span, language=language_of(request)),
        **_names(request),
    )


@routes.get(r"/directory/companies/{id:\d{1,9}}/edit")
@routes.post(r"/directory/companies/{id:\d{1,9}}/edit")
@needs(Permission.EDIT_DIRECTORY)
async def edit_company(request: web.Request) -> web.Response:
    row = there(await request.app[OFFICES].company(request[PERSON], number_in(request)))
    numbers = "\n".join(telephone(number) for number in row["numbers"])
    known = known_of(
        row,
        "name zone language retention_days city_code outage_page",
        numbers=numbers,
        public=row["outage_page"] is not None,
    )
    return await _company_form(request, row["id"], known)


async def _company_form(request: web.Request, company: int | None, known: dict[str, object]) -> web.Response:
    async def save(form: CompanyForm) -> str:
        return f"/directory/companies/{await request.app[OFFICES].save_company(request[PERSON], company, form)}"

    return await serve_form(
        request, "directory/company_form.html", CompanyForm, known, save, company=company, zones=ZONES
    )


@routes.get(r"/directory/companies/{id:\d{1,9}}/limits")
@routes.post(r"/directory/companies/{id:\d{1,9}}/limits")
@needs(Permission.EDIT_DIRECTORY)
async def edit_default_limits(request: web.Request) -> web.Response:
    """The limits of tickets that have no category yet."""
    offices, person = request.app[OFFICES], request[PERSON]
    company = there(await offices.company(person, number_in(request)))["id"]
    limits = await offices.default_limits(person, company)
    known: dict[str, object] = {f"{step}.{name}": n for step, limit in limits.items() for name, n in limit.items()}

    async def save(form: DefaultLimitsForm) -> str:
        await offices.save_default_limits(person, company, form)
        return f"/directory/companies/{company}"

    return await serve_form(
        request,
        "directory/limits_form.html",
        DefaultLimitsForm,
        known,
        save,
        company=company,
        steps=tuple(LimitStep),
        **_names(request),
    )


@routes.get(r"/directory/companies/{id:\d{1,9}}/categories/new")
@routes.post(r"/directory/companies/{id:\d{1,9}}/categories/new")
@needs(Permission.EDIT_DIRECTORY)
async def add_category(request: web.Request) -> web.Response:
    company = there(await request.app[OFFICES].company(request[PERSON], number_in(request)))
    known = {"active": True, "kind": "planned", "tell.minutes": 30, "tell.warn_before": 10}
    return await _category_form(request, company["id"], None, known)


@routes.get(r"/directory/categories/{id:\d{1,9}}")
@routes.post(r"/directory/categories/{id:\d{1,9}}")
@needs(Permission.EDIT_DIRECTORY)
async def edit_category(request: web.Request) -> web.Response:
    row = there(await request.app[OFFICES].category(request[PERSON], number_in(request)))
    limits = {f"{step}.{name}": value for step, limit in row["limits"].items() for name, value in limit.items()}
    known = known_of(row, "code name_ru name_en active", kind=row["class"], **limits)
    return await _category_form(request, row["company_id"], row["id"], known)


async def _category_form(
    request: web.Request, company: int, category: int | None, known: dict[str, object]
) -> web.Response:
    async def save(form: CategoryForm) -> str:
        await request.app[OFFICES].save_category(request[PERSON], company, category, form)
        return f"/directory/companies/{company}"

    return await serve_form(
        request,
        "directory/category_form.html",
        CategoryForm,
        known,
        save,
        company=company,
        category=category,
        steps=tuple(LimitStep),
        **_names(request),
    )


@routes.get(r"/directory/companies/{id:\d{1,9}}/crews/new")
@routes.post(r"/directory/companies/{id:\d{1,9}}/crews/new")
@needs(Permission.EDIT_DIRECTORY)
async def add_crew(request: web.Request) -> web.Response:
    company = there(await request.app[OFFICES].company(request[PERSON], number_in(request)))
    return await _crew_form(
        request, company["id"], company["city_code"], None, {"active": True, "language": company["language"]}
    )


@routes.get(r"/directory/crews/{id:\d{1,9}}")
@routes.post(r"/directory/crews/{id:\d{1,9}}")
@needs(Permission.EDIT_DIRECTORY)
async def edit_crew(request: web.Request) -> web.Response:
    row = there(await request.app[OFFICES].crew(request[PERSON], number_in(request)))
    days = {f"day{day}": hours for day, hours in row["hours"].items()}
    known = known_of(row, "name language email webhook_url active", phone=telephone(row["phone"] or ""), **days)
    return await _crew_form(request, row["company_id"], row["city_code"], row, known)


@routes.post(r"/directory/crews/{id:\d{1,9}}/secret")
@needs(Permission.EDIT_DIRECTORY)
async def renew_secret(request: web.Request) -> web.Response:
    """A new secret for the crew's webhook, shown on this one page."""
    offices = request.app[OFFICES]
    row = there(await offices.crew(request[PERSON], number_in(request)))
    secret = there(await offices.new_secret(request[PERSON], row["id"]))
    return await _company_page(request, row["company_id"], secret, row["name"])


async def _crew_form(
    request: web.Request, company: int, city_code: str, crew: asyncpg.Record | None, known: dict[str, object]
) -> web.Response:
    made: list[tuple[str, str]] = []

    async def save(form: CrewForm) -> str:
        crew_id = None if crew is None else int(crew["id"])
        _saved, secret = await request.app[OFFICES].save_crew(request[PERSON], company, crew_id, form)
        if secret is not None:
            made.append((secret, form.name))
        return f"/directory/companies/{company}"

    try:
        return await serve_form(
            request,
            "directory/crew_form.html",
            CrewForm,
            known,
            save,
            city_code=city_code,
            company=company,
            crew=crew,
            days=_days(request),
        )
    except web.HTTPSeeOther:
        if made:
            return await _company_page(request, company, *made[0])
        raise


@routes.get(r"/directory/companies/{id:\d{1,9}}/responsibles/new")
@routes.post(r"/directory/companies/{id:\d{1,9}}/responsibles/new")
@needs(Permission.EDIT_DIRECTORY)
async def add_responsible(request: web.Request) -> web.Response:
    company = there(await request.app[OFFICES].company(request[PERSON], number_in(request)))
    return await _responsible_form(request, company["id"], company["city_code"], None, {"active": True})


@routes.get(r"/directory/responsibles/{id:\d{1,9}}")
@routes.post(r"/directory/responsibles/{id:\d{1,9}}")
@needs(Permission.EDIT_DIRECTORY)
async def edit_responsible(request: web.Request) -> web.Response:
    row = there(await request.app[OFFICES].responsible(request[PERSON], number_in(request)))
    known = known_of(row, "name crew_id active", phone=telephone(row["phone"] or ""))
    return await _responsible_form(request, row["company_id"], row["city_code"], row["id"], known)


async def _responsible_form(
    request: web.Request, company: int, city_code: str, responsible: int | None, known: dict[str, object]
) -> web.Response:
    offices, person = request.app[OFFICES], request[PERSON]

    async def save(form: ResponsibleForm) -> str:
        await offices.save_responsible(person, company, responsible, form)
        return f"/directory/companies/{company}"

    crews = await offices.crews(person, company)
    return await serve_form(
        request,
        "directory/responsible_form.html",
        ResponsibleForm,
        known,
        save,
        city_code=city_code,
        company=company,
        responsible=responsible,
        choices=[(row["id"], row["name"]) for row in crews],
    )
