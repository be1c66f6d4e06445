"""Companies, their categories and crews, houses and flats: read only."""

from aiohttp import web
from pydantic import Field

from callcenter.api.endpoint import ApiRequest, endpoints
from callcenter.api.types import All, Id, Limit, PageModel, QueryModel, ResponseModel, page_of
from callcenter.common.scope import scoped
from callcenter.domain.access import Permission, Scope
from callcenter.storage import queries

SQL = queries("api")
READ = (Scope.DIRECTORY_READ, Permission.SEE_DIRECTORY)


class CompanyModel(ResponseModel):
    """A management company. `city_code`: of its local telephones, or empty."""

    id: int
    name: str
    zone: str
    language: str
    city_code: str


class CategoryModel(ResponseModel):
    """What a ticket may be about."""

    id: int
    company_id: int
    code: str
    class_: str = Field(serialization_alias="class")
    name_ru: str
    name_en: str
    active: bool


class CrewModel(ResponseModel):
    """Those who do the work."""

    id: int
    company_id: int
    name: str
    active: bool


class HouseModel(ResponseModel):
    """A house and the company that serves it now, if any does."""

    id: int
    company_id: int | None
    city: str
    street: str
    building: str
    entrances: int | None


class PremisesModel(ResponseModel):
    """A flat."""

    id: int
    house_id: int
    flat: str
    entrance: int | None


class OfCompany(QueryModel):
    """Which company's."""

    company_id: Id | None = None


class PageOfHouses(OfCompany):
    """Which houses."""

    cursor: Id | None = None
    limit: Limit = 50


class PageOfPremises(QueryModel):
    """Which flats."""

    cursor: Id | None = None
    limit: Limit = 50


@endpoints.get("/companies", *READ)
async def companies(call: ApiRequest) -> All[CompanyModel]:
    """The companies that this token may see."""
    async with scoped(call.pool, call.person) as connection:
        rows = await connection.fetch(SQL["companies"], call.person.company_id)
    return All(items=[CompanyModel(**row) for row in rows])


@endpoints.get("/categories", *READ)
async def categories(call: ApiRequest, query: OfCompany) -> All[CategoryModel]:
    """What tickets may be about, company by company."""
    async with scoped(call.pool, call.person) as connection:
        rows = await connection.fetch(SQL["categories"], call.person.company_id, query.company_id)
    return All(items=[CategoryModel.model_validate({**row, "class_": row["class"]}) for row in rows])


@endpoints.get("/crews", *READ)
async def crews(call: ApiRequest, query: OfCompany) -> All[CrewModel]:
    """The crews to which tickets are assigned."""
    async with scoped(call.pool, call.person) as connection:
        rows = await connection.fetch(SQL["crews"], call.person.company_id, query.company_id)
    return All(items=[CrewModel(**row) for row in rows])


@endpoints.get("/houses", *READ)
async def houses(call: ApiRequest, query: PageOfHouses) -> PageModel[HouseModel]:
    """Houses, by their ids."""
    asked = (call.person.company_id, query.company_id, query.cursor or 0, query.limit + 1)
    async with scoped(call.pool, call.person) as connection:
        rows = await connection.fetch(SQL["houses"], *asked)
    return page_of(HouseModel, rows, query.limit)


@endpoints.get("/houses/{house_id}", *READ, problems=(404,))
async def house(call: ApiRequest, house_id: Id) -> HouseModel:
    """One house."""
    async with scoped(call.pool, call.person) as connection:
        row = await connection.fetchrow(SQL["house"], call.person.company_id, house_id)
    if row is None:
        raise web.HTTPNotFound
    return HouseModel(**row)


@endpoints.get("/houses/{house_id}/premises", *READ, problems=(404,))
async def premises(call: ApiRequest, house_id: Id, query: PageOfPremises) -> PageModel[PremisesModel]:
    """The flats of a house, by their ids."""
    asked = (call.person.company_id, house_id, query.cursor or 0, query.limit + 1)
    async with scoped(call.pool, call.person) as connection:
        if await connection.fetchrow(SQL["house"], call.person.company_id, house_id) is None:
            raise web.HTTPNotFound
        rows = await connection.fetch(SQL["premises"], *asked)
    return page_of(PremisesModel, rows, query.limit)
