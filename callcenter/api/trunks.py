"""Trunks: read, added, changed."""

from dataclasses import replace
from typing import Annotated, Any

from aiohttp import web
from pydantic import BeforeValidator, Field

from callcenter.api.endpoint import ApiRequest, endpoints
from callcenter.api.types import All, Id, Moment, RequestModel, ResponseModel, whole
from callcenter.domain.access import Permission, Scope
from callcenter.telephony.trunk_line import Dtmf, NumberForm, SessionTimers, Transport, TrunkLine
from callcenter.trunks.trunk import LISTS, SeenTrunk, Trunk, TrunkForm, TrunkState, checked
from callcenter.trunks.trunks import TRUNKS, TrunkRefused

READ = (Scope.TRUNKS_READ, Permission.MANAGE_TRUNKS)
WRITE = (Scope.TRUNKS_WRITE, Permission.MANAGE_TRUNKS)
OF_ROW = ("node", "position", "active")

Word = Annotated[str, Field(max_length=255, pattern=r"^[!-~]*$")]
Words = Annotated[list[Word], Field(max_length=100)]
Limited = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(whole)]


class TrunkStateModel(ResponseModel):
    """What a node sees of a trunk."""

    node: str
    state: TrunkState
    since: Moment


class TrunkModel(ResponseModel):
    """A trunk. `hosts`: where calls come from, beside the server. The password is told to nobody."""

    id: int
    name: str
    node: str | None
    position: int
    active: bool
    transport: Transport
    srtp: bool
    hosts: list[str]
    server: str
    port: int | None
    registers: bool
    login: str
    codecs: list[str]
    dtmf: Dtmf
    session_timers: SessionTimers
    dialled_number_in: list[str]
    trust_asserted_identity: bool
    send_asserted_identity: bool
    from_user: str
    from_domain: str
    number_form: NumberForm
    caller_number: str | None
    calls_out: bool
    calls_at_once: int | None
    calls_per_s: int | None
    states: list[TrunkStateModel]


class TrunkEditModel(RequestModel):
    """What is to be changed. An empty password stays as it is."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")] | None = None
    node: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!-~]+$")] | None = None
    position: Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(whole)] | None = None
    active: bool | None = None
    transport: Transport | None = None
    srtp: bool | None = None
    hosts: Words | None = None
    server: Word | None = None
    port: Annotated[int, Field(ge=1, le=65535), BeforeValidator(whole)] | None = None
    registers: bool | None = None
    login: Word | None = None
    password: Annotated[str, Field(max_length=128, pattern=r"^[!-~]*$")] | None = None
    codecs: Words | None = None
    dtmf: Dtmf | None = None
    session_timers: SessionTimers | None = None
    dialled_number_in: Words | None = None
    trust_asserted_identity: bool | None = None
    send_asserted_identity: bool | None = None
    from_user: Word | None = None
    from_domain: Word | None = None
    number_form: NumberForm | None = None
    caller_number: Annotated[str, Field(pattern=r"^\+?[0-9]{3,15}$")] | None = None
    calls_out: bool | None = None
    calls_at_once: Limited | None = None
    calls_per_s: Limited | None = None


class NewTrunkModel(TrunkEditModel):
    """A trunk to be added; what is left out is as on an empty form."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]


@endpoints.get("/trunks", *READ)
async def trunks(call: ApiRequest) -> All[TrunkModel]:
    """The trunks, in the order in which calls out try them; that of the settings is not among them."""
    seen = await call.app[TRUNKS].seen()
    return All(items=[_model(trunk, seen) for trunk in await call.app[TRUNKS].all()])


@endpoints.post("/trunks", *WRITE, status=201, problems=(409,))
async def add_trunk(call: ApiRequest, body: NewTrunkModel) -> TrunkModel:
    """Add a trunk. The nodes bring it into their Asterisks within seconds."""
    form = _form(TrunkForm(line=TrunkLine(name=body.name), node=None, position=0, active=True), body, False)
    return await _one(call, await call.app[TRUNKS].add(call.person, form, call.address))


@endpoints.patch("/trunks/{trunk_id}", *WRITE, problems=(404, 409))
async def change_trunk(call: ApiRequest, trunk_id: Id, body: TrunkEditModel) -> TrunkModel:
    """Change fields of a trunk."""
    trunk = await call.app[TRUNKS].one(trunk_id)
    if trunk is None:
        raise web.HTTPNotFound
    now = TrunkForm(line=trunk.line, node=trunk.node, position=trunk.position, active=trunk.active)
    if not await call.app[TRUNKS].change(call.person, trunk_id, _form(now, body, trunk.has_password), call.address):
        raise web.HTTPNotFound
    return await _one(call, trunk_id)


def _form(now: TrunkForm, body: TrunkEditModel, has_password: bool) -> TrunkForm:
    """With what was given. Raises `TrunkRefused` for fields that cannot be so, or not together."""
    given: dict[str, Any] = body.model_dump(exclude_unset=True)
    nullable = ("node", "port", "caller_number", "calls_at_once", "calls_per_s")
    given = {name: value for name, value in given.items() if value is not None or name in nullable}
    of_line: dict[str, Any] = {
        name: tuple(value) if name in LISTS else value for name, value in given.items() if name not in OF_ROW
    }
    line = replace(now.line, **of_line)
    if wrong := checked(line, has_password):
        raise TrunkRefused("wrong", min(wrong))
    return replace(now, line=line, **{name: given[name] for name in OF_ROW if name in given})


async def _one(call: ApiRequest, trunk_id: int) -> TrunkModel:
    trunk = await call.app[TRUNKS].one(trunk_id)
    if trunk is None:
        raise web.HTTPNotFound
    return _model(trunk, await call.app[TRUNKS].seen())


def _model(trunk: Trunk, seen: list[SeenTrunk]) -> TrunkModel:
    line = trunk.line
    of_line = {name: getattr(line, name) for name in TrunkModel.model_fields if hasattr(line, name)}
    of_line |= {name: list(of_line[name]) for name in LISTS}
    states = [TrunkStateModel.model_validate(each) for each in seen if each.trunk == line.name]
    row = {"id": trunk.id, "node": trunk.node, "position": trunk.position, "active": trunk.active}
    return TrunkModel(**of_line, **row, states=states)
