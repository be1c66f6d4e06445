"""Rules of calls out: read, added, changed; and whether a telephone may call a number."""

from dataclasses import asdict, replace
from typing import Annotated

from aiohttp import web
from pydantic import BeforeValidator, Field

from callcenter.api.endpoint import ApiRequest, endpoints
from callcenter.api.trunks import READ, WRITE
from callcenter.api.types import All, Id, QueryModel, RequestModel, ResponseModel, Telephone, whole
from callcenter.trunks.outbound import Misfit, OutboundRule, Purpose, Reason, RuleForm
from callcenter.trunks.rules import LARGEST, PREFIX, RULES

Prefix = Annotated[str, Field(pattern=f"^{PREFIX}$", description="+7495, or + for every number")]
CallsAnHour = Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(whole)]


class OutboundRuleModel(ResponseModel):
    """Numbers that begin with the prefix may be called for this purpose, so often in an hour; null: any number of times."""

    id: int
    purpose: Purpose
    prefix: str
    per_operator_hour: int | None
    per_hour: int | None
    active: bool


class OutboundRuleEditModel(RequestModel):
    """What is to be changed. A limit that is null is none."""

    purpose: Purpose | None = None
    prefix: Prefix | None = None
    per_operator_hour: CallsAnHour | None = None
    per_hour: CallsAnHour | None = None
    active: bool | None = None


class NewOutboundRuleModel(RequestModel):
    """A rule to be added. A limit that is null, or left out, is none."""

    purpose: Purpose
    prefix: Prefix
    per_operator_hour: CallsAnHour | None = None
    per_hour: CallsAnHour | None = None
    active: bool = True


class CallQuestion(QueryModel):
    """Who wants to call whom: the account of a telephone, and a number in E.164."""

    telephone: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    number: Telephone


class RuleFindingModel(ResponseModel):
    """What one rule says about the number."""

    rule_id: int
    purpose: Purpose
    prefix: str
    says: Misfit | Reason


class CallAnswer(ResponseModel):
    """Whether the call may go out now, by which rule, and what each says. `shown`: the number that it would show."""

    allowed: bool
    reason: Reason
    rule_id: int | None
    shown: str | None
    findings: list[RuleFindingModel]


@endpoints.get("/outbound-rules", *READ)
async def outbound_rules(call: ApiRequest) -> All[OutboundRuleModel]:
    """The rules of calls out. What none of them allows is called by nobody."""
    return All(items=[OutboundRuleModel.model_validate(rule) for rule in await call.app[RULES].all()])


@endpoints.post("/outbound-rules", *WRITE, status=201)
async def add_outbound_rule(call: ApiRequest, body: NewOutboundRuleModel) -> OutboundRuleModel:
    """Add a rule. It holds from the next call on."""
    form = RuleForm(**body.model_dump())
    added = await call.app[RULES].add(call.person, form, call.address)
    return OutboundRuleModel.model_validate(OutboundRule(id=added, **asdict(form)))


@endpoints.patch("/outbound-rules/{rule_id}", *WRITE, problems=(404,))
async def change_outbound_rule(call: ApiRequest, rule_id: Id, body: OutboundRuleEditModel) -> OutboundRuleModel:
    """Change fields of a rule; one that is not active allows nothing."""
    rules = call.app[RULES]
    rule = next((each for each in await rules.all() if each.id == rule_id), None)
    if rule is None:
        raise web.HTTPNotFound
    given = body.model_dump(exclude_unset=True)
    nullable = ("per_operator_hour", "per_hour")
    changed = replace(rule, **{name: value for name, value in given.items() if value is not None or name in nullable})
    if not await rules.change(call.person, rule_id, changed, call.address):
        raise web.HTTPNotFound
    return OutboundRuleModel.model_validate(changed)


@endpoints.get("/call-permission", *READ, problems=(404,))
async def call_permission(call: ApiRequest, query: CallQuestion) -> CallAnswer:
    """Whether a telephone may call a number now, and why. Asking counts nothing."""
    rules = call.app[RULES]
    caller = next((each for each in await rules.callers() if each.endpoint == query.telephone), None)
    if caller is None:
        raise web.HTTPNotFound
    verdict, shown = await rules.why(caller.id, query.number)
    findings = [
        RuleFindingModel(rule_id=each.rule.id, purpose=each.rule.purpose, prefix=each.rule.prefix, says=each.says)
        for each in verdict.findings
    ]
    return CallAnswer(
        allowed=verdict.allowed,
        reason=verdict.reason,
        rule_id=None if verdict.rule is None else verdict.rule.id,
        shown=shown or None,
        findings=findings,
    )
