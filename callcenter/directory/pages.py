"""The directory: search, houses, flats, residents."""

import asyncpg
from aiohttp import web

from callcenter.directory.book import DIRECTORY_BOOK, FLATS_SHOWN, InUse
from callcenter.directory.form_pages import known_of, number_in, serve_form, there
from callcenter.directory.forms import HouseForm, PremisesForm, ResidentForm
from callcenter.directory.happened import happened
from callcenter.directory.offices import OFFICES
from callcenter.domain.access import Permission
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON
from callcenter.web.labels import ticket_states
from callcenter.web.language import language_of
from callcenter.web.render import render, telephone

routes = web.RouteTableDef()


@routes.get("/directory")
@needs(Permission.SEE_DIRECTORY)
async def search(request: web.Request) -> web.Response:
    """Find houses and residents; without a question, the first houses."""
    query = request.query.get("q", "").strip()[:200]
    found = await request.app[DIRECTORY_BOOK].search(request[PERSON], query)
    return render(request, "directory/search.html", query=query, found=found)


@routes.get("/directory/houses/new")
@routes.post("/directory/houses/new")
@needs(Permission.EDIT_DIRECTORY)
async def add_house(request: web.Request) -> web.Response:
    return await _house_form(request, None, {})


@routes.get(r"/directory/houses/{id:\d{1,9}}")
@needs(Permission.SEE_DIRECTORY)
async def house(request: web.Request) -> web.Response:
    """A house with its flats and residents."""
    book, person = request.app[DIRECTORY_BOOK], request[PERSON]
    row = there(await book.house(person, number_in(request)))
    part = request.query.get("q", "").strip()[:100]
    flats, history = await book.residents_of(person, row["id"], part)
    return render(
        request,
        "directory/house.html",
        house=row,
        flats=flats,
        history=history,
        part=part,
        cut=len(flats) == FLATS_SHOWN,
        happened=await happened(request, row["id"]),
        states=ticket_states(language_of(request)),
    )


@routes.get(r"/directory/houses/{id:\d{1,9}}/edit")
@routes.post(r"/directory/houses/{id:\d{1,9}}/edit")
@needs(Permission.EDIT_DIRECTORY)
async def edit_house(request: web.Request) -> web.Response:
    row = there(await request.app[DIRECTORY_BOOK].house(request[PERSON], number_in(request)))
    known = known_of(row, "city street building entrances key company_id notes")
    return await _house_form(request, row["id"], known)


async def _house_form(request: web.Request, house: int | None, known: dict[str, object]) -> web.Response:
    async def save(form: HouseForm) -> str:
        saved = await request.app[DIRECTORY_BOOK].save_house(request[PERSON], house, form)
        return f"/directory/houses/{saved}"

    choices = [(row["id"], row["name"]) for row in await request.app[OFFICES].companies(request[PERSON])]
    return await serve_form(request, "directory/house_form.html", HouseForm, known, save, choices=choices, house=house)


@routes.get(r"/directory/houses/{id:\d{1,9}}/flats/new")
@routes.post(r"/directory/houses/{id:\d{1,9}}/flats/new")
@needs(Permission.EDIT_DIRECTORY)
async def add_flat(request: web.Request) -> web.Response:
    row = there(await request.app[DIRECTORY_BOOK].house(request[PERSON], number_in(request)))
    address = f"{row['city']}, {row['street']}, {row['building']}"
    return await _flat_form(request, row["id"], None, {}, address)


@routes.get(r"/directory/flats/{id:\d{1,9}}")
@needs(Permission.SEE_DIRECTORY)
async def flat(request: web.Request) -> web.Response:
    """A flat with its residents, and what happened there."""
    book, person = request.app[DIRECTORY_BOOK], request[PERSON]
    row = there(await book.premises(person, number_in(request)))
    return render(
        request,
        "directory/flat.html",
        flat=row,
        residents=await book.neighbours(person, row["id"]),
        happened=await happened(request, row["house_id"], row["id"]),
        states=ticket_states(language_of(request)),
    )


@routes.get(r"/directory/flats/{id:\d{1,9}}/edit")
@routes.post(r"/directory/flats/{id:\d{1,9}}/edit")
@needs(Permission.EDIT_DIRECTORY)
async def edit_flat(request: web.Request) -> web.Response:
    row = there(await request.app[DIRECTORY_BOOK].premises(request[PERSON], number_in(request)))
    known = known_of(row, "flat entrance")
    return await _flat_form(request, row["house_id"], row["id"], known, row["address"])


async def _flat_form(
    request: web.Request, house: int, premises: int | None, known: dict[str, object], address: str
) -> web.Response:
    book, person = request.app[DIRECTORY_BOOK], request[PERSON]

    async def save(form: PremisesForm) -> str:
        saved = await book.save_premises(person, house, premises, form)
        return f"/directory/flats/{saved}"

    return await serve_form(
        request,
        "directory/flat_form.html",
        PremisesForm,
        known,
        save,
        house=house,
        premises=premises,
        address=address,
    )


@routes.get(r"/directory/flats/{id:\d{1,9}}/residents/new")
@routes.post(r"/directory/flats/{id:\d{1,9}}/residents/new")
@needs(Permission.EDIT_DIRECTORY)
async def add_resident(request: web.Request) -> web.Response:
    flat = there(await request.app[DIRECTORY_BOOK].premises(request[PERSON], number_in(request)))
    return await _resident_form(request, flat, flat["id"], None, {})


@routes.get(r"/directory/residents/{id:\d{1,9}}")
@needs(Permission.SEE_DIRECTORY)
async def resident(request: web.Request) -> web.Response:
    row = there(await request.app[DIRECTORY_BOOK].resident(request[PERSON], number_in(request)))
    return await _resident_page(request, row)


async def _resident_page(request: web.Request, row: asyncpg.Record, status: int = 200) -> web.Response:
    """409: calls or tickets name the resident, who was to be removed."""
    return render(
        request,
        "directory/resident.html",
        status,
        resident=row,
        in_use=status == 409,
        happened=await happened(request, row["house_id"], row["premises_id"], row["id"]),
        states=ticket_states(language_of(request)),
    )


@routes.get(r"/directory/residents/{id:\d{1,9}}/edit")
@routes.post(r"/directory/residents/{id:\d{1,9}}/edit")
@needs(Permission.EDIT_DIRECTORY)
async def edit_resident(request: web.Request) -> web.Response:
    row = there(await request.app[DIRECTORY_BOOK].resident(request[PERSON], number_in(request)))
    phones = "\n".join(telephone(phone) for phone in row["phones"])
    known = known_of(row, "name account", phones=phones)
    return await _resident_form(request, row, row["premises_id"], row["id"], known)


@routes.post(r"/directory/residents/{id:\d{1,9}}/remove")
@needs(Permission.EDIT_DIRECTORY)
async def remove_resident(request: web.Request) -> web.Response:
    """Remove a resident to whom no call or ticket refers."""
    book, person = request.app[DIRECTORY_BOOK], request[PERSON]
    row = there(await book.resident(person, number_in(request)))
    try:
        await book.remove_resident(person, row["id"])
    except InUse:
        return await _resident_page(request, row, 409)
    raise web.HTTPSeeOther(f"/directory/houses/{row['house_id']}")


@routes.post(r"/directory/residents/{id:\d{1,9}}/{where:out|back}")
@needs(Permission.EDIT_DIRECTORY)
async def move_resident(request: web.Request) -> web.Response:
    """Note that a resident moved out, or lives there after all."""
    book, person = request.app[DIRECTORY_BOOK], request[PERSON]
    row = there(await book.resident(person, number_in(request)))
    await book.move_out(person, row["id"], gone=request.match_info["where"] == "out")
    raise web.HTTPSeeOther(f"/directory/residents/{row['id']}")


async def _resident_form(
    request: web.Request, place: asyncpg.Record, premises: int, resident: int | None, known: dict[str, object]
) -> web.Response:
    """`place`: a row with the flat, its address and its company's city code."""

    async def save(form: ResidentForm) -> str:
        saved = await request.app[DIRECTORY_BOOK].save_resident(request[PERSON], premises, resident, form)
        return f"/directory/residents/{saved}"

    return await serve_form(
        request,
        "directory/resident_form.html",
        ResidentForm,
        known,
        save,
        resident=resident,
        city_code=place["city_code"],
        premises=premises,
        address=place["address"],
        flat=place["flat"],
    )
