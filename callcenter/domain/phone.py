"""Telephone numbers in one form, so that a caller is found however the telephone company writes them.

The rules are a list of patterns that the dialplan goes through as well: what a caller is called on Asterisk's disk is
what the database calls them. A caller's number is brought into the form and never refused; what is typed into the
directory must be the number of a telephone that can exist.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers

_EXTENSION = re.compile(r"[#;,*]|доб|ext|вн|[xх]", re.IGNORECASE)
_BETWEEN = re.compile(r"(?i:^(?:tel|тел)[:.]?)|[\s().\-–—‑−~/]")
_NUMBER = re.compile(r"\+?[0-9]+")
# What is dialled before a national number, somewhere.
_TRUNKS = ("80", "06", "01", "8", "0", "1")
SHORTEST = 5
# Five digits of a small town to seven of a large one.
_LOCAL = re.compile(r"[0-9]{5,7}")


class PhoneFault(StrEnum):
    """Why what was typed is the number of no telephone."""

    NOT_A_NUMBER = "not a number"
    NO_CODE = "no code"
    NO_SUCH_NUMBER = "no such number"


@dataclass(frozen=True, slots=True)
class Rule:
    """Digits that match `pattern` (POSIX, whole) are a number: `prefix` and what follows the first `cut` of them.

    `plus`: only for numbers that came with a plus, or without one; None for both.
    """

    pattern: str
    prefix: str
    cut: int = 0
    plus: bool | None = None


class _Home:
    country = "RU"


def set_country(country: str) -> None:
    """Numbers without a country code are of this country from now on; set once, when a program starts."""
    rules(country)
    _Home.country = country


def country_code(country: str) -> str:
    """What follows the plus, `7`."""
    return str(phonenumbers.country_code_for_region(country))


def prefixes(country: str) -> tuple[str, str]:
    """What people of the country dial before its own numbers and before those of others: `8`, `810`; may be empty."""
    plan = _plan(country)
    abroad = (plan.preferred_international_prefix or plan.international_prefix or "").replace("~", "")
    return plan.national_prefix or "", abroad if abroad.isdigit() else "00"


@lru_cache
def rules(country: str) -> tuple[Rule, ...]:
    """The rules of a country, the first that matches holds. Raises `ValueError` when there is no such country."""
    plan, code = _plan(country), country_code(country)
    trunks = [each for each in _TRUNKS if re.fullmatch(plan.national_prefix_for_parsing or "", each) and each != code]
    # Countries that share a code dial each other without it.
    shared = _plan(phonenumbers.region_code_for_country_code(int(code)))
    national = f"({'|'.join(dict.fromkeys(_national(each) for each in (plan, shared)))})"
    abroad = (plan.preferred_international_prefix or plan.international_prefix or "").replace("~", "")
    exits = dict.fromkeys(each for each in (abroad, "00") if each.isdigit())
    found = [Rule(f"{each}[1-9][0-9]{{8,14}}", "+", len(each)) for each in exits]
    # With a plus too: some telephone companies put it before a national number.
    found += [Rule(each + national, f"+{code}", len(each)) for each in trunks]
    found.append(Rule(code + national, "+"))
    found += [Rule(code + each + national, f"+{code}", len(code + each)) for each in trunks]
    found.append(Rule("[0-9]+", "+", plus=True))
    found.append(Rule(national, f"+{code}", plus=False))
    # Of another country, without its plus. As long as one of ours with a wrong code it is none.
    first = "".join(digit for digit in "123456789" if not any(each.startswith(digit) for each in trunks))
    found.append(Rule(f"([{first}][0-9]{{10}}|[1-9][0-9]{{11,14}})", "+", plus=False))
    return tuple(found)


def _plan(country: str) -> phonenumbers.PhoneMetadata:
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if plan is None:
        raise ValueError(f"{country} is no country with telephone numbers")
    return plan


def _national(plan: phonenumbers.PhoneMetadata) -> str:
    """The country's numbers without their code, as a POSIX pattern."""
    pattern = plan.general_desc.national_number_pattern if plan.general_desc else None
    return (pattern or "").replace("(?:", "(").replace(r"\d", "[0-9]")


@lru_cache
def _compiled(country: str) -> tuple[tuple[Rule, re.Pattern[str]], ...]:
    return tuple((rule, re.compile(rule.pattern)) for rule in rules(country))


def e164(text: str, country: str | None = None) -> str:
    """`+79161234567` for anything that can be such a number; otherwise what came, never an error.

    `country`: of numbers without a country code, the centre's own unless told.
    """
    number = _tidy(text)
    if not _NUMBER.fullmatch(number):
        return text
    plus, digits = number[0] == "+", number.lstrip("+")
    for rule, pattern in _compiled(country or _Home.country):
        if rule.plus in (None, plus) and pattern.fullmatch(digits):
            return rule.prefix + digits[rule.cut :]
    return number


def home_country() -> str:
    """The country of numbers without a country code."""
    return _Home.country


def existing(text: str, country: str | None = None, city_code: str = "") -> str | PhoneFault:
    """The number in E.164 if there can be such a telephone by its country's plan, otherwise why not.

    `city_code` is put before a number that lacks one.
    """
    number = _tidy(text)
    if not _NUMBER.fullmatch(number) or len(number) < SHORTEST:
        return PhoneFault.NOT_A_NUMBER
    if city_code and _LOCAL.fullmatch(number):
        number = f"+{country_code(country or _Home.country)}{city_code}{number}"
    try:
        parsed = phonenumbers.parse(e164(number, country))
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is not None and phonenumbers.is_valid_number(parsed):
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return PhoneFault.NO_CODE if _LOCAL.fullmatch(number) else PhoneFault.NO_SUCH_NUMBER


def spellings(number: str) -> list[str]:
    """What people dial for a number, itself first: without its country code, with what is dialled before it, with a plus."""
    code, rest = country_code(_Home.country), national(number)
    dialled = (number, f"+{number}", f"{code}{rest}", f"+{code}{rest}", rest, *(each + rest for each in _TRUNKS))
    return [each for each in dict.fromkeys(dialled) if e164(each) == e164(number)]


def national(number: str) -> str:
    """The digits of a number without what may or may not stand before them: the end by which it is looked for."""
    code = country_code(_Home.country)
    found = e164(number)
    return found[1:].removeprefix(code) if found.startswith(f"+{code}") else re.sub(r"[^0-9]", "", found)


def local(number: str) -> str:
    """A number in E.164 as people here write it: `8 (916) 123-45-67`, with a country code when it is foreign."""
    try:
        parsed = phonenumbers.parse(number, _Home.country)
    except phonenumbers.NumberParseException:
        return number
    home = parsed.country_code == phonenumbers.country_code_for_region(_Home.country)
    styles = phonenumbers.PhoneNumberFormat
    written = phonenumbers.format_number(parsed, styles.NATIONAL if home else styles.INTERNATIONAL)
    return written if e164(written) == number else number


def _tidy(text: str) -> str:
    """It without its extension and what stands between digits, in plain digits."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text.strip()))
    return _EXTENSION.split(plain.removeprefix("#"), maxsplit=1)[0]
