import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import segno

from callcenter.people.second_factor import STEP_S, link, new_secret, qr_code, step_of

# RFC 6238, appendix B: the last six digits of those eight.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(seconds: int, code: str):
    assert step_of(RFC_SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // STEP_S


def test_a_clock_may_be_one_step_off_and_no_more():
    at = datetime.fromtimestamp(1111111109, UTC)
    step = 1111111109 // STEP_S
    for off, right in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = step_of(RFC_SECRET, "081804", at + timedelta(seconds=STEP_S * off))
        assert found == (step if right else None), off


def test_a_step_that_was_taken_is_not_taken_again():
    at, step = datetime.fromtimestamp(1111111109, UTC), 1111111109 // STEP_S
    assert step_of(RFC_SECRET, "081804", at, step - 1) == step
    assert step_of(RFC_SECRET, "081804", at, step) is None
    assert step_of(RFC_SECRET, "081804", at, step + 1) is None


@pytest.mark.parametrize("code", ["", "08180", "0818044", "08180a", "٠٨١٨٠٤", "081-804", "\0"])
def test_what_is_no_code_is_none(code: str):
    assert step_of(RFC_SECRET, code, datetime.fromtimestamp(1111111109, UTC)) is None


def test_blanks_do_not_matter():
    assert step_of(RFC_SECRET, " 081 804\n", datetime.fromtimestamp(1111111109, UTC)) is not None


def test_the_link_names_the_login_and_the_secret():
    secret = new_secret()
    parts = urlsplit(link(secret, "anna"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path.endswith("anna")
    assert parse_qs(parts.query)["secret"] == [secret]
    assert secret != new_secret()


def drawn(svg: str) -> set[tuple[int, int]]:
    """The dark squares of the picture, as column and row: of its path, a stroke of one square's height."""
    [path] = re.findall(r'<path[^>]*stroke="#000"[^>]*\bd="([^"]+)"', svg) or re.findall(
        r'<path[^>]*\bd="([^"]+)"[^>]*stroke="#000"', svg
    )
    squares: set[tuple[int, int]] = set()
    x = y = 0.0
    for step, first, second in re.findall(r"([Mmh])(-?[0-9.]+)(?:[ ,]?(-?[0-9.]+))?", path):
        if step == "h":
            squares |= {(int(column), int(y)) for column in range(int(x), int(x + float(first)))}
            x += float(first)
        else:
            x, y = (float(first), float(second)) if step == "M" else (x + float(first), y + float(second))
    return squares


def test_the_picture_is_the_link_as_a_qr_code_with_its_quiet_zone():
    secret = new_secret()
    picture, other = qr_code(link(secret, "anna")), qr_code(link(new_secret(), "anna"))
    rows = segno.make(link(secret, "anna"), error="m").matrix
    quiet = 4
    assert drawn(picture) == {
        (x + quiet, y + quiet) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    }
    assert drawn(picture) != drawn(other)
    assert f'viewBox="0 0 {len(rows) + 2 * quiet} {len(rows) + 2 * quiet}"' in picture
