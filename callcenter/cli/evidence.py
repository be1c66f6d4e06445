"""`callcenter check-ledger` says whether the custody chain is whole; `callcenter evidence-key` prints by what our packs are
recognised.
"""

import asyncpg

from callcenter.errors import SettingsError
from callcenter.evidence.manifest import fingerprint, key_of
from callcenter.evidence_packs.chain_check import problems
from callcenter.settings import EvidenceSettings


async def check_ledger(connection: asyncpg.Connection) -> int:
    """Print what is wrong with the chained ledger. Returns 0 when it is whole, otherwise 1."""
    wrong = 0
    async for line in problems(connection):
        wrong += 1
        print(line)
    print(f"{wrong} places where the ledger was altered" if wrong else "the ledger is whole")
    return 1 if wrong else 0


def tell_key(settings: EvidenceSettings) -> int:
    """Print the fingerprint. Raises `SettingsError` when there is no key."""
    if settings.key is None:
        raise SettingsError("CALLCENTER_EVIDENCE__KEY is not set; make one with `openssl rand -hex 32`")
    print(fingerprint(key_of(settings.key.get_secret_value())))
    return 0
