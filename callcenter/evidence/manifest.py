"""The manifest of a pack and its signature: their content, and the one way in which each is written."""

import json
from hashlib import sha256
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FORMAT = "callcenter-evidence"
MANIFEST = "manifest.json"
SIGNATURE = "signature.json"
TIMELINE = "timeline.json"
JOURNAL = "journal.json"
LEDGER = "ledger.jsonl"
PRINTED = "evidence.pdf"
ORIGINALS = "originals/"
COPIES = "copies/"

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Company(_Part):
    """Whose ticket it is. `zone`: the name of its time zone."""

    id: int
    name: str
    zone: str


class TicketName(_Part):
    """Which ticket it is."""

    id: int
    number: int
    opened_at: AwareDatetime


class Run(_Part):
    """A part of the custody chain in `ledger.jsonl`, without a gap: its first and last entry, the hashes around it."""

    first: int
    last: int
    before: Hash
    head: Hash


class Audio(_Part):
    """A recording of the ticket. `original` and `copy_`: their entries; None when there is none, `state` says why.

    `duration_s` in seconds, `rate` in Hz, `size` in bytes.
    """

    id: int
    call: str | None
    state: str
    sha256: Hash | None
    size: int | None
    duration_s: float | None
    channels: int | None
    rate: int | None
    repaired: bool
    defect: str | None
    recorded_at: AwareDatetime | None
    because: str | None
    original: str | None
    copy_: str | None = Field(alias="copy")


class File(_Part):
    """An entry of the pack; `size` in bytes."""

    name: str
    sha256: Hash
    size: int


class Head(_Part):
    """What a manifest has besides the list of files. `pack`: its number at the installation."""

    format: Literal["callcenter-evidence"] = "callcenter-evidence"
    version: Literal[1] = 1
    pack: int
    made_at: AwareDatetime
    language: str
    company: Company
    ticket: TicketName
    chain: tuple[Run, ...]
    recordings: tuple[Audio, ...]


class Manifest(Head):
    """All of it. `signed_by`: the fingerprint of the key."""

    signed_by: Hash
    files: tuple[File, ...]


class Signature(_Part):
    """The signature over the manifest's bytes (RFC 8032). The key and the digest show what was changed, if anything."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    manifest_sha256: Hash
    public_key: Hash
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]

    @property
    def fingerprint(self) -> str:
        """Of the key that it names."""
        return sha256(bytes.fromhex(self.public_key)).hexdigest()

    def fits(self, manifest: bytes) -> bool:
        """Whether the key signed these bytes."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(bytes.fromhex(self.signature), manifest)
        except (InvalidSignature, ValueError):
            return False
        return True


def written(part: BaseModel) -> bytes:
    """The bytes of a manifest or a signature."""
    held = part.model_dump(mode="json", by_alias=True)
    return json.dumps(held, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def sign(manifest: bytes, key: Ed25519PrivateKey) -> Signature:
    """Sign the manifest's bytes."""
    return Signature(
        manifest_sha256=sha256(manifest).hexdigest(),
        public_key=public_bytes(key).hex(),
        signature=key.sign(manifest).hex(),
    )


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def fingerprint(key: Ed25519PrivateKey) -> str:
    """By which people recognise the key: the SHA-256 of its public bytes, 64 hexadecimal digits."""
    return sha256(public_bytes(key)).hexdigest()


def key_of(secret: str) -> Ed25519PrivateKey:
    """The key from its 64 hexadecimal digits."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
