"""Telephone numbers in one form, so that a caller is found however the telephone company writes them."""

import phonenumbers

# Numbers without a country code are of this country: 8 916 … and 916 … are +7 916 ….
HOME_REGION = "RU"


def e164(number: str) -> str:
    """`+79161234567` for anything that can be such a number; otherwise the digits as they came, never an error."""
    try:
        parsed = phonenumbers.parse(number, HOME_REGION)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def local(number: str) -> str:
    """A number in E.164 as people here write it: `8 (916) 123-45-67`, with a country code when it is foreign."""
    try:
        parsed = phonenumbers.parse(number, HOME_REGION)
    except phonenumbers.NumberParseException:
        return number
    home = parsed.country_code == phonenumbers.country_code_for_region(HOME_REGION)
    styles = phonenumbers.PhoneNumberFormat
    written = phonenumbers.format_number(parsed, styles.NATIONAL if home else styles.INTERNATIONAL)
    return written if e164(written) == number else number
