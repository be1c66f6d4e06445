"""The details of an entry of the audit log, in words."""

from collections.abc import Mapping
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from callcenter.domain.audit import AuditAction
from callcenter.people.audit_log import AuditEntry, Names
from callcenter.web.browsers import browser_name
from callcenter.web.formats import Translator
from callcenter.web.labels import REGISTERED

ENUMERATIONS = {
    "role": "Role",
    "reason": "ListeningReason",
    "state": "OperatorStatus",
    "party": "RecipientParty",
    "way": "NoticeWay",
    "purpose": "Purpose",
}
"""Details whose values have labels, by the name of the enumeration."""


def words(entry: AuditEntry, language: str, names: Names) -> list[tuple[str, str]]:
    """Each detail's name and value; `before → after` for a change."""
    known = detail_names(language)
    changed = entry.action in (AuditAction.CHANGED_PERSON, AuditAction.CHANGED_KEEPING)
    found = []
    for key, value in entry.details.items():
        if changed and isinstance(value, list) and len(value) == 2:
            shown = " → ".join(_value(key, each, language, names) for each in value)
        elif isinstance(value, list):
            shown = ", ".join(_value(key, each, language, names) for each in value)
        else:
            shown = _value(key, value, language, names)
        found.append((known.get(key, key), shown))
    return found


def detail_names(language: str) -> dict[str, str]:
    """What each detail is called; a test finds one that the code writes and that has no name here."""
    t = Translator(language)
    return {
        "active": t.pgettext("audit", "in use"),
        "browser": t.pgettext("audit", "browser"),
        "audit months": t.pgettext("audit", "months of the audit log"),
        "by": t.pgettext("audit", "by"),
        "call": t.pgettext("audit", "call"),
        "calls months": t.pgettext("audit", "months of calls"),
        "company_id": t.pgettext("audit", "company"),
        "crew": t.pgettext("audit", "crew"),
        "crew_id": t.pgettext("audit", "crew"),
        "delivery": t.pgettext("audit", "message No."),
        "extension": t.pgettext("audit", "short number"),
        "file": t.pgettext("audit", "file"),
        "first": t.pgettext("audit", "from"),
        "flats added": t.pgettext("audit", "flats added"),
        "flats changed": t.pgettext("audit", "flats changed"),
        "format": t.pgettext("audit", "file format"),
        "found": t.pgettext("audit", "residents found"),
        "gone": t.pgettext("audit", "merged in: No."),
        "hold": t.pgettext("audit", "legal hold No."),
        "houses added": t.pgettext("audit", "houses added"),
        "houses changed": t.pgettext("audit", "houses changed"),
        "into": t.pgettext("audit", "into: No."),
        "kind": t.pgettext("audit", "file format"),
        "last": t.pgettext("audit", "until"),
        "left out": t.pgettext("audit", "lines left out"),
        "links months": t.pgettext("audit", "months of links"),
        "lines": t.pgettext("audit", "lines"),
        "link": t.pgettext("audit", "link No."),
        "login": t.pgettext("audit", "login"),
        "n": t.pgettext("audit", "how many"),
        "name": t.pgettext("audit", "name"),
        "notice": t.pgettext("audit", "message No."),
        "pack": t.pgettext("audit", "pack No."),
        "party": t.pgettext("audit", "whose"),
        "per_hour": t.pgettext("audit", "calls an hour"),
        "per_operator_hour": t.pgettext("audit", "calls an hour by one operator"),
        "phones added": t.pgettext("audit", "telephones added"),
        "pin": t.pgettext("audit", "with a PIN"),
        "prefix": t.pgettext("audit", "numbers beginning with"),
        "purpose": t.pgettext("audit", "purpose"),
        "reason": t.pgettext("audit", "reason"),
        "recording": t.pgettext("audit", "recording No."),
        "recordings": t.pgettext("audit", "recordings No."),
        "residents added": t.pgettext("audit", "residents added"),
        "residents changed": t.pgettext("audit", "residents changed"),
        "residents months": t.pgettext("audit", "months of residents who moved out"),
        "residents moved out": t.pgettext("audit", "residents moved out"),
        "role": t.pgettext("audit", "role"),
        "scopes": t.pgettext("audit", "may"),
        "score": t.pgettext("audit", "score, %"),
        "state": t.pgettext("audit", "state"),
        "telephone": t.pgettext("audit", "account of the telephone"),
        "tickets months": t.pgettext("audit", "months of tickets"),
        "tickets": t.pgettext("audit", "tickets"),
        "trunk": t.pgettext("audit", "trunk"),
        "way": t.pgettext("audit", "reached by"),
        "works": t.pgettext("audit", "planned works"),
        "wrong": t.pgettext("audit", "what was wrong"),
    }


def _value(key: str, value: object, language: str, names: Names) -> str:
    t = Translator(language)
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return t.pgettext("audit", "yes") if value else t.pgettext("audit", "no")
    if isinstance(value, float):
        return format_decimal(value, locale=language)
    text = str(value)
    match key:
        case "browser":
            return browser_name(text)
        case "company_id":
            return names.companies.get(text, text)
        case "crew" | "crew_id":
            return names.crews.get(text, text)
        case "first" | "last":
            return format_date(date.fromisoformat(text), locale=language)
        case "wrong" | "by":
            return _codes(t).get(text, text)
    return _labels(ENUMERATIONS.get(key, ""), language).get(text, text)


def _codes(t: Translator) -> Mapping[str, str]:
    return {
        "login": t.pgettext("audit", "login"),
        "password": t.pgettext("audit", "password"),
        "code": t.pgettext("audit", "code"),
        "recovery code": t.pgettext("audit", "recovery code"),
        "command line": t.pgettext("audit", "a command on the server"),
    }


def _labels(enumeration: str, language: str) -> Mapping[str, str]:
    found = next((of(language) for known, of in REGISTERED.items() if known.__name__ == enumeration), {})
    return {str(member): text for member, text in found.items()}
