"""Time-based one-time codes: six digits, a new code every 30 seconds (RFC 6238); and recovery codes, each taken once."""

import hmac
import re
import secrets
from datetime import datetime

import pyotp
import segno

STEP_S = 30
# Clocks differ: the previous and the next code are accepted too.
STEPS_OFF = 1
ISSUER = "Dispatch desk"
_CODE = re.compile(r"[0-9]{6}", re.ASCII)
RECOVERY_CODES = 10
# Nearly 80 bits in 16 of them, so that the plain hash of a code cannot be turned back. None is taken for another one.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_CODE = re.compile(rf"[{_LETTERS}]{{16}}", re.ASCII)


def new_secret() -> str:
    """A new secret in base32."""
    return pyotp.random_base32()


def link(secret: str, login: str) -> str:
    """The `otpauth:` address by which an authenticator app imports the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def qr_code(address: str) -> str:
    """The address as a QR code, an `svg` element to be put into a page. Black on white in any theme, for cameras."""
    return segno.make(address, error="m").svg_inline(dark="#000", light="#fff", border=4, omitsize=True, svgclass="qr")


def new_recovery_codes() -> list[str]:
    """New recovery codes, in groups as they are shown."""
    codes = ("".join(secrets.choice(_LETTERS) for _ in range(16)) for _ in range(RECOVERY_CODES))
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]


def is_recovery_code(typed: str) -> bool:
    """Whether a recovery code was typed, of whoever."""
    return _RECOVERY_CODE.fullmatch(without_groups(typed)) is not None


def without_groups(code: str) -> str:
    """A recovery code as it is hashed, however it was typed."""
    return re.sub(r"[\s-]", "", code).lower()


def step_of(secret: str, code: str, at: datetime, taken: int | None = None) -> int | None:
    """The time step of this code; None when it is not a current code, or not later than the step last `taken`."""
    digits = re.sub(r"\s", "", code)
    if not _CODE.fullmatch(digits):
        return None
    totp, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP_S
    for step in range(now - STEPS_OFF, now + STEPS_OFF + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits) and (taken is None or step > taken):
            return step
    return None
