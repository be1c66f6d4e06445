"""Time-based one-time codes: six digits, a new code every 30 seconds (RFC 6238)."""

import hmac
import re
from datetime import datetime

import pyotp

STEP_S = 30
# Clocks differ: the previous and the next code are accepted too.
STEPS_OFF = 1
ISSUER = "Dispatch desk"
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def new_secret() -> str:
    """A new secret in base32."""
    return pyotp.random_base32()


def link(secret: str, login: str) -> str:
    """The `otpauth:` address by which an authenticator app imports the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


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
