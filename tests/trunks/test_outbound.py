"""What may be called, by which rule, and what is said of each."""

import pytest

from callcenter.trunks.outbound import Facts, Misfit, OutboundRule, Purpose, Reason, RuleUse, decide


def rule(number: int = 1, purpose: Purpose = Purpose.ANY, prefix: str = "+7", **more: object) -> OutboundRule:
    known: dict[str, object] = {"per_operator_hour": None, "per_hour": None, "active": True}
    return OutboundRule(id=number, purpose=purpose, prefix=prefix, **(known | more))  # type: ignore[arg-type]


def facts(number: str = "+79160000001", *purposes: Purpose, **more: object) -> Facts:
    known: dict[str, object] = {"shown": "74951234567", "trunk": True, "uses": {}}
    return Facts(number=number, purposes=frozenset(purposes), **(known | more))  # type: ignore[arg-type]


def test_what_no_rule_allows_is_refused() -> None:
    assert decide([], facts()).reason is Reason.NO_RULE
    verdict = decide([rule(prefix="+7495"), rule(2, active=False), rule(3, Purpose.CREW)], facts())
    assert verdict.reason is Reason.NO_RULE
    assert [each.says for each in verdict.findings] == [Misfit.PREFIX, Misfit.OFF, Misfit.PURPOSE]


@pytest.mark.parametrize("purpose", [Purpose.RESIDENT, Purpose.CREW])
def test_a_rule_for_somebody_is_for_them_alone(purpose: Purpose) -> None:
    assert decide([rule(purpose=purpose)], facts("+79160000001", purpose)).allowed
    assert not decide([rule(purpose=purpose)], facts()).allowed


def test_a_rule_without_digits_is_for_every_number() -> None:
    assert decide([rule(prefix="+")], facts("+4930123456")).allowed
    assert decide([rule(prefix="+7")], facts("+4930123456")).reason is Reason.NO_RULE


@pytest.mark.parametrize("number", ["", "0511", "89161234567", "112"])
def test_what_is_no_number_is_called_by_no_rule(number: str) -> None:
    assert decide([rule(prefix="+")], facts(number)).reason is Reason.NOT_A_NUMBER


def test_limits_are_of_the_hour_of_one_operator_and_of_all() -> None:
    limited = rule(per_operator_hour=2, per_hour=5)
    for by_operator, by_all, reason in (
        (1, 4, Reason.ALLOWED),
        (2, 4, Reason.OPERATOR_LIMIT),
        (0, 5, Reason.LIMIT),
    ):
        uses = {1: RuleUse(by_operator=by_operator, by_all=by_all)}
        assert decide([limited], facts(uses=uses)).reason is reason
    assert decide([rule(per_hour=0)], facts()).reason is Reason.LIMIT


def test_one_rule_that_allows_is_enough_and_is_named() -> None:
    full = rule(1, per_hour=0)
    verdict = decide([full, rule(2)], facts())
    assert (verdict.reason, verdict.rule) == (Reason.ALLOWED, rule(2))
    assert decide([full, rule(2, prefix="+7495")], facts()).rule == full


def test_without_a_trunk_or_a_number_to_show_nothing_goes_out() -> None:
    assert decide([rule()], facts(trunk=False)).reason is Reason.NO_TRUNK
    assert decide([rule()], facts(shown=None)).reason is Reason.NO_NUMBER
