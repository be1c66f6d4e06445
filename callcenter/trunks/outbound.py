"""Whether an operator may call a number: pure, so that the page that says why decides as the node does."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Why a number is called, as far as the database can tell."""

    RESIDENT = "resident"
    """Has called within 30 days, has an open ticket, or is in the directory."""
    CREW = "crew"
    """A crew's telephone, or that of a responsible person."""
    ANY = "any"


class Reason(StrEnum):
    """What is decided about a call, and about each rule."""

    ALLOWED = "allowed"
    NOT_A_NUMBER = "not_a_number"
    """Not the number of a telephone in E.164."""
    NO_RULE = "no_rule"
    """No rule is for this number."""
    OPERATOR_LIMIT = "operator_limit"
    LIMIT = "limit"
    NO_TRUNK = "no_trunk"
    """Calls go out by no trunk."""
    NO_NUMBER = "no_number"
    """There is no company whose number could be shown."""


class Misfit(StrEnum):
    """Why a rule says nothing about a number."""

    OFF = "off"
    PREFIX = "prefix"
    PURPOSE = "purpose"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleForm:
    """Numbers that begin with `prefix` (`+` for all) may be called for this purpose, so often within an hour; None: always."""

    purpose: Purpose
    prefix: str
    per_operator_hour: int | None
    per_hour: int | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRule(RuleForm):
    """A rule that is kept."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """How often calls went out by a rule within the last hour."""

    by_operator: int = 0
    by_all: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about a number. `shown`: the company's number to show, None when there is none.

    `uses`: by the rule's id; what is missing was not used.
    """

    number: str
    purposes: frozenset[Purpose]
    shown: str | None
    trunk: bool
    uses: dict[int, RuleUse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule says about the number: a misfit, or one of the reasons."""

    rule: OutboundRule
    says: Misfit | Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision, the rule behind it (of a limit: the first whose limit is reached), and what each rule says."""

    reason: Reason
    rule: OutboundRule | None
    findings: tuple[Finding, ...]

    @property
    def allowed(self) -> bool:
        """Whether the call may go out."""
        return self.reason is Reason.ALLOWED


def decide(rules: Sequence[OutboundRule], facts: Facts) -> Verdict:
    """Whether one of the rules allows it; what none allows is refused."""
    findings = tuple(Finding(rule=rule, says=_say(rule, facts)) for rule in rules)
    if not facts.number.startswith("+"):
        return Verdict(reason=Reason.NOT_A_NUMBER, rule=None, findings=findings)
    decisive = sorted(
        (each for each in findings if isinstance(each.says, Reason)), key=lambda each: each.says is not Reason.ALLOWED
    )
    if not decisive:
        return Verdict(reason=Reason.NO_RULE, rule=None, findings=findings)
    first = decisive[0]
    reason = Reason(first.says)
    if reason is Reason.ALLOWED and not facts.trunk:
        reason = Reason.NO_TRUNK
    elif reason is Reason.ALLOWED and facts.shown is None:
        reason = Reason.NO_NUMBER
    return Verdict(reason=reason, rule=first.rule, findings=findings)


def _say(rule: OutboundRule, facts: Facts) -> Misfit | Reason:
    if not rule.active:
        return Misfit.OFF
    if not facts.number.startswith(rule.prefix):
        return Misfit.PREFIX
    if rule.purpose not in facts.purposes | {Purpose.ANY}:
        return Misfit.PURPOSE
    use = facts.uses.get(rule.id, RuleUse())
    if rule.per_operator_hour is not None and use.by_operator >= rule.per_operator_hour:
        return Reason.OPERATOR_LIMIT
    if rule.per_hour is not None and use.by_all >= rule.per_hour:
        return Reason.LIMIT
    return Reason.ALLOWED
