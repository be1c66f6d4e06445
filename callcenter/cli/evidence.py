"""`callcenter check-custody-chain` says whether the custody chains are whole; `callcenter evidence-key` prints the
fingerprint by which our packs are recognised.
"""

import asyncpg

from callcenter.errors import SettingsError
from callcenter.evidence.manifest import fingerprint, key_of
from callcenter.evidence_packs.chain_check import problems
from callcenter.settings import EvidenceSettings


async def check_custody_chain(connection: asyncpg.Connection) -> int:
    """Print what is wrong with the custody chains. Returns 0 when they are whole, otherwise 1."""
    wrong = 0
    async for line in problems(connection):
        wrong += 1
        print(line)
    print(f"{wrong} places where a custody chain was altered" if wrong else "the custody chains are whole")
    return 1 if wrong else 0


def tell_key(settings: EvidenceSettings) -> int:
    """Print the fingerprint. Raises `SettingsError` when there is no key."""
    if settings.key is None:
        raise SettingsError("CALLCENTER_EVIDENCE__KEY is not set; make one with `openssl rand -hex 32`")
    print(fingerprint(key_of(settings.key.get_secret_value())))
    return 0
